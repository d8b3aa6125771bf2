"""Facts of a sender that speaks as a brand from a domain that the registry does not know.

Brands take new domains every week, and no registry has them all. Such a sender is not contradicted as long as nothing
about it tells that it is somebody else: it is authenticated, it leads its readers to itself or to the brand, and either
the name of its domain is the brand's, or the registry knows no sender of this brand at all. A bare name of the brand
(`sonybank.jp`) is trusted a little more than one with other words beside it.

It cannot tell a careful impostor from the brand: what it excuses still costs points, and a demand costs more.
"""

from __future__ import annotations

from sekisho.checks.facts.links import counts_clicks
from sekisho.checks.facts.sender import home_domains, is_open_tenancy
from sekisho.checks.facts.throwaway import random_looking, unusual_suffix
from sekisho.domains import has_private_suffix
from sekisho.evidence import Destination, Evidence, ProofScope, Signal
from sekisho.message import Message
from sekisho.ports import Context, Kinship


def may_be_the_brand(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if nothing tells that an unlisted sender that speaks as the brand is somebody else."""
    author = message.author.domain
    if author is None or _is_passing(author, seen, context):
        return False
    kinship = context.registry.kinship(author, brand)
    if kinship is Kinship.NAME:
        return not seen.unauthenticated and _comes_home(brand, message, seen, context)
    named_so = kinship is Kinship.COMPOUND or (kinship is None and not context.registry.knows_senders(brand))
    if ProofScope.DOMAIN not in seen.author_scopes or not (
        named_so or is_open_tenancy(message, seen, context)
    ):
        return False
    return all(_is_home(each, brand, message, seen, context) for each in seen.destinations)


def bears_name(host: str, brand: str, context: Context) -> bool:
    """True if the registered name of a host is the brand's name, and not of a kind that is thrown away: the brand's own
    more often than not, listed or not. `host` is in ASCII lower case."""
    return context.registry.kinship(host, brand) is Kinship.NAME and not _is_cheap(host, context)


def _is_cheap(domain: str, context: Context) -> bool:
    return has_private_suffix(domain) or unusual_suffix(domain, context.vocabulary) or random_looking(domain)


def _is_passing(author: str, seen: Evidence, context: Context) -> bool:
    """True for a domain that looks thrown away after use or is rented from a company, and for a server without a name:
    no brand writes from there."""
    return _is_cheap(author, context) or seen.has_signal(Signal.UNNAMED_SERVER)


def _comes_home(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if a link leads home, or there are none."""
    found = seen.destinations
    return not found or any(_is_home(each, brand, message, seen, context) for each in found)


def _is_home(each: Destination, brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True for a link to the sender or to the brand, and for one that says nothing of a sender: to a platform that
    counts its clicks, to a social network, to another registered brand."""
    registry = context.registry
    return (
        each.domain in home_domains(message, seen)
        or registry.could_own(each.host, brand)
        or registry.owner(each.host) is not None
        or bears_name(each.host, brand, context)
        or context.providers.kind(each.host) == "social"
        or counts_clicks(each, seen, context)
    )
