"""Facts of the links: whether they make a page or a digest, and whether they lead to the sender or to a brand."""

from __future__ import annotations

from sekisho.checks.facts.sender import home_domains
from sekisho.evidence import Destination, Evidence
from sekisho.message import Message
from sekisho.ports import Context

FOLLOWED_KINDS = frozenset({"a", "area", "form", "text", "meta", "qr"})
"""The kinds of links that a reader may follow; a picture's address is none."""
MAX_PAGE_DOMAINS = 12  # organisations above which a message is a digest: it leads everywhere by nature
MAX_PAGE_TARGETS = 20  # different pages above which it is one: an impostor has one page to show


def is_page(message: Message) -> bool:
    """True for a message that is laid out as a page; people who write to each other link anywhere."""
    return any(link.kind in ("a", "area", "form") for link in message.links)


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
    message: they say nothing of its sender."""
    kind = context.providers.kind
    return kind(each.host) == "esp" and any(kind(proof.domain) == "esp" for proof in seen.proofs)


def leads_home(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a link leads to where the message is known to come from, or may do so behind a platform's count."""
    if leads_to_affiliate(message.author.domain or "", seen, context):
        return True
    home = home_domains(message, seen)
    return any(each.domain in home or counts_clicks(each, seen, context) for each in seen.destinations)


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
    reader nowhere else."""
    affiliates = context.registry.affiliates(brand)
    return bool(found) and all(
        any(context.registry.could_own(each.host, name) for name in affiliates) for each in found
    )
