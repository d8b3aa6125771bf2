"""A demand under a name that no registry knows, from a domain that has another name: a bank's in the mail of a florist.

`stranger` doubts domains that forgers make. Here the domain is a decent one, mostly of a small firm that was broken
into, fully authenticated, and its links lead home. What is wrong is that nothing in the message tells the name of that
domain (`facts.told_names`): not the sender's name, no product, no group, no `a service of`. That alone is weak, since
firms have domains of other names. So the message must speak as an organisation, must insist on something that its reader
can lose, and say neither a telephone number nor a postal address.

It cannot see a domain whose name the forger tells, or that has a word of the name; and it leaves out a name that cannot
be compared with a domain, as one in Chinese.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.checks.facts.demands import Demand, demand_of, insists
from sekisho.checks.facts.greetings import greets_by_name
from sekisho.checks.facts.links import is_digest, leads_home
from sekisho.checks.facts.names import shows_a_brand
from sekisho.checks.facts.nobody import is_known, is_named, reaches
from sekisho.checks.facts.organisations import speaking_organisation
from sekisho.checks.facts.sender import home_domains, is_a_brands_own
from sekisho.checks.facts.throwaway import is_of_an_organisation
from sekisho.checks.facts.told_names import is_readable, tells_a_name
from sekisho.checks.facts.wishes import (
    asks_for_access_or_money,
    headlines,
    presses_for_access_or_money,
    threatens,
)
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

ANOTHERS = FindingKind(
    "lure.from_anothers_domain",
    4,
    "It insists on this as {name}, from {domain}. Nothing in it tells what {domain} has to do with that name.",
    "「{name}」として強く求めていますが、本文のどこにも {domain} との関係が示されていません。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
UNKNOWN_READER = FindingKind(
    "lure.to_nobody_by_name",
    2,
    "It does not greet its reader by name, as a firm greets its customer.",
    "受信者を氏名で呼んでおらず、顧客への連絡とは異なります。",
)
BOTH_WAYS = FindingKind(
    "lure.deadline_and_threat",
    1,
    "It says by when to act, and what happens otherwise.",
    "期限と、応じない場合の不利益の両方を告げています。",
)
TWO_STRANGERS = FindingKind(
    "lure.leads_to_another_stranger",
    1.5,
    "It leads to {host}, which has nothing to do with that name either, nor with its sender.",
    "リンク先 {host} も、その名前とも差出人とも関係がありません。",
)
KINDS = (ANOTHERS, UNKNOWN_READER, BOTH_WAYS, TWO_STRANGERS)

MAX_SCANNED_CHARS = 3_000  # of a text; a sender that writes more says who it is


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Doubts only. None if the sender is known or can be reached, or if a domain has a name that the message tells."""
    if not _is_open_to_doubt(message, seen, context):
        return NOTHING
    demand = demand_of(message, context.vocabulary)
    if not _demands(demand, message, seen, context):
        return NOTHING
    if not _speaks_as_a_firm(message, context):
        return NOTHING
    if reaches(message, context.vocabulary) or _is_told(message, seen, context):
        return NOTHING
    return Evidence(doubts=tuple(_doubts(demand, message, seen, context)))


def _is_open_to_doubt(message: Message, seen: Evidence, context: Context) -> bool:
    """True for a short message of a named sender that nobody knows, from a domain of its own, which leads somewhere."""
    if not seen.destinations or len(message.text) > MAX_SCANNED_CHARS or is_digest(seen):
        return False
    if not is_named(message, context.vocabulary) or shows_a_brand(seen):
        return False
    if any(each.kind.id == "lure.from_a_stranger" for each in seen.doubts):
        return False
    domain = message.author.domain or ""
    if is_of_an_organisation(domain, context.vocabulary) and leads_home(message, seen, context):
        return False
    return bool(domain) and context.providers.kind(domain) is None and not is_known(message, seen, context)


def _demands(demand: Demand | None, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the message says what happens otherwise, or presses for access or money. Where the name is in Latin
    letters, which a domain has, too, it is enough that it asks for that and says so in its headline."""
    if demand is not None and insists(demand, message, seen, context.vocabulary):
        return True
    if not headlines(seen) or not asks_for_access_or_money(message, seen):
        return False
    latin = all(map(str.isascii, context.vocabulary.names.naming(message.author.name)))
    return latin or presses_for_access_or_money(message, seen)


def _speaks_as_a_firm(message: Message, context: Context) -> bool:
    """True if the sender's name is an organisation's: it has a word of such, the message speaks as it, or its mailbox
    is that of an office (`billing`). It must be one that can be compared with a domain."""
    name, words = message.author.name, context.vocabulary
    mailbox = message.author.mailbox
    if mailbox is None or not is_readable(name, words):
        return False
    if words.names.organisation_words.search(name) or words.names.office_words.search(name):
        return True
    if any(each.isascii() and each in mailbox.local.lower() for each in words.names.naming(name)):
        return False  # a person's mailbox
    return not words.names.proper(mailbox.local) or speaking_organisation(message, context) is not None


def _is_told(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a domain of the message has a name that the message tells, or belongs to a brand or a platform."""
    if any(is_a_brands_own(each.host, context) for each in seen.destinations):
        return True
    domains = {*home_domains(message, seen), *(each.domain for each in seen.destinations)}
    return tells_a_name(domains, message, context.vocabulary)


def _doubts(demand: Demand | None, message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    domain = message.author.domain or ""
    yield ANOTHERS.found(name=message.author.name, domain=domain)
    if not greets_by_name(message, context.vocabulary):
        yield UNKNOWN_READER.found()
    if demand is not None and demand.deadline and (demand.otherwise or threatens(seen)):
        yield BOTH_WAYS.found()
    home, kind = home_domains(message, seen), context.providers.kind
    away = [each.host for each in seen.destinations if each.domain not in home]
    if away and len(away) == len(seen.destinations) and all(kind(host) is None for host in away):
        yield TWO_STRANGERS.found(host=away[0])
