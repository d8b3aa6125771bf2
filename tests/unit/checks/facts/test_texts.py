"""The texts of a message as checks search them."""

from __future__ import annotations

import pytest
from tests.auth_support import message

from sekisho.checks.facts.demands import demand_of
from sekisho.checks.facts.texts import is_long, texts_of_parts
from sekisho.message import Message
from sekisho.vocabulary import load

WORDS = load(None)
DEMAND = "Pay the fee by Friday, otherwise your account is closed."
MANY = "Thank you for your order. " * 200


def mail(*parts: tuple[str, str]) -> Message:
    body = "".join(f"--b\r\nContent-Type: text/{kind}\r\n\r\n{text}\r\n" for kind, text in parts)
    head = "From: a@x.test\r\nSubject: s\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    return message(f"{head}{body}--b--\r\n".encode())


@pytest.mark.parametrize(
    ("parts", "long"),
    [
        ([("plain", DEMAND)], False),
        ([("plain", MANY)], True),
        ([("plain", MANY), ("html", f"<p>{DEMAND}</p>")], False),
        ([("plain", "Look at the page."), ("html", f"<p>{MANY}</p>")], True),
        ([("plain", MANY), ("plain", "You are in the list.")], True),
    ],
)
def test_what_is_longer_than_a_letter(parts: list[tuple[str, str]], long: bool) -> None:
    """Programs show the page, so long plain text in front of it is no letter; without a page all of the text counts."""
    assert is_long(mail(*parts)) is long


def test_a_demand_stands_in_a_page_behind_a_long_text() -> None:
    """Each text is read from its beginning."""
    found = demand_of(mail(("plain", MANY), ("html", f"<p>{DEMAND}</p>")), WORDS.checks)
    assert found is not None
    assert found.is_full


def test_few_texts_of_many_are_told_apart() -> None:
    """The first and the last ones: a message with thousands of parts must not cost more."""
    read = mail(*(("plain", f"text {number}") for number in range(10)))
    assert texts_of_parts(read) == ("text 0", "text 1", "text 8", "text 9")
    assert texts_of_parts(mail(("plain", "  "))) == ()
