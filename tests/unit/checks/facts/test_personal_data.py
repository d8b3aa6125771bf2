"""Telephone numbers and postal addresses in a subject, and what only looks like one."""

from __future__ import annotations

import pytest

from sekisho.checks.facts.personal_data import personal_data


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("ご連絡 03-1234-5678 様", "03-1234-5678"),
        ("０９０１２３４５６７８", "09012345678"),
        ("〒100-0001 のお客様", "〒100-0001"),
        ("東京都千代田区丸の内1-2-3", "都千代田区丸の内1-2"),
        ("東京都町田市 2026-04-20 の予定", None),
        ("注文番号 123-4567890-1234567", None),
        ("東京都新宿区 4-5月の予定", None),
        ("", None),
    ],
)
def test_what_is_personal(subject: str, expected: str | None) -> None:
    """In half width; a date behind a place is no house number, and an order's number is no telephone number."""
    assert personal_data(subject) == expected
