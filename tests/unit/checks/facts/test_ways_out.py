"""Facts of the ways out: what a message has beside links to the brand that it names."""

from __future__ import annotations

import pytest
from tests.auth_support import context, led, message

from sekisho.checks.facts.ways_out import has_way_out, leads_out, leads_to_claimed, serves_brand
from sekisho.evidence import AuthorStatus, Claim, Cue, Evidence, Place
from sekisho.message import Message

AT = context(owners={"brand.example": "brand"}, kinds={"free.example": "mailbox"})
SIGNED = Evidence(claims=(Claim("brand", Place.SIGNATURE, "Brand"),))
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)
ABOUT = Evidence(cues=(Cue("theme", "account", "x", Place.TEXT),))
ANSWER = Evidence(cues=(Cue("action", "answer", "x", Place.TEXT),))
LINK = '<a href="https://brand.example/">See it</a>'


def page(body: str, fields: str = "") -> tuple[Message, Evidence]:
    """A page of a sender that is not the brand."""
    read = message(f"From: a@shop.example\r\n{fields}Content-Type: text/html\r\n\r\n{body}".encode())
    return read, led(read, AT)


def test_a_notice_leads_to_the_brand_that_it_signs_as() -> None:
    """And to nobody else. It must sign as the brand, and its author must not be known to be unproven."""
    read, found = page(LINK)
    assert leads_to_claimed(read, found + SIGNED, AT)
    assert not leads_to_claimed(read, found, AT)
    assert not leads_to_claimed(read, found + SIGNED + UNPROVEN, AT)


@pytest.mark.parametrize(
    ("body", "fields", "more"),
    [
        (LINK, "Reply-To: b@free.example\r\n", Evidence()),
        (LINK, "", ANSWER),
        (LINK + '<a href="mailto:a@b.example">a</a>', "", Evidence()),
        (LINK + "Write to brand@free.example.", "", Evidence()),
        (LINK + "Write to help@shop.example.", "", ABOUT),
        (LINK + "Telephone +1 888 555-0143", "", ABOUT),
        (LINK + "Call zero two zero, seven nine four six, zero eight one three.", "", ABOUT),
        (LINK + "Type shop dot example into your browser.", "", ABOUT),
        (LINK + "Pay to DE89 3704 0044 0532 0130 00.", "", Evidence()),
        (LINK + '<img src="data:image/png;base64,AAAA">', "", Evidence()),
        ('<a href="https://brand.example/"><img src="https://brand.example/x.png"></a>', "", Evidence()),
    ],
)
def test_a_sender_who_is_not_the_brand_has_another_way_to_its_reader(
    body: str, fields: str, more: Evidence
) -> None:
    """Then links to the brand's real site excuse nothing."""
    read, found = page(body, fields)
    assert has_way_out("brand", read, found + more, AT)
    assert not serves_brand("brand", read, found + more, AT)


@pytest.mark.parametrize(
    "body",
    [
        LINK,
        LINK + "Your letter of today is there.",
        LINK + "Telephone +1 888 555-0143",
        LINK + "Ask us: help@shop.example",
        LINK + "Ask the brand: help@brand.example",
    ],
)
def test_what_stands_below_any_letter_is_no_way_out(body: str) -> None:
    """The writer's telephone number and address, and the brand's own address."""
    read, found = page(body)
    assert not has_way_out("brand", read, found, AT)
    assert serves_brand("brand", read, found, AT)


@pytest.mark.parametrize(
    ("body", "out"),
    [
        (LINK, False),
        (LINK + '<a href="https://shop.example/">See it</a>', True),
        (LINK + '<a href="https://chat.example/">Follow</a>', False),
        ("Nothing.", False),
    ],
)
def test_a_link_to_somebody_else_leads_out(body: str, out: bool) -> None:
    """One is enough, however many lead to the brand. Networks lead nobody astray."""
    at = context(owners={"brand.example": "brand"}, kinds={"chat.example": "social"})
    read = message(f"From: a@shop.example\r\nContent-Type: text/html\r\n\r\n{body}".encode())
    assert leads_out("brand", read, led(read, at), at) is out
