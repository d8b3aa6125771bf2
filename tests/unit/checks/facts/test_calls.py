"""Facts of calls: a charge, and a number to undo it."""

from __future__ import annotations

import pytest
from tests.auth_support import context, message

from sekisho.checks.facts.calls import asked_call, asks_to_call
from sekisho.message import Message

WORDS = context().vocabulary.calls
CHARGED = "You were charged $389.00. To cancel call {}."


def read(text: str) -> Message:
    """A message with a text."""
    return message(f"From: a@free.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode())


@pytest.mark.parametrize(
    "number",
    [
        "+1 (808) 555-0143",
        "+1 ((8O5)) 555~O199",
        "( 8 8 8 ) 5 5 5 - 0 1 4 4",
        "8 0 8 * 5 5 5 * 0 1 4 3",
        "+1 [888] 555 0142",
        "050-5555-0143",
        "０５０－５５５５－０１４３",
        "0120ー555ー013",
        "8\ufe0f\u20e38\ufe0f\u20e38\ufe0f\u20e3 555 0142",
    ],
)
def test_a_number_however_it_is_written(number: str) -> None:
    """As people write it, and as forgers do who do not want a program to see it."""
    found = asked_call(read(CHARGED.format(number)), WORDS)
    assert found is not None
    assert not found.denied
    assert asks_to_call(read(CHARGED.format(number)), WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "Tel. +1 (808) 555-0143",
        "You were charged $389.00. Telephone: +1 808 555 0143",
        "You paid $9.99. Merchant: 1-800-555-0143. If this was not you, log in and call for help.",
        "Call me on +1 808 555 0143 about the meeting.",
        "The price is $389.00. Call +1 808 555 0143 to order.",
        "You were charged $389.00 on 2026-11-12 10:15. To cancel, log in and call for help.",
        "You were charged $1,299.00 for order 114-7712345-8812345. To cancel call us.",
    ],
)
def test_what_is_no_such_call(text: str) -> None:
    """A number below a letter, a call about something else, and figures that are no number."""
    assert asked_call(read(text), WORDS) is None


def test_who_did_not_order_it() -> None:
    """Is told apart: a seller does not ask its customers for that."""
    found = asked_call(read("$987.90 for BTC was paid. If not you call (808) 555-0199"), WORDS)
    assert found is not None
    assert found.denied
