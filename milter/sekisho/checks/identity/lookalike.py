"""The author's domain is made to look like a brand's.

Three ways (UTS 39 for the first): characters that look alike, one edit, or the brand's word as a part of a stranger's
name. The registry decides what is like what; names that the brand may own are never like it. Short names often differ
by one letter without meaning anything by it (a city's newspaper and a country's post), so for them one edit counts only
where the message names the brand, too. A name with the brand's word in it may be a new domain of the brand
(`facts.unlisted`): where nothing shows otherwise, it weighs little.

Where the sender's name says nobody (`お客様サポート`), the domain is the name that a reader takes it for; then a demand
counts as one in the brand's name.

It cannot see who registered a domain.
"""

from __future__ import annotations

from types import MappingProxyType

from sekisho.checks.facts.names import imitated, says_nobody, shows_a_brand
from sekisho.checks.facts.sender import BEARS_NAME, is_open_tenancy, is_proven
from sekisho.checks.facts.unlisted import may_be_the_brand
from sekisho.checks.facts.wishes import wants_something
from sekisho.evidence import NOTHING, Evidence, FindingKind, Role, Signal, Strength
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
ASKS = FindingKind(
    "lookalike.asks",
    2,
    "The sender's name says nobody, its domain is like {of}, and it asks its reader to log in, to confirm or to pay.",
    "表示名は誰であるかを示さず、ドメインは {of} に似ていて、ログイン、確認、支払いなどを求めています。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)

KINDS = (CONFUSABLE, EDIT, COMPOSITION, NAMESAKE, ASKS)
BY_HOW = MappingProxyType({"confusable": CONFUSABLE, "edit": EDIT, "composition": COMPOSITION})


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The brand that the author's domain is like, unless that is proven, and whether it asks in the brand's name."""
    domain = message.author.domain
    lookalike = imitated(domain, seen, context) if domain else None
    if lookalike is None or is_proven(lookalike.brand, seen, context):
        return NOTHING
    brand, name = lookalike.brand, context.registry.name(lookalike.brand)
    kind = BY_HOW[lookalike.how]
    asks = _asks(message, seen, context)
    if kind is COMPOSITION and _is_explained(message, seen, context, mentions=not asks):
        kind, asks = NAMESAKE, False
    kinds = (kind, ASKS) if asks else (kind,)
    told = {"domain": domain, "of": lookalike.of, "brand_name": name}
    return Evidence(findings=tuple(each.found(brand=brand, **told) for each in kinds))


def _asks(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a sender that is called nothing but its domain wants something of its reader, or shows a button for it.
    A firm with the brand's word in its domain says who it is."""
    if shows_a_brand(seen) or not says_nobody(message, context.vocabulary):
        return False
    buttons = (link.text for link in message.links if link.kind == "a")
    return wants_something(message, seen) or any(map(context.vocabulary.links.button_words.search, buttons))


def _is_explained(message: Message, seen: Evidence, context: Context, *, mentions: bool) -> bool:
    """True if the domain, or its account on a platform that is open to all, carries the name of a brand that the
    message names, and may be that brand's. `mentions`: it is enough to mention the brand."""
    author = message.author.domain or ""
    tenancy = is_open_tenancy(message, seen, context)
    return any(
        (tenancy or context.registry.kinship(author, brand) in BEARS_NAME)
        and may_be_the_brand(brand, message, seen, context)
        for brand in {
            claim.brand
            for claim in seen.claims
            if claim.brand and (mentions or claim.strength is Strength.STRONG)
        }
    )
