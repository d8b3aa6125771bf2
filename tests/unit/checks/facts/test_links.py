"""Facts of the links: what a page and a digest are, and which links lead home or to a brand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, led, message

from sekisho.checks.facts import links
from sekisho.evidence import AuthorStatus, Claim, Evidence, Proof
from sekisho.message import Message

AT = context(kinds={"clicks.platform.example": "esp", "platform.example": "esp", "free.example": "mailbox"})
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)


def seen(*targets: str, author: str = "a@shop.example") -> tuple[Message, Evidence]:
    anchors = "".join(f'<a href="{target}">x</a>' for target in targets)
    read = message(f"From: {author}\r\nContent-Type: text/html\r\n\r\n{anchors}".encode())
    return read, led(read, AT)


@pytest.mark.parametrize(
    ("body", "page"),
    [
        (b"Content-Type: text/html\r\n\r\n<a href='https://a.example/'>x</a>", True),
        (b"\r\nhttps://a.example/", False),
    ],
)
def test_a_page_has_links_behind_words(body: bytes, page: bool) -> None:
    """Addresses in a plain text are a letter's."""
    assert links.is_page(message(b"From: a@b.example\r\n" + body)) is page


@pytest.mark.parametrize("wide", [True, False], ids=["many organisations", "many pages of one"])
def test_a_digest_leads_to_many_places(wide: bool) -> None:
    """And excuses nothing where the author is not authenticated."""
    most = links.MAX_PAGE_DOMAINS if wide else links.MAX_PAGE_TARGETS

    def targets(number: int) -> list[str]:
        return [f"https://{f's{n}' if wide else 's'}.example/{n}" for n in range(number)]

    assert not links.is_digest(seen(*targets(most))[1])
    assert links.is_digest(seen(*targets(most + 1))[1])
    assert not links.is_digest(seen(*targets(most + 1))[1] + UNPROVEN)


def test_clicks_are_counted_by_a_proven_platform() -> None:
    """A platform's host says nothing of the sender where the platform is proven; else it is a stranger's."""
    read, found = seen("https://clicks.platform.example/1")
    proven = Evidence(proofs=(Proof("platform.example", "dkim", False),))
    assert not links.counts_clicks(found.destinations[0], found, AT)
    assert links.counts_clicks(found.destinations[0], found + proven, AT)
    assert links.leads_home(read, found + proven, AT)


@pytest.mark.parametrize(
    ("author", "target", "home"),
    [
        ("a@shop.example", "https://www.shop.example/", True),
        ("a@shop.example", "https://other.example/", False),
        (
            "a@shop.example",
            "https://brand.example/",
            True,
        ),  # an affiliate's, as both domains may be the brand's
        ("a@free.example", "https://brand.example/", False),  # a provider's customer is not the provider
    ],
)
def test_what_leads_home(author: str, target: str, home: bool) -> None:
    """The author's own organisation, and another domain of the brand that it may be."""
    owners = {"shop.example": "brand", "brand.example": "brand", "free.example": "brand"}
    at = replace(AT, registry=context(owners=owners).registry)
    read, found = seen(target, author=author)
    claimed = Evidence(claims=(Claim("brand", "display_name", "Brand"),))
    assert links.leads_home(read, found + claimed, at) is home


def test_every_link_must_lead_to_the_brand() -> None:
    """One that leads elsewhere is enough, and a message without links leads nowhere."""
    at = context(owners={"brand.example": "brand"})
    both = seen("https://brand.example/", "https://other.example/")[1].destinations
    assert links.leads_to_brand(both[:1], "brand", at)
    assert not links.leads_to_brand(both, "brand", at)
    assert not links.leads_to_brand((), "brand", at)
