"""A sender under a name of its own whose message speaks as a brand, and never as its sender.

Whoever writes about a brand says who it is itself: dealers, agencies and collectors name themselves in their text, and
newsletters quote. Here the sender's name and its domain stand nowhere in subject and text, while the text speaks as one
brand in two places and wants something of its reader. The name beside the address is then a mask that nobody reads.

It cannot see an impostor that writes the name it took into its text.
"""

from __future__ import annotations

from sekisho.checks.facts.demands import pressing_demand
from sekisho.checks.facts.names import related, rest_of_name
from sekisho.checks.facts.other_identity import says_another
from sekisho.checks.facts.passed_on import true_sender
from sekisho.checks.facts.quotes import asks, calls_suspicious, has_words, own_text, quoted
from sekisho.checks.facts.sender import BEARS_NAME, is_proven, organisation, writes_for_others
from sekisho.checks.facts.unmet import may_be_home, told_of
from sekisho.checks.facts.ways_out import leads_out, serves_brand
from sekisho.checks.facts.wishes import (
    VALUABLE_THEMES,
    asks_for_access_or_money,
    hurries,
    is_about_access_or_money,
    threatens,
    wants_something,
)
from sekisho.evidence import NOTHING, Evidence, FindingKind, Place, Role, Signal, Strength
from sekisho.message import Message
from sekisho.ports import Context

