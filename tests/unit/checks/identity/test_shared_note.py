"""A platform's note in which a private mailbox passes for an office of the reader's firm."""

from __future__ import annotations

import pytest
from tests.auth_support import context, envelope, led, message

from sekisho.checks.identity import shared_note

LINK = "https://share.test/f/1"


def found(text: str, author: str = "Share <no-reply@share.test>") -> list[str]:
    head = f"From: {author}\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    read = message((head + text).encode(), envelope("bounce@share.test"))
    at = context(kinds={"free.test": "mailbox"})
    return [each.kind.id for each in shared_note.check(read, led(read, at), at).findings]


@pytest.mark.parametrize(
    "text",
    [
        f"HR Department (hr.pay@free.test) shared a file. All staff must enter their password. {LINK}",
        f"jinji@free.test がファイルを送信しました。人事部です。全社員はメールのパスワードを入力してください。 {LINK}",
    ],
)
def test_a_strangers_note(text: str) -> None:
    """A private mailbox, an office, all staff and a password."""
    assert found(text) == ["recipient.shared_as_office"]


@pytest.mark.parametrize(
    "text",
    [
        f"HR Department (hr@kowa-shoji.test) shared a file. All staff must enter their password. {LINK}",
        f"Ann Smith (ann@free.test) shared a file. Sign in to see it. {LINK}",
        f"Ann Smith (ann@free.test) shared a file with all staff. {LINK}",
        f"HR Department (hr.pay@free.test) shared the canteen's menu with all staff. {LINK}",
        "HR Department (hr.pay@free.test): all staff must enter their password.",
    ],
)
def test_other_notes(text: str) -> None:
    """The firm's own mailbox, a friend, a note that asks for nothing, and one that leads nowhere."""
    assert found(text) == []
