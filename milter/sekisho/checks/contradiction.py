"""The claim names one organisation and the proof names another, or nobody.

This is the sentence that sekisho exists for. A claim is met when a proven domain belongs to the claimed
brand or to a brand of its organisation; an unconfirmed domain neither meets nor contradicts it. Unknown authentication
is no evidence in either direction: then only what the author admits (his own domain) is held against the claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from sekisho.evidence import Claim, Evidence, Finding, FindingKind, Strength, Word
from sekisho.message import Message
from sekisho.ports import Context

DISPLAY_NAME = FindingKind(
    "brand.display_name",
    6,
    "The display name says {brand_name}, but the sender is {author}, which is not {brand_name}'s. {verify_en}",
    "表示名は「{brand_name}」ですが、差出人 {author} は {brand_name} のものではありません。{verify_ja}",
)
WEAK_NAME = FindingKind(
    "brand.name_mentioned",
    1.5,
    "The display name mentions {brand_name}, but the sender is {author}.",
    "表示名に「{brand_name}」とありますが、差出人は {author} です。",
)
LOCAL_PART = FindingKind(
    "brand.local_part",
    4,
    "The part before the @ imitates {brand_name}'s domain: {author}.",
    "@ より前の部分が {brand_name} のドメインを装っています({author})。",
)
OWN_DOMAIN = FindingKind(
    "brand.own_domain_unproven",
    8,
    "The author address is {brand_name}'s ({author}), but nothing proves that {brand_name} sent it. {verify_en}",
    "差出人は {brand_name} のアドレス({author})ですが、{brand_name} が送ったという証明がありません。{verify_ja}",
)
STRANGER = FindingKind(
    "proof.somebody_else",
    2,
    "The message is proven to come from {domain}, not from {brand_name}.",
    "このメールは {brand_name} ではなく {domain} から送られたことが確認されています。",
)
CONTENT = FindingKind(
    "brand.content",
    1,
    "Subject or text speaks of {brand_name}, and the sender {author} is not {brand_name}.",
    "件名か本文に「{brand_name}」とありますが、差出人 {author} は {brand_name} ではありません。",
)

KINDS = (DISPLAY_NAME, WEAK_NAME, LOCAL_PART, OWN_DOMAIN, STRANGER, CONTENT)

BY_PLACE = MappingProxyType({"display_name": DISPLAY_NAME, "local_part": LOCAL_PART})
CONTENT_PLACES = ("subject", "body")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Hold every claim against the proofs; a kind of finding once for each brand."""
    if message.author.domain is None:
        return Evidence()
    found: dict[tuple[str, str | None], Finding] = {}
    for claim in seen.claims:
        if claim.brand is not None and not _met(claim, seen, context):
            for finding in _against(claim, message, seen, context):
                found.setdefault((finding.kind.id, finding.brand), finding)
    return Evidence(findings=tuple(found.values()))


def _met(claim: Claim, seen: Evidence, context: Context) -> bool:
    """True if somebody of the claimed brand's organisation is proven."""
    assert claim.brand is not None
    return any(proof.brand in context.registry.kin(claim.brand) for proof in seen.proofs if proof.brand)


def _against(claim: Claim, message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    assert claim.brand is not None
    author = message.author.domain or ""
    if claim.where == "author_domain":
        if refuted(seen):
            yield _finding(OWN_DOMAIN, claim, message, context)
    elif not _possible(author, claim.brand, context):
        yield from _elsewhere(claim, message, seen, context)


def _possible(author: str, brand: str, context: Context) -> bool:
    """The author domain may be the brand's, confirmed or not: then it is no contradiction by itself."""
    return any(context.registry.could_own(author, kin) for kin in context.registry.kin(brand))


def _elsewhere(claim: Claim, message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    """The author is, by his own domain, not the brand."""
    kind = BY_PLACE.get(claim.where, CONTENT)
    if kind is DISPLAY_NAME and claim.strength is not Strength.STRONG:
        kind = WEAK_NAME
    yield _finding(kind, claim, message, context)
    stranger = next((proof.domain for proof in seen.proofs if proof.aligned), None)
    if stranger is not None and kind is DISPLAY_NAME:
        yield _finding(STRANGER, claim, message, context, domain=stranger)


def refuted(seen: Evidence) -> bool:
    """Authentication was looked at, nothing aligned passed, and no temporary error stands in the way."""
    words = [result.word for result in seen.results if result.method in ("spf", "dkim", "dmarc")]
    if any(proof.aligned for proof in seen.proofs) or Word.TEMPERROR in words:
        return False
    known = [word for word in words if word is not Word.UNKNOWN]
    return seen.word("dmarc") is Word.FAIL or (
        bool(known) and seen.word("spf") is not Word.UNKNOWN and seen.word("dkim") is not Word.UNKNOWN
    )


def _finding(kind: FindingKind, claim: Claim, message: Message, context: Context, **facts: str) -> Finding:
    assert claim.brand is not None
    mailbox = message.author.mailbox
    verify_en, verify_ja = context.registry.verify_at(claim.brand)
    return Finding(
        kind,
        MappingProxyType(
            {
                "brand_name": context.registry.name(claim.brand),
                "author": mailbox.address if mailbox else "",
                "where": claim.where,
                "text": claim.text,
                "verify_en": verify_en,
                "verify_ja": verify_ja,
                **facts,
            }
        ),
        claim.brand,
    )