BORROWED = FindingKind(
    "brand.borrowed_voice",
    4,
    "The sender calls itself {name}, which the message never says again: it speaks as {brand_name} and wants something "
    "of its reader. The sender is {author}, which is not {brand_name}'s. {verify_en}",
    "差出人は「{name}」と名乗りますが、その名前は本文のどこにもなく、{brand_name} として書かれ、操作を求めています。"
    "差出人 {author} は {brand_name} のものではありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
CUSTOMERS = FindingKind(
    "brand.customers_voice",
    3,
    "The sender calls itself {name}, which the message never says again: it tells its reader as a customer of "
    "{brand_name} what to do, and names nobody else. The sender is {author}, which is not {brand_name}'s. {verify_en}",
    "差出人は「{name}」と名乗りますが、その名前は本文のどこにもなく、受信者を {brand_name} の客として操作を求め、ほかの"
    "組織の名前はありません。差出人 {author} は {brand_name} のものではありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
ASKS = FindingKind(
    "brand.borrowed_asks",
    2,
    "As {brand_name} it is about access or money, and it names no other sender.",
    "{brand_name} としてログインや金銭に関わる用件を告げながら、ほかに差出人を示していません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
KINDS = (BORROWED, ASKS, CUSTOMERS)

MIN_VOICES = 2  # places or roles in which a text speaks as the brand, of which one is the owner's


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The finding, at most once."""
    identity = seen.identity
    if identity is None or identity.brand is not None or identity.where is not Place.DISPLAY_NAME:
        return NOTHING
    brand, kind = _spoken_as(message, seen, context)
    if brand is None or not _is_a_strangers(brand, message, seen, context):
        return NOTHING
    if _is_others_name(identity.name, brand, context) or says_another(brand, message, context):
        return NOTHING
    if kind is CUSTOMERS and not _leaves_no_doubt(identity.name, brand, message, seen, context):
        return NOTHING
    told = told_of(brand, message, context)
    found = [kind.found(brand=brand, name=identity.name, **told)]
    if kind is BORROWED and _is_about_access_or_money(message, seen):
        found.append(ASKS.found(brand=brand, **told))
    return Evidence(findings=tuple(found))


def _spoken_as(message: Message, seen: Evidence, context: Context) -> tuple[str | None, FindingKind]:
    """The only brand that the message may speak as, and how plainly it does."""
    about = _is_about_access_or_money(message, seen)
    brand, places = _voice(seen, context)
    if brand is not None and (about or (places >= MIN_VOICES and _demands(message, seen, context))):
        return brand, BORROWED
    if brand is None and about and _insists(message, seen):
        return _shown_alone(seen, context), CUSTOMERS
    return None, BORROWED


def _insists(message: Message, seen: Evidence) -> bool:
    """True if the message threatens, or asks for a password, a card or money in so many words; where it tells its
    reader whose customer it is, a deadline is enough."""
    if threatens(seen) or asks_for_access_or_money(message, seen):
        return True
    return bool(seen.hints) and hurries(seen)


def _is_about_access_or_money(message: Message, seen: Evidence) -> bool:
    """True if the message asks for access or money, or threatens to take it: then a link needs no words."""
    if is_about_access_or_money(message, seen):
        return True
    return threatens(seen) and bool(seen.destinations) and seen.has_cue("theme", *VALUABLE_THEMES)


def _demands(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the message wants something of its reader, by its words or by its form."""
    return wants_something(message, seen) or pressing_demand(message, seen, context.vocabulary) is not None


def _voice(seen: Evidence, context: Context) -> tuple[str | None, int]:
    """The only brand that the text speaks as, as only the owner does, and in how many places it does."""
    affiliates = context.registry.affiliates
    strong = (claim for claim in seen.hints if claim.brand and claim.strength is Strength.STRONG)
    owners = [claim for claim in strong if claim.where is not Place.TITLE]
    groups = {affiliates(claim.brand or "") for claim in owners}
    if len(groups) != 1:
        return None, 0
    (group,) = groups
    return owners[0].brand, len(_places(seen, group))


def _shown_alone(seen: Evidence, context: Context) -> str | None:
    """The brand that the message names, if it names no other organisation."""
    badge = context.vocabulary.voices.badge_words.fullmatch
    shown = [
        each
        for each in (*seen.hints, *seen.claims)
        if each.brand
        and each.where is not Place.DISPLAY_NAME
        and not (each.where is Place.BODY and badge(each.text))
    ]
    groups = {context.registry.affiliates(each.brand or "") for each in shown}
    return shown[0].brand if len(groups) == 1 else None


def _is_others_name(name: str, brand: str, context: Context) -> bool:
    """True if the sender's name has the brand's, and others bear it with right: dealers, clubs, and whoever builds it
    into the own name."""
    mentions = context.registry.mentions(name)
    if not mentions:
        return False
    delegates = context.vocabulary.names.delegate_words
    return context.registry.built_in(brand) or delegates.search(rest_of_name(name, mentions)) is not None


def _leaves_no_doubt(name: str, brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if a message that only tells its reader to be the brand's customer is no firm's own notice, quotes nothing,
    and leads to somebody else than the brand."""
    if _is_a_firms(name, message, context) or quoted(message, context.vocabulary):
        return False
    return leads_out(brand, message, seen, context)


def _is_a_firms(name: str, message: Message, context: Context) -> bool:
    """True if the sender's domain has its name, or the name has the word of an organisation: a firm, which forgot to
    sign a notice to its own customers."""
    words = context.vocabulary.names
    latin = tuple(word for word in words.proper(name) if word.isascii())
    if latin and related(latin, (organisation(message.author.domain or ""),)):
        return True
    return words.organisation_words.search(name) is not None


def _places(seen: Evidence, group: frozenset[str]) -> set[tuple[Place, Strength]]:
    """The places and roles in which one of the brands speaks, and that the subject or the whole text is about it."""
    about = (
        claim
        for claim in seen.claims
        if claim.where is Place.SUBJECT or (claim.where is Place.BODY and claim.strength is Strength.STRONG)
    )
    return {(claim.where, claim.strength) for claim in (*seen.hints, *about) if claim.brand in group}


def _is_a_strangers(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if nothing ties the sender to the brand, and the message does not serve the brand alone."""
    author, registry = message.author.domain or "", context.registry
    if any(proof.brand for proof in seen.proofs) or is_proven(brand, seen, context):
        return False
    if may_be_home(author, brand, context) or registry.kinship(author, brand) in BEARS_NAME:
        return False
    if true_sender(message, seen, context) is not None or _passes_on(message, context):
        return False
    if registry.self_hosted(brand) or writes_for_others(brand, message, seen, context):
        return False
    return not serves_brand(brand, message, seen, context)


def _passes_on(message: Message, context: Context) -> bool:
    """True if what speaks is quoted, beside words of the sender's own that ask for nothing (`did you send this?`) or
    that call some mail suspicious. Without a quotation that proves nothing: impostors, too, warn of phishing."""
    if not quoted(message, context.vocabulary):
        return False
    if calls_suspicious(message, context.vocabulary):
        return True
    own = own_text(message, context.vocabulary)
    return has_words(own) and not asks(own, context)
