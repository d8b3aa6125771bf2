"""Whom a letter greets."""

from __future__ import annotations

import pytest
from tests.auth_support import WORDS, letter

from sekisho.checks.facts.greetings import greets_somebody


@pytest.mark.parametrize(
    ("text", "greets"),
    [
        ("Dear Ms Owen,\n\nWe wait.", True),
        ("Hi Ana,", True),
        ("Sehr geehrte Frau Sander,", True),
        ("中村様\n\nお世話になっております。", True),
        ("北森商事 佐藤 太郎 様", True),
        ("Dear customer,", False),
        ("Hello,", False),
        ("Hello Your account was closed because of a rule.", False),
        ("Hi Hanako,", False),  # her address says it
        ("Dear hanako@example.jp,", False),
        ("お客様", False),
        ("お客様各位", False),
        ("We wait.", False),
    ],
)
def test_a_letter_greets_its_reader_by_name(text: str, greets: bool) -> None:
    """A name that the address does not give away: the sender knows its reader."""
    assert greets_somebody(letter("s", text), WORDS.checks) is greets
