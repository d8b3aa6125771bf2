"""What a message wants of its reader."""

from __future__ import annotations

import pytest
from tests.auth_support import message

from sekisho.checks.facts.wishes import asks_about_an_account
from sekisho.evidence import Cue, Evidence

LOGIN = Cue("action", "login", "log in", "text")


@pytest.mark.parametrize(
    ("cues", "asks"),
    [
        ((Cue("theme", "account", "a", "subject"), LOGIN), True),
        ((Cue("theme", "security", "a", "display_name"), LOGIN), True),
        ((Cue("theme", "account", "a", "text"), LOGIN), False),
        ((Cue("theme", "delivery", "a", "subject"), LOGIN), False),
        ((Cue("theme", "account", "a", "subject"), Cue("pressure", "soon", "a", "text")), False),
    ],
)
def test_a_message_asks_about_an_account_from_its_headline_on(cues: tuple[Cue, ...], asks: bool) -> None:
    """Dealers come to accounts somewhere in their text, and remind of contracts without asking for anything."""
    read = message(b"From: a@shop.test\r\nSubject: s\r\n\r\nhello")
    assert asks_about_an_account(read, Evidence(cues=cues)) is asks
