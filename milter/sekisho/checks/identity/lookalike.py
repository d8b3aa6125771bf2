"""The author's domain is made to look like a brand's.

Three ways (UTS 39 for the first): characters that look alike, one edit, or the brand's word as a part of a stranger's
name. The registry decides what is like what; names that the brand may own are never like it. Short names often differ
by one letter without meaning anything by it (a city's newspaper and a country's post), so for them one edit counts only
where the message names the brand, too. A name with the brand's word in it may be a new domain of the brand
(`facts.unlisted`): where nothing shows otherwise, it weighs little.

It cannot see who registered a domain.
"""

from __future__ import annotations

from types import MappingProxyType

from sekisho.checks.facts.names import imitated
from sekisho.checks.facts.sender import BEARS_NAME, is_open_tenancy, is_proven
from sekisho.checks.facts.unlisted import may_be_the_brand
from sekisho.evidence import NOTHING, Evidence, FindingKind, Role, Signal
from sekisho.message import Message
from sekisho.ports import Context

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
NAMESAKE = FindingKind(
    "lookalike.namesake",
    0.5,
    "The author's domain {domain} contains {of} and is not known to be {brand_name}'s. Nothing shows that the sender "
    "is somebody else.",
    "差出人のドメイン {domain} は {of} を含みます。{brand_name} のものとして登録されていませんが、"
    "偽物と断定できる点も見つかりません。",
    role=Role.IDENTITY,
)

KINDS = (CONFUSABLE, EDIT, COMPOSITION, NAMESAKE)
BY_HOW = MappingProxyType({"confusable": CONFUSABLE, "edit": EDIT, "composition": COMPOSITION})


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding at most: the brand that the author's domain is like, unless the brand itself is proven."""
    domain = message.author.domain
    lookalike = imitated(domain, seen, context) if domain else None
    if lookalike is None or is_proven(lookalike.brand, seen, context):
        return NOTHING
    brand, name = lookalike.brand, context.registry.name(lookalike.brand)
    kind = BY_HOW[lookalike.how]
    if kind is COMPOSITION and _is_explained(message, seen, context):
        kind = NAMESAKE
    found = kind.found(brand=brand, domain=domain, of=lookalike.of, brand_name=name)
    return Evidence(findings=(found,))


def _is_explained(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the domain, or its account on a platform that is open to all, carries the name of a brand that the
    message names, and may be that brand's."""
    author = message.author.domain or ""
    tenancy = is_open_tenancy(message, seen, context)
    return any(
        (tenancy or context.registry.kinship(author, brand) in BEARS_NAME)
        and may_be_the_brand(brand, message, seen, context)
        for brand in {claim.brand for claim in seen.claims if claim.brand}
    )
