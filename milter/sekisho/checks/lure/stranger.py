"""A demand under a name that nothing vouches for: the sender has a name, and neither its domain nor any place that the
message leads to has to do with it.

`nobody` is about senders that say nowhere who they are. Who invents a bank says it. No registry knows that bank, so
this asks what a genuine firm has without being asked: a domain or a page of its name, as letters, sound or initials.
The name alone is weak, since many small firms have domains of other names. So the message must have the form of a
demand as well (`facts.demands`), and neither a telephone number nor a postal address, and its domain must be of the
kind that forgers make, or not be proven. Names in kana and in kanji are compared as far as their
readings are known (`facts.told_names`).

It cannot see an invented name whose domain was registered for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.demands import pressing_demand
from sekisho.checks.facts.firms import uses_its_name
from sekisho.checks.facts.links import is_digest
from sekisho.checks.facts.names import shows_a_brand
from sekisho.checks.facts.nobody import bears_name, bears_service_words, is_known, is_named, reaches
from sekisho.checks.facts.personal_data import TELEPHONE
from sekisho.checks.facts.texts import is_long
from sekisho.checks.facts.throwaway import (
    MIN_PASSING_SIGNS,
    is_foreign,
    is_of_an_organisation,
    passing_signs,
)
from sekisho.checks.facts.told_names import tells_a_name
from sekisho.checks.facts.wishes import headlines
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

STRANGER = FindingKind(
    "lure.from_a_stranger",
    4,
    "It wants this as {name}. Its domain {domain} and the places that it leads to have nothing to do with that name.",
    "「{name}」としてそう求めていますが、ドメイン {domain} もリンク先もその名前と関係がなく、連絡先も示していません。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
MADE_FOR_IT = FindingKind(
    "lure.from_a_made_domain",
    1.5,
    "Its domain {domain} is made of words that calm a reader.",
    "ドメイン {domain} は、受信者を安心させる語を含んでいます。",
)
KINDS = (STRANGER, MADE_FOR_IT)

MAX_SCANNED_CHARS = 3_000  # of a text, in which there is a telephone number
UNREADABLE = re.compile(r"[ァ-ヺ\u3400-\u9fff]")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Doubts only. None if the sender is known, has a name that its domains know, or can be reached."""
    if is_long(message) or is_digest(seen):
        return NOTHING
    name, domain = message.author.name, message.author.domain or ""
    if not is_named(message, context.vocabulary) or is_known(message, seen, context):
        return NOTHING
    if shows_a_brand(seen) or context.providers.kind(domain) is not None:
        return NOTHING
    doubts = tuple(_doubts(message, seen, context))  # first what needs no search of the text
    if not (doubts and _is_at_stake(message, seen, context) and uses_its_name(message, context.vocabulary)):
        return NOTHING
    if not _leads_somewhere(message, seen) or pressing_demand(message, seen, context.vocabulary) is None:
        return NOTHING
    if bears_name(name, message, seen, context) or reaches(message, context.vocabulary):
        return NOTHING
    if tells_a_name({domain}, message, context.vocabulary):
        return NOTHING
    return Evidence(doubts=doubts)


def _leads_somewhere(message: Message, seen: Evidence) -> bool:
    return bool(seen.destinations) or TELEPHONE.search(message.text[:MAX_SCANNED_CHARS]) is not None


def _doubts(message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    name, domain = message.author.name, message.author.domain or ""
    made = _looks_made(message, context)
    if made or (seen.unauthenticated and not UNREADABLE.search(name)):
        yield STRANGER.found(name=name, domain=domain)
        if made:
            yield MADE_FOR_IT.found(domain=domain)


def _looks_made(message: Message, context: Context) -> bool:
    """True for a domain of the kind that forgers make, or, of a letter in Japanese or Chinese, under the suffix of
    another country."""
    words, domain = context.vocabulary, message.author.domain or ""
    return not is_of_an_organisation(domain, words) and (
        bears_service_words(domain, words)
        or passing_signs(domain, words) >= MIN_PASSING_SIGNS
        or (is_foreign(domain, words) and UNREADABLE.search(message.subject) is not None)
    )


def _is_at_stake(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the subject is about what the reader can lose, or the sender is called an office or a bank: discussions
    come to such matters somewhere in their text."""
    words, name = context.vocabulary, message.author.name
    if headlines(seen) or words.demands.stakes.search(message.subject) is not None:
        return True
    return words.names.office_words.search(name) is not None
