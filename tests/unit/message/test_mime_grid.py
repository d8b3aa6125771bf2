"""Every reading of a damaged structure is found or told (`mime_grid`). Plain messages are neither odd nor missed."""

from __future__ import annotations

import pytest
from tests.unit.message.mime_grid import PLACES, Trick, controls, tricks

from sekisho.message import Envelope, Message, read

LEAST_CASES = 800


def shows_payload(message: Message) -> bool:
    shown = (message.links, *(each.shown.links for each in message.inner))
    return any(link.host == "phish.example" for links in shown for link in links)


def is_answered(trick: Trick) -> bool:
    message = read(trick.raw, Envelope())
    return shows_payload(message) or message.problem("mime.ambiguous") is not None


@pytest.mark.parametrize("place", PLACES)
def test_no_reading_hides_a_link(place: str) -> None:
    """A link that some mail program shows is found, or the message is called ambiguous."""
    cases = [trick for trick in tricks() if trick.name.startswith(f"{place}: ")]
    assert cases
    assert [trick.name for trick in cases if not is_answered(trick)] == []


def test_the_grid_is_whole() -> None:
    """The cases have different names and different bytes, and there are as many as the grid has."""
    cases = list(tricks())
    assert len({trick.name for trick in cases}) == len(cases) >= LEAST_CASES
    assert len({trick.raw for trick in cases}) > 0.9 * len(cases)


@pytest.mark.parametrize("control", list(controls()), ids=lambda control: control.name)
def test_a_plain_message_is_not_ambiguous(control: Trick) -> None:
    """What all mail programs read alike is read, and nothing is said of it."""
    message = read(control.raw, Envelope())
    assert shows_payload(message)
    assert message.problem("mime.ambiguous") is None
