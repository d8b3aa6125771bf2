"""Facts of the links: whether they make a page, a letter or a digest, and whether they lead to the sender, to the host
that counts its clicks, or to a brand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.names import is_nameless
from sekisho.checks.facts.sender import home_domains, is_proven, organisation
from sekisho.checks.facts.wishes import asks_for_access_or_money, is_about_access_or_money
from sekisho.domains import host_of, parse_ip, split_url
from sekisho.evidence import AuthorStatus, Destination, Evidence, Place
from sekisho.message import Link, Message
from sekisho.ports import Context

FOLLOWED_KINDS = frozenset({"a", "area", "form", "text", "meta", "qr"})
"""The kinds of links that a reader may follow; a picture's address is none."""
CUSTOMERS_KINDS = frozenset({"cloud", "esp"})
"""The kinds of providers whose hosts lead on to others: SendGrid's count clicks, Google's hold anybody's form."""
MAX_PAGE_DOMAINS = 12  # organisations above which a message is a digest: it leads everywhere by nature
MAX_PAGE_TARGETS = 20  # different pages above which it is one: an impostor has one page to show
MIN_COUNTED_TARGETS = 3  # different links that make a counter of a host: each article has its own
MAX_CLOSING_CHARS = 2_000  # at the end of a text, where a newsletter says how to leave it
MAX_UNSUBSCRIBE_CHARS = 2_000  # of a List-Unsubscribe field that are read
WEB_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
LISTED_URL = re.compile(r"<(https?://[^>\s]{1,1000})>", re.IGNORECASE)
SIGNING_PLACES = frozenset({Place.DISPLAY_NAME, Place.SIGNATURE})


def is_page(message: Message) -> bool:
    """True for a message that is laid out as a page; people who write to each other link anywhere."""
    return any(link.kind in ("a", "area", "form") for link in message.links)


def is_letter(message: Message, seen: Evidence, context: Context) -> bool:
    """True for HTML that is no more than a person's plain text: each link shows the address that it leads to, as mail
    programs do with what a person writes, or leads to a shared document, and there is no picture.

    It excuses nothing where the sender is in doubt, or asks for access or money.
    """
    if has_no_proven_name(message, seen, context):
        return False
    if any(page.pictures for page in message.pages) or asks_for_access_or_money(message, seen):
        return False
    home = home_domains(message, seen)
    followed = (link for link in message.links if link.kind in FOLLOWED_KINDS - {"text"})
    return all(link.kind == "a" and _is_of_a_letter(link, home, context) for link in followed)


def _is_of_a_letter(link: Link, home: frozenset[str], context: Context) -> bool:
    """True for a link whose text is where it leads, a mail address of the sender's organisation, or a document."""
    shown, target = link.text.strip(), link.target.strip()
    if target[:7].lower() == "mailto:":
        return organisation(target.partition("?")[0].rpartition("@")[2].lower()) in home
    if WEB_SCHEME.sub("", shown).rstrip("/") == WEB_SCHEME.sub("", target).rstrip("/"):
        return True
    return is_document(link, context)


def is_document(link: Link, context: Context) -> bool:
    """True for a link to a document at a service where people share documents."""
    page = f"{link.host}{split_url(link.target).path}".lower()
    found = context.vocabulary.links.document_pages.search(page)
    return found is not None and "/" not in page[: found.start()]


