"""Facts of automatic mail: whose name a program may bear."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import Owners, context, envelope, led, message

from sekisho.checks.facts.automatic import makers
from sekisho.evidence import Cue
from sekisho.known import Mention


@dataclass(frozen=True)
class Known(Owners):
    """A registry that knows one maker of programs by its name."""

    def mentions(self, text: str) -> tuple[Mention, ...]:
        at = text.find("Maker")
        return (Mention("maker", "Maker", at, at + 5, 1.0, True),) if at >= 0 else ()


AT = replace(context(), registry=Known({"maker.example": "maker"}))
BOUNCE = (
    "From: Maker Mail <postmaster@shop.example>\nAuto-Submitted: auto-replied\nContent-Type: text/html\n\n"
    "<p>Not delivered on 2026-11-12 to 192.0.2.10: 550 5.1.1.</p><a href='https://maker.example/help'>more</a>\n"
)


def borne(raw: str, sender: str | None = "", *cues: Cue) -> frozenset[str]:
    read = message(raw.replace("\n", "\r\n").encode(), envelope(sender))
    return makers(read, led(read, AT), cues, AT)


def test_a_bounce_may_bear_its_programs_name() -> None:
    """A bounce with the null sender that leads to the maker alone is the program's."""
    assert borne(BOUNCE) == {"maker"}
    assert borne(BOUNCE, "", Cue("theme", "delivery", "x"), Cue("action", "answer", "x")) == {"maker"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Auto-Submitted: auto-replied\n", ""),
        ("Auto-Submitted: auto-replied", "Auto-Submitted: no"),
        ("more</a>", "more</a><a href='https://lure.example/'>here</a>"),
        ("550 5.1.1.", "Call +1 888 555-0142."),
        ("550 5.1.1.", "Call (888) 555-0142."),
        ("550 5.1.1.", "&#xFF10;&#xFF15;&#xFF10;&#x2212;1234&#x2212;5678"),
        ("Auto-", "Reply-To: x@lure.example\nAuto-"),
        ("Content-Type: text/html", "Content-Disposition: attachment\nContent-Type: text/html"),
    ],
)
def test_a_name_is_not_borne_by_mail_that_could_be_of_use(old: str, new: str) -> None:
    """Another link, a telephone number, another address for answers or a file: the name is a claim like any other."""
    assert borne(BOUNCE.replace(old, new)) == frozenset()


@pytest.mark.parametrize(
    "cue",
    [
        Cue("pressure", "deadline", "x"),
        Cue("action", "login", "x"),
        Cue("theme", "account", "x"),
    ],
)
def test_a_name_is_not_borne_by_mail_that_wants_something(cue: Cue) -> None:
    """A bounce speaks of delivery, presses nobody and asks for no more than an answer."""
    assert borne(BOUNCE, "", cue) == frozenset()


@pytest.mark.parametrize("sender", ["a@shop.example", None])
def test_automatic_mail_has_the_null_sender(sender: str | None) -> None:
    """Anybody may write Auto-Submitted; another sender, and an unknown one, are no null sender."""
    assert borne(BOUNCE, sender) == frozenset()
