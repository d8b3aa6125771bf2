"""A sender under a name of its own whose message speaks as a brand, and never as its sender.

Whoever writes about a brand says who it is itself: dealers, agencies and collectors name themselves in their text, and
newsletters quote. Here the sender's name and its domain stand nowhere in subject and text, while the text speaks as one
brand in two places and wants something of its reader. The name beside the address is then a mask that nobody reads.

It cannot see an impostor that writes the name it took into its text.
"""

from __future__ import annotations

from sekisho.checks.facts.names import rest_of_name
from sekisho.checks.facts.passed_on import true_sender
from sekisho.checks.facts.quotes import asks, has_words, own_text, quoted
from sekisho.checks.facts.sender import BEARS_NAME, is_proven, writes_for_others
from sekisho.checks.facts.senders_name import says_domain, says_words
from sekisho.checks.facts.unmet import may_be_home, told_of
from sekisho.checks.facts.ways_out import serves_brand
from sekisho.checks.facts.wishes import wants_something
from sekisho.evidence import (
    NOTHING,
    Evidence,
    FindingKind,
    Place,
    Role,
    Signal,
    Strength,
)
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
    signals=frozenset({Signal.IMPERSONATES}),
)
KINDS = (BORROWED,)

MIN_VOICES = 2  # places or roles in which a text speaks as the brand, of which one is the owner's


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The finding, at most once."""
    identity = seen.identity
    if identity is None or identity.brand is not None or identity.where is not Place.DISPLAY_NAME:
        return NOTHING
    brand = _voice(seen, context)
    if brand is None or not _is_a_strangers(brand, message, seen, context):
        return NOTHING
    if not wants_something(message, seen) or _says_itself(identity.name, brand, message, context):
        return NOTHING
    told = told_of(brand, message, context)
    return Evidence(findings=(BORROWED.found(brand=brand, name=identity.name, **told),))


def _voice(seen: Evidence, context: Context) -> str | None:
    """The only brand that the text speaks as, if it does so in enough places, and as only the owner does."""
    affiliates = context.registry.affiliates
    strong = (claim for claim in seen.hints if claim.brand and claim.strength is Strength.STRONG)
    owners = [claim for claim in strong if claim.where is not Place.TITLE]
    groups = {affiliates(claim.brand or "") for claim in owners}
    if len(groups) != 1:
        return None
    (group,) = groups
    return owners[0].brand if len(_places(seen, group)) >= MIN_VOICES else None


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
    """True if what speaks is quoted, below words of the sender's own that ask for nothing: `did you send this?`."""
    if not quoted(message, context.vocabulary):
        return False
    own = own_text(message, context.vocabulary)
    return has_words(own) and not asks(own, context)


def _says_itself(name: str, brand: str, message: Message, context: Context) -> bool:
    """True if the message says the sender's name, or calls it as its domain is called. The brand's own words in the
    sender's name do not count."""
    mentions = context.registry.mentions(name)
    if mentions and context.registry.built_in(brand):
        return True
    own = context.vocabulary.names.proper(rest_of_name(name, mentions))
    return says_words(own, message) or says_domain(message, context.vocabulary)