def has_no_proven_name(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the author is not authenticated or does not say who it is, or if the message is signed as a brand that is
    not proven. `sender.is_doubted` asks less: a name like `Customer Support` is no reason to look for weak evidence."""
    if seen.unauthenticated or is_nameless(message.author.name, context.vocabulary):
        return True
    return not all(is_proven(brand, seen, context) for brand in signed_brands(seen))


def is_digest(seen: Evidence) -> bool:
    """True for a message that leads to many organisations or many pages, as newsletters do. It excuses nothing
    where the author is not authenticated: a forger can add any number of links."""
    found = seen.destinations
    if seen.unauthenticated:
        return False
    return (
        len({each.domain for each in found}) > MAX_PAGE_DOMAINS
        or len({each.link.target for each in found}) > MAX_PAGE_TARGETS
    )


def counts_clicks(each: Destination, seen: Evidence, context: Context) -> bool:
    """True for the hosts with which sending platforms count clicks, where such a platform is proven to have sent the
    message, or where nothing is known of who sent it: they say nothing of its sender."""
    kind = context.providers.kind
    if kind(each.host) != "esp":
        return False
    return seen.author_status is AuthorStatus.UNKNOWN or any(
        kind(each.domain) == "esp" for each in seen.proofs
    )


def counter_of(message: Message, seen: Evidence, home: frozenset[str], context: Context) -> str | None:
    """The organisation through whose host a newsletter leads everywhere, to unsubscribe as well; None if there is none.

    A sender may count its clicks at a host that no list knows. An impostor gains no more by renting one than by links
    to its own, authenticated domain. There is none where the sender is in doubt, where the message is about access or
    money (unless its subject warns of such mail), and at a host of many (shortener, free hosting).
    """
    warns = context.vocabulary.demands.frauds.search
    if has_no_proven_name(message, seen, context) or (
        is_about_access_or_money(message, seen) and warns(message.subject) is None
    ):
        return None
    kind = context.providers.kind
    links = {
        each.link.target: each
        for each in seen.destinations
        if each.domain not in home and kind(each.host) != "social"
    }
    left = {host for host in _unsubscribe_hosts(message) if organisation(host) not in home}
    places = {each.domain for each in links.values()} | set(map(organisation, left))
    hosts = {each.host for each in links.values()}
    if len(places) != 1 or len(links) + len(left) < MIN_COUNTED_TARGETS:
        return None
    if any(kind(host) is not None or parse_ip(host) is not None for host in hosts):
        return None
    closing = message.text[-MAX_CLOSING_CHARS:]
    return places.pop() if left or context.vocabulary.links.unsubscribe_words.search(closing) else None


def _unsubscribe_hosts(message: Message) -> set[str]:
    """The hosts of the field List-Unsubscribe (RFC 2369, section 3.2)."""
    fields = message.headers.all("list-unsubscribe")[:1]
    urls = (
        url
        for field in fields
        for url in LISTED_URL.findall(field.value[:MAX_UNSUBSCRIBE_CHARS].decode("ascii", "replace"))
    )
    return {host for url in urls if (host := host_of(url)) is not None}


def leads_home(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a link leads to where the message is known to come from, or may do so behind the host that counts its
    clicks."""
    if leads_to_affiliate(message.author.domain or "", seen, context):
        return True
    home = home_domains(message, seen)
    if counter_of(message, seen, home, context) is not None:
        return True
    return any(each.domain in home or counts_clicks(each, seen, context) for each in seen.destinations)


def outside(message: Message, seen: Evidence, context: Context) -> Iterator[Destination]:
    """The links that lead away from the sender to hosts of which no list says what they are for."""
    home = home_domains(message, seen)
    kind = context.providers.kind
    return (each for each in seen.destinations if each.domain not in home and kind(each.host) is None)


def leads_to_affiliate(author: str, seen: Evidence, context: Context) -> bool:
    """True if a link leads to another domain of the brand that the author's domain may belong to. A provider's domain
    belongs to no brand here: a sender with a mailbox at Google is not Google."""
    could_own = context.registry.could_own
    if not author or context.providers.kind(author) is not None:
        return False
    brands = {claim.brand for claim in seen.claims if claim.brand and could_own(author, claim.brand)}
    return any(could_own(each.host, brand) for brand in brands for each in seen.destinations)


def leads_to_brand(found: tuple[Destination, ...], brand: str, context: Context) -> bool:
    """True if there are links and every one of them leads to the brand's own organisation: the sender leads its
    reader nowhere else. Where the brand lets its customers put up pages or count clicks, they are at home."""
    affiliates = context.registry.affiliates(brand)
    return bool(found) and all(
        CUSTOMERS_KINDS.isdisjoint(map(context.providers.kind, (each.host, each.domain)))
        and any(context.registry.could_own(each.host, name) for name in affiliates)
        for each in found
    )


def signed_brands(seen: Evidence) -> set[str]:
    """The brands that the message names as its sender."""
    return {claim.brand for claim in seen.claims if claim.brand and claim.where in SIGNING_PLACES}
