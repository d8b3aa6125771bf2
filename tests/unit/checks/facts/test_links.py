"""Facts of the links: what a page and a digest are, and which links lead home or to a brand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, led, message

from sekisho.checks.facts import links
from sekisho.checks.facts.sender import home_domains
from sekisho.evidence import AuthorStatus, Claim, Cue, Evidence, Place, Proof
from sekisho.message import Message

AT = context(kinds={"clicks.platform.example": "esp", "platform.example": "esp", "free.example": "mailbox"})
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)
SIGNED = Evidence(claims=(Claim("brand", Place.SIGNATURE, "Brand"),))
ASKED = Evidence(
    cues=(Cue("theme", "account", "x", Place.TEXT), Cue("action", "login", "x", Place.TEXT)),
)
TOLD = Evidence(
    cues=(Cue("theme", "account", "x", Place.TEXT), Cue("action", "confirm", "x", Place.TEXT)),
)


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
    """A platform's host says nothing of the sender where the platform is proven, or where nothing is known of who sent
    the message; else it is a stranger's."""
    read, found = seen("https://clicks.platform.example/1")
    proven = Evidence(proofs=(Proof("platform.example", "dkim", False),))
    failed = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)
    assert links.counts_clicks(found.destinations[0], found, AT)
    assert not links.counts_clicks(found.destinations[0], found + failed, AT)
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


def page(html: str, head: str = "") -> tuple[Message, Evidence]:
    raw = f"From: Jo Miller <jo@shop.example>\r\n{head}Content-Type: text/html\r\n\r\n{html}"
    read = message(raw.encode())
    return read, led(read, AT)


def anchor(target: str, text: str) -> str:
    return f'<a href="{target}">{text}</a>'


@pytest.mark.parametrize(
    ("html", "letter"),
    [
        (anchor("https://a.example/x", "https://a.example/x"), True),
        (anchor("https://a.example/x/", "a.example/x"), True),
        (anchor("https://a.example/x", "https://b.example/x"), False),
        (anchor("https://a.example/x", "Read it"), False),
        (anchor("https://docs.google.com/document/d/1", "The report"), True),
        (anchor("https://team.sharepoint.com/x", "The report"), True),
        (anchor("https://docs.google.com/forms/d/1", "The report"), False),
        (anchor("https://evil-docs.google.com.a.example/document/d/1", "The report"), False),
        (anchor("https://a.example/docs.google.com/document/d/1", "The report"), False),
        (anchor("https://a.example/", "https://a.example/") + '<img src="https://a.example/1.png">', False),
        (anchor("mailto:jo@shop.example?subject=x", "write"), True),
        (anchor("mailto:jo@other.example", "jo@other.example"), False),
        ('<form action="https://a.example/x"></form>', False),
    ],
)
def test_a_letter_shows_where_it_leads(html: str, letter: bool) -> None:
    """Or leads to a document. A form is none, and neither is a document's address in the path of another host."""
    assert links.is_letter(*page(html), AT) is letter


COUNTED = "".join(anchor(f"https://c.count.example/{n}", f"article {n}") for n in range(3))
LEAVE = anchor("https://c.count.example/u", "Unsubscribe")
FIELD = "List-Unsubscribe: <mailto:u@shop.example>, <https://c.count.example/u>\r\n"


@pytest.mark.parametrize(
    ("html", "head", "counter"),
    [
        (COUNTED + LEAVE, "", "count.example"),
        (COUNTED, "", None),
        (COUNTED, FIELD, "count.example"),
        (COUNTED, FIELD.replace("c.count", "c.other"), None),
        (LEAVE, FIELD, None),
        (COUNTED + LEAVE + anchor("https://shop.example/", "our shop"), "", "count.example"),
        (COUNTED + LEAVE + anchor("https://other.example/", "pay here"), "", None),
        ((COUNTED + LEAVE).replace("c.count.example", "192.0.2.7"), "", None),
        ((COUNTED + LEAVE).replace("c.count.example", "clicks.platform.example"), "", None),
        ("no links", FIELD, None),
    ],
)
def test_a_counter_is_the_host_of_every_link(html: str, head: str, counter: str | None) -> None:
    """To unsubscribe as well, by a link or by the field. A shared host and a bare address are none."""
    read, found = page(html, head)
    assert links.counter_of(read, found, home_domains(read, found), AT) == counter


@pytest.mark.parametrize(
    ("more", "letter", "counter"),
    [(UNPROVEN, False, False), (SIGNED, False, False), (ASKED, False, False), (TOLD, True, False)],
)
def test_a_sender_in_doubt_has_neither(more: Evidence, letter: bool, counter: bool) -> None:
    """Nor one that asks for access. About an account a person may write, but no newsletter through a counter."""
    read, found = page(anchor("https://a.example/x", "https://a.example/x"))
    assert links.is_letter(read, found + more, AT) is letter
    read, found = page(COUNTED + LEAVE)
    assert (links.counter_of(read, found + more, frozenset(), AT) is not None) is counter
    assert links.leads_home(read, found + more, AT) is counter


def test_what_a_brand_hosts_for_its_customers_leads_to_them() -> None:
    """A form at the brand's own cloud, and a click that its platform counts, lead to whoever pays for it."""
    kinds = {"forms.brand.example": "cloud", "mail.example": "esp", "clicks.mail.example": "redirect"}
    at = context(owners=dict.fromkeys(("www.brand.example", *kinds), "brand"), kinds=kinds)
    for host, own in (
        ("www.brand.example", True),
        ("forms.brand.example", False),
        ("clicks.mail.example", False),
    ):
        read, _ = page(anchor(f"https://{host}/", "See it"))
        assert links.leads_to_brand(led(read, at).destinations, "brand", at) is own
