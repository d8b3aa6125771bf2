"""Facts of a sender that speaks as a brand from a domain that the registry does not know.

Brands take new domains every week, and no registry has them all. Such a sender is not contradicted as long as nothing
about it tells that it is somebody else: it is authenticated, it leads its readers to itself or to the brand, and either
the name of its domain is the brand's, or the registry knows no sender of this brand at all. A bare name of the brand
(`sonybank.jp`) is trusted a little more than one with other words beside it.

It cannot tell a careful impostor from the brand: what it excuses still costs points, and a demand costs more.
"""

from __future__ import annotations

from sekisho.checks.facts.links import counts_clicks
from sekisho.checks.facts.passed_on import true_sender
from sekisho.checks.facts.sender import home_domains, is_a_brands_own, is_open_tenancy, organisation
from sekisho.checks.facts.throwaway import random_looking, unusual_suffix
from sekisho.checks.facts.wishes import wants_something
from sekisho.domains import has_private_suffix
from sekisho.evidence import Destination, Evidence, ProofScope, Signal
from sekisho.known import Kinship
from sekisho.message import Message
from sekisho.ports import Context


def may_be_the_brand(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if nothing tells that an unlisted sender that speaks as the brand is somebody else.

    For an alias service the sender is the one whose address the alias tells. A bare name needs no authentication if
    every link stays with it: an impostor that owns the name could authenticate, and another one would lead elsewhere.
    If it wants something, no link may lead elsewhere: beside the one that matters, a link home costs nothing.
    """
    author = true_sender(message, seen, context) or message.author.domain
    if author is None or _is_passing(author, seen, context):
        return False
    homes = home_domains(message, seen) | {organisation(author)}
    kind = context.providers.kind
    links = [each for each in seen.destinations if kind(each.host) != "social"]
    at_home = [_is_home(each, brand, homes, seen, context) for each in links]
    kinship = context.registry.kinship(author, brand)
    if seen.destinations and not links and kinship is not Kinship.NAME:
        return False  # icons stand in any footer, but a chat is all that some impostors want
    if kinship is Kinship.NAME and not seen.unauthenticated and not wants_something(message, seen):
        return not at_home or any(at_home)
    return all(at_home) and (
        kinship is Kinship.NAME
        or (kinship is Kinship.COMPOUND and not seen.unauthenticated)
        or (
            ProofScope.DOMAIN in seen.author_scopes
            and _is_open(author, kinship, brand, message, seen, context)
        )
    )


def _is_open(
    author: str, kinship: Kinship | None, brand: str, message: Message, seen: Evidence, context: Context
) -> bool:
    """True if the sender may be called anything: the registry knows no sender of the brand, or anybody has an account
    where it writes from."""
    if is_open_tenancy(message, seen, context):
        return True
    return kinship is None and not (context.registry.knows_senders(brand) or random_looking(author))


def bears_name(host: str, brand: str, context: Context) -> bool:
    """True if the registered name of a host is the brand's name, and not of a kind that is thrown away: the brand's own
    more often than not, listed or not. `host` is in ASCII lower case."""
    return context.registry.kinship(host, brand) is Kinship.NAME and not _is_cheap(host, context)


def _is_cheap(domain: str, context: Context) -> bool:
    """True for a domain of a kind that is mostly thrown away after use, or that is rented from a company."""
    return has_private_suffix(domain) or unusual_suffix(domain, context.vocabulary)


def _is_passing(author: str, seen: Evidence, context: Context) -> bool:
    """True for a cheap domain, and for a server without a name: no brand writes from there."""
    return _is_cheap(author, context) or seen.has_signal(Signal.UNNAMED_SERVER)


def _is_home(each: Destination, brand: str, homes: frozenset[str], seen: Evidence, context: Context) -> bool:
    """True for a link to the sender or to the brand, and for one that says nothing of a sender: to a platform that
    counts its clicks, to another registered brand, but not to a page that its customers make."""
    return (
        each.domain in homes
        or context.registry.could_own(each.host, brand)
        or is_a_brands_own(each.host, context)
        or bears_name(each.host, brand, context)
        or counts_clicks(each, seen, context)
    )
