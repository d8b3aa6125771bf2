"""An authority that nothing confirms: the message demands something as a court, an office of the state or a collector,
and no institution stands behind it.

Genuine mail of that kind comes from a government's domain, or leads to one, or has the name of an institution that
has to do with its domain or stands with an address or a telephone. An office alone (`Clerk of the Court`, 納税課) is
no institution, however many telephone numbers stand below it, and neither is a person.

It gives doubts, as `sender_doubts` does, and `lure` makes findings of them. It cannot see an invented institution with
a domain that was registered for it, or with a telephone number.
"""

from __future__ import annotations

from sekisho.checks.facts.authorities import does_an_authoritys_business
from sekisho.checks.facts.demands import pressing_demand
from sekisho.checks.facts.firms import uses_its_name
from sekisho.checks.facts.links import is_digest
from sekisho.checks.facts.names import shows_a_brand
from sekisho.checks.facts.nobody import (
    bears_name,
    can_be_acted_on,
    introduces_itself,
    is_known,
    is_named,
    reaches,
    says_who_it_is,
)
from sekisho.checks.facts.texts import is_long
from sekisho.checks.facts.throwaway import is_of_an_organisation
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

NAMELESS = FindingKind(
    "lure.from_a_nameless_authority",
    4,
    "It demands this as a court, an authority or a collector, and names no institution: {name} is only an "
    "office or a matter.",
    "裁判所、公的機関、債権回収などの手続きを告げていますが、「{name}」は部署名や用件にすぎず、機関の名称がありません。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
UNREACHABLE = FindingKind(
    "lure.from_an_unreachable_office",
    4,
    "As {name} it does the business of an authority, a court or a collector, and gives neither a postal address nor a "
    "landline number.",
    "「{name}」として公的機関や債権回収の手続きを告げながら、所在地も固定電話の番号も示していません。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
THREATENS = FindingKind(
    "lure.unreachable_office_threatens",
    2,
    "It says what happens to a reader who does not obey.",
    "応じない場合の不利益を告げています。",
)
KINDS = (NAMELESS, UNREACHABLE, THREATENS)

STRANGER = "lure.from_a_stranger"  # says the same of a domain that is made for it


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Doubts only. None if the sender is known, or an institution that can be found by its name or its address."""
    name, words = message.author.name, context.vocabulary
    if not does_an_authoritys_business(message, seen, words) or _is_spared(message, seen, context):
        return NOTHING
    demand = pressing_demand(message, seen, words)
    if demand is None:
        return NOTHING
    if not says_who_it_is(message, seen, context, firmly=True):
        return Evidence(doubts=(NAMELESS.found(name=name.strip() or message.subject),))
    if any(doubt.kind.id == STRANGER for doubt in seen.doubts):
        return NOTHING
    if not is_named(message, words) or _is_found(message, seen, context):
        return NOTHING
    threats = (THREATENS.found(),) if demand.otherwise else ()
    return Evidence(doubts=(UNREACHABLE.found(name=name), *threats))


def _is_spared(message: Message, seen: Evidence, context: Context) -> bool:
    """True for a sender that is known, for one that other checks judge, and for a long text."""
    if is_long(message) or is_digest(seen) or not can_be_acted_on(message, seen):
        return True
    kind = context.providers.kind(message.author.domain or "")
    return kind is not None or shows_a_brand(seen) or is_known(message, seen, context)


def _is_found(message: Message, seen: Evidence, context: Context) -> bool:
    """True if an institution's name has to do with a domain of the message, if the text says one as well, if it has an
    address or a telephone, or a domain that only organisations get. An impostor's mask stands before its address alone.
    """
    words, domain = context.vocabulary, message.author.domain or ""
    if seen.authenticated and is_of_an_organisation(domain, words):
        return True
    if bears_name(message.author.name, message, seen, context) or reaches(message, words):
        return True
    return introduces_itself(message, words, firmly=True) or not (
        words.names.authority_words.search(message.author.name) or uses_its_name(message, words)
    )
