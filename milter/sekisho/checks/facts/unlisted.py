"""Facts of a sender that speaks as a brand from a domain that the registry does not know.

Brands take new domains every week, and no registry has them all. Such a sender is not contradicted as long as nothing
about it tells that it is somebody else: it is authenticated, it leads its readers to itself or to the brand, and either
the name of its domain is the brand's, or the registry knows no sender of this brand at all.

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

NAMED_AFTER = frozenset({Kinship.NAME, Kinship.COMPOUND})


def may_be_the_brand(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if nothing tells that an unlisted sender that speaks as the brand is somebody else."""
    author = message.author.domain
    if author is None or ProofScope.DOMAIN not in seen.author_scopes or _is_passing(author, seen, context):
        return False
    if not (_may_be_named_so(author, brand, context) or is_open_tenancy(message, seen, context)):
        return False
    return stays_home(brand, message, seen, context)


def _may_be_named_so(author: str, brand: str, context: Context) -> bool:
    kinship = context.registry.kinship(author, brand)
    return kinship in NAMED_AFTER or (kinship is None and not context.registry.knows_senders(brand))


def _is_passing(author: str, seen: Evidence, context: Context) -> bool:
    """True for a domain that looks thrown away after use or is rented from a company, and for a server without a name:
    no brand writes from there."""
    return (
        has_private_suffix(author)
        or unusual_suffix(author, context.vocabulary)
        or random_looking(author)
        or seen.has_signal(Signal.UNNAMED_SERVER)
    )


def stays_home(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if every link leads to the sender, to the brand, or to what says nothing of a sender: a platform that counts
    its clicks, a social network, another registered brand."""
    home = home_domains(message, seen)
    return all(each.domain in home or _harmless(each, brand, seen, context) for each in seen.destinations)


def _harmless(each: Destination, brand: str, seen: Evidence, context: Context) -> bool:
    registry = context.registry
    return (
        registry.could_own(each.host, brand)
        or registry.owner(each.host) is not None
        or context.providers.kind(each.host) == "social"
        or counts_clicks(each, seen, context)
    )
