"""Facts of claims that no proof meets: which they are, whether the author's domain may be the brand's, and what a
finding about them tells."""

from __future__ import annotations

from sekisho.checks.facts.sender import is_proven, writes_for_others
from sekisho.evidence import Claim, Evidence, Place
from sekisho.message import Message
from sekisho.ports import Context

CONTENT_PLACES = frozenset({Place.SIGNATURE, Place.SUBJECT, Place.BODY, Place.IMAGE, Place.ATTACHMENT})


def unmet_claims(message: Message, seen: Evidence, context: Context) -> dict[str, list[Claim]]:
    """The claims by brand, of each brand that the message is not proven to come from.

    A registered brand that is proven may speak of others in its text: a card company of shops, a bank of a card scheme.
    """
    of_a_brand = any(proof.brand for proof in seen.proofs)
    by_brand: dict[str, list[Claim]] = {}
    for claim in seen.claims:
        if claim.brand is not None and not (of_a_brand and claim.where in CONTENT_PLACES):
            by_brand.setdefault(claim.brand, []).append(claim)
    return {
        brand: claims
        for brand, claims in by_brand.items()
        if not (is_proven(brand, seen, context) or writes_for_others(brand, message, seen, context))
    }


def may_be_home(domain: str, brand: str, context: Context) -> bool:
    """True if a domain may be the brand's or its organisation's, by a confirmed entry or another: then it is no
    contradiction by itself."""
    registry = context.registry
    return bool(domain) and any(registry.could_own(domain, each) for each in registry.affiliates(brand))


def told_of(brand: str, message: Message, context: Context) -> dict[str, str]:
    """What the sentence of a finding may name: the brand, the author, and where to verify."""
    mailbox, registry = message.author.mailbox, context.registry
    verify_en, verify_ja = registry.verify_at(brand)
    return {
        "brand_name": registry.name(brand),
        "author": mailbox.address if mailbox else message.author.text,
        "verify_en": verify_en,
        "verify_ja": verify_ja,
    }
