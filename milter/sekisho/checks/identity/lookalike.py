"""The author's domain is made to look like a brand's.

Three ways (UTS 39 for the first): characters that look alike, one edit, or the brand's word composed into a
stranger's name. The registry decides what is like what; names that the brand may own are never like it. Short names
stand one letter apart and mean nothing by it (a newspaper of one city and the post of a country), so one edit counts
for them only where the message names the brand, too.
"""

from __future__ import annotations

from itertools import chain
from types import MappingProxyType

from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Role, Signal
from sekisho.message import Message
from sekisho.ports import Context, Lookalike

CONFUSABLE = FindingKind(
    "lookalike.confusable",
    8,
    "The author's domain {domain} is written to be taken for {of}.",
    "差出人のドメイン {domain} は {of} と見間違えるように書かれています。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
EDIT = FindingKind(
    "lookalike.edit",
    4,
    "The author's domain {domain} differs from {of} by one letter.",
    "差出人のドメイン {domain} は {of} と一文字違いです。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
COMPOSITION = FindingKind(
    "lookalike.composition",
    4,
    "The author's domain {domain} is built around {of} but is not {brand_name}'s.",
    "差出人のドメイン {domain} は {of} を含みますが、{brand_name} のものではありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)

KINDS = (CONFUSABLE, EDIT, COMPOSITION)
BY_HOW = MappingProxyType({"confusable": CONFUSABLE, "edit": EDIT, "composition": COMPOSITION})
SHORT = 5  # letters of a registered label that many another's is one edit away from


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The author domain's likeness, unless the brand itself is proven."""
    domain = message.author.domain
    lookalike = imitated(domain, seen, context) if domain else None
    if lookalike is None or any(
        proof.brand in context.registry.affiliates(lookalike.brand) for proof in seen.proofs
    ):
        return NOTHING
    facts = {"domain": domain, "of": lookalike.of, "brand_name": context.registry.name(lookalike.brand)}
    return Evidence(findings=(Finding(BY_HOW[lookalike.how], MappingProxyType(facts), lookalike.brand),))


def imitated(domain: str, seen: Evidence, context: Context) -> Lookalike | None:
    """The brand that a domain of this message is like, unless that may be chance: of several that it is one edit away
    from, the one that is named, else one whose name is long."""
    lookalike = context.registry.lookalike(domain)
    if lookalike is None or lookalike.how != "edit":
        return lookalike
    near = (lookalike, *lookalike.rivals)
    named = {claim.brand for claim in seen.claims}
    claimed = (each for each in near if not named.isdisjoint(context.registry.affiliates(each.brand)))
    return next(chain(claimed, (each for each in near if len(_label(each.of)) > SHORT)), None)


def _label(domain: str) -> str:
    return domain.partition(".")[0].replace("-", "")
