"""A demand under a name that no registry knows, from a domain that has another name: a bank's in the mail of a florist.

`stranger` doubts domains that forgers make. Here the domain is a decent one, mostly of a small firm that was broken
into, fully authenticated, and its links lead home. What is wrong is that nothing in the message tells the name of that
domain (`facts.told_names`): not the sender's name, no product, no group, no `a service of`. That alone is weak, since
firms have domains of other names. So the message must speak as an organisation, must insist on something that its
reader can lose, and say neither a telephone number nor a postal address.

It cannot see a domain whose name the forger tells, or that has a word of the name; and it leaves out a name that cannot
be compared with a domain, as one in Chinese.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.checks.facts.demands import Demand, demand_of, insists
from sekisho.checks.facts.domain_names import label_parts
from sekisho.checks.facts.firms import firm_name, is_told, speaks_as_a_firm
from sekisho.checks.facts.greetings import greets_somebody
from sekisho.checks.facts.links import is_digest, leads_home
from sekisho.checks.facts.names import shows_a_brand
from sekisho.checks.facts.nobody import is_known, reaches
from sekisho.checks.facts.texts import is_long, plain_text
from sekisho.checks.facts.throwaway import is_of_an_organisation, unusual_suffix
from sekisho.checks.facts.told_names import is_readable
from sekisho.checks.facts.wishes import VALUABLE_ACTIONS, headlines, hurries, threatens
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

ANOTHERS = FindingKind(
    "lure.from_anothers_domain",
    3.5,
    "It insists on this as {name}, from {domain}. Nothing in it tells what {domain} has to do with that name.",
    "「{name}」として強く求めていますが、本文のどこにも {domain} との関係が示されていません。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
CALMING = FindingKind(
    "lure.from_a_calming_domain",
    3.5,
    "It insists on this from {domain}, where words that calm a reader stand beside the name.",
    "受信者を安心させる語を名前に添えたドメイン {domain} から、強く求めています。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
UNKNOWN_READER = FindingKind(
    "lure.to_nobody_by_name",
    2.5,
    "It does not greet its reader by name, as a firm greets its customer.",
    "受信者を氏名で呼んでおらず、顧客への連絡とは異なります。",
)
BOTH_WAYS = FindingKind(
    "lure.deadline_and_threat",
    1.5,
    "It says by when to act, and what happens otherwise.",
    "期限と、応じない場合の不利益の両方を告げています。",
)
KINDS = (ANOTHERS, CALMING, UNKNOWN_READER, BOTH_WAYS)

MAX_CLOSING_CHARS = 1_000  # at the end of a text, where a newsletter says how to leave it
MAX_SCANNED_CHARS = 3_000  # of a text, in which it says by when to act


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Doubts only. None if the sender is known or can be reached, or if a domain has a name that the message tells."""
    words = context.vocabulary
    if not _is_open_to_doubt(message, seen, context):
        return NOTHING
    demand = demand_of(message, words)
    if not (_demands(demand, message, seen, context) and speaks_as_a_firm(message, context)):
        return NOTHING
    if _is_to_a_customer(message, words) or reaches(message, words):
        return NOTHING
    first = _of_the_domain(message, seen, context)
    return NOTHING if first is None else Evidence(doubts=(first, *_besides(demand, message, seen, context)))


def _of_the_domain(message: Message, seen: Evidence, context: Context) -> Finding | None:
    domain = message.author.domain or ""
    if not is_told(message, seen, context):
        return ANOTHERS.found(name=firm_name(message, context.vocabulary), domain=domain)
    return CALMING.found(domain=domain) if _calms(domain, context.vocabulary) else None


def _is_open_to_doubt(message: Message, seen: Evidence, context: Context) -> bool:
    """True for a short message of a named sender that nobody knows, from a domain of its own, which leads somewhere."""
    if not seen.destinations or is_long(message) or is_digest(seen):
        return False
    name = firm_name(message, context.vocabulary)
    if not is_readable(name, context.vocabulary) or shows_a_brand(seen):
        return False
    if any(each.kind.id == "lure.from_a_stranger" for each in seen.doubts):
        return False
    domain = message.author.domain or ""
    if is_of_an_organisation(domain, context.vocabulary) and leads_home(message, seen, context):
        return False
    return bool(domain) and context.providers.kind(domain) is None and not is_known(message, seen, context)


def _demands(demand: Demand | None, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the message says what happens otherwise; if it threatens, and asks for access or money or is about a
    matter of lures from its headline on; or if it presses for these from its headline on. Under a name in Latin
    letters, which a domain has, too, it need not press."""
    if demand is not None and insists(demand, message, seen, context.vocabulary):
        return True
    asks = seen.has_cue("action", *VALUABLE_ACTIONS)
    if threatens(seen):
        return asks or bool(headlines(seen))
    return (
        asks and bool(headlines(seen)) and (hurries(seen) or firm_name(message, context.vocabulary).isascii())
    )


def _is_to_a_customer(message: Message, words: Vocabulary) -> bool:
    """True if the message greets its reader by name and is in a list that the reader can leave, or from a name in
    Japanese: that is compared with a domain less surely."""
    if not greets_somebody(message, words):
        return False
    closing = plain_text(message)[-MAX_CLOSING_CHARS:]
    return (
        not firm_name(message, words).isascii() or words.links.unsubscribe_words.search(closing) is not None
    )


def _calms(domain: str, words: Vocabulary) -> bool:
    """True for a name with two words that calm a reader beside it, or with one under a suffix that is mostly registered
    to be thrown away: `asagiri-anzen.icu`."""
    parts = label_parts(domain)
    calming = [part for part in parts if part in words.domains.service_words]
    if not calming or len(calming) == len(parts):
        return False
    return len(calming) > 1 or unusual_suffix(domain, words)


def _besides(demand: Demand | None, message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    """What else tells it from the demand of a firm whose customer the reader is."""
    if not greets_somebody(message, context.vocabulary):
        yield UNKNOWN_READER.found()
    if demand is not None and demand.otherwise and _sets_a_time(demand, message, context.vocabulary):
        yield BOTH_WAYS.found()


def _sets_a_time(demand: Demand, message: Message, words: Vocabulary) -> bool:
    return demand.deadline or words.demands.days.search(plain_text(message)[:MAX_SCANNED_CHARS]) is not None
