"""Facts of telephone numbers: what is one, and what only looks like one."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from sekisho.checks.facts.telephones import TELEPHONE


@pytest.mark.parametrize(
    "text",
    [
        "TEL:03-1234-5678", "電話：０３－１２３４－５６７８", "050\u20101234\u20105678", "050ー1234ー5678",
        "03(1234)5678", "☎(0120)123-456", "0120-123-456までお電話を", "04992-2-1234", "09012345678",
        "050.1234.5678", "1-800-555-0123",
        "(800) 555-0123", "+18005550123", "+1 (800) 555-0123", "call 800-555-0123.", "+81 3 1234 5678",
        "+44 20 7946 0958", "+49 30 1234567", "Tel. 030-1234567", "01 23 45 67 89",
    ],
)  # fmt: skip
def test_a_telephone_number(text: str) -> None:
    """Of many countries, in any width, behind a colon, with any kind of hyphen."""
    assert TELEPHONE.search(normalize("NFKC", text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "11.12.2026", "2026-11-12 10:20", "2026/11/12 10:20:30", "2026-11-12T10:20", "192.0.2.100", "192.168.10.100",
        "注文番号 1234567890", "550 5.1.1 1234", "1 234 567", "https://a.example/03-1234-5678", "123456",
    ],
)  # fmt: skip
def test_no_telephone_number(text: str) -> None:
    """Dates, addresses, amounts, numbers of orders, paths, and one-time codes."""
    assert TELEPHONE.search(normalize("NFKC", text)) is None
