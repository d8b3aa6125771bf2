"""The organisation that a message speaks as, by its words alone."""

from __future__ import annotations

import pytest
from tests.auth_support import context, message

from sekisho.checks.facts.organisations import speaking_organisation


@pytest.mark.parametrize(
    ("sender", "subject", "text", "expected"),
    [
        ("ことり証券", "【ことり証券】お知らせ", "お知らせです。", "ことり証券"),
        ("ことり宅配便", "お知らせ", "ことり宅配便をご利用いただきありがとうございます。", "ことり宅配便"),
        ("お客様サポート", "【ことり証券】お知らせ", "ことり証券をご利用のお客様へ。", "ことり証券"),
        ("お客様サポート", "【重要】お知らせ", "ログインしてください。", None),
        ("高橋 健", "打ち合わせの件", "高橋です。明日伺います。", None),
    ],
)
def test_who_speaks(sender: str, subject: str, text: str, expected: str | None) -> None:
    """A name that the message uses as its own is an organisation's; a person's and an office's are none."""
    raw = f"From: {sender} <a@kotori.example>\r\nSubject: {subject}\r\n\r\n{text}\r\n"
    found = speaking_organisation(message(raw.encode()), context())
    assert (found and found.name) == expected
