"""Money from a messenger: work that nobody applied for, or tips for an investment, and no firm.

Recruiters and advisers say their firm, can be called, and write from its domain. Whoever hires for a fraud (tasks that
must be paid for, accounts that are lent) or sells tips leads its reader to a messenger at once, where no filter reads.

It cannot see work without an amount, nor an offer whose messenger is only named in the next letter.
"""

from __future__ import annotations

import re
from itertools import islice

from sekisho.checks.facts.calls import AMOUNT
from sekisho.checks.facts.links import is_digest
from sekisho.checks.facts.names import shows_a_brand
from sekisho.checks.facts.requests import can_be_asked, is_a_known_firms, letter, says_a_firm
from sekisho.checks.facts.sender import is_colleague
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import RequestWords

OFFER = FindingKind(
    "lure.offer_in_messenger",
    5.5,
    "It offers work for money by the day or the task, or tips for an investment, names no firm, and leads to a "
    "messenger: {contact}.",
    "会社を示さずに、日払いや件数払いの仕事、または投資の情報を持ちかけ、メッセンジャー（{contact}）に誘導しています。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE, Signal.HARMS_BY_ANSWER}),
)
IN_A_NAME = FindingKind(
    "lure.offer_in_a_name",
    2.5,
    "It does so in the name of a known firm ({name}), from an address of somebody else: {author}.",
    "知られた会社の名（「{name}」）を使っていますが、差出人は {author} です。",
)
KINDS = (OFFER, IN_A_NAME)

# Beside a messenger, somebody's name or number there.
CONTACT = re.compile(r"@\w{3,32}|\+\d[\d ()-]{7,18}\d|\bid\W{0,4}@?\w[\w.-]{3,40}", re.IGNORECASE)
MAX_MESSENGERS = 12  # places in a text that name one
CONTACT_CHARS, JOIN_CHARS = 60, 30  # behind a messenger, or on both sides of it
BESIDE_CHARS = 48  # before and behind an amount, where it is said for how much time


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most two findings, where a stranger offers work or a gain in a messenger."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None or is_digest(seen) or is_a_known_firms(message, seen, context):
        return NOTHING
    text = letter(message, words)
    contact = _contact(text, words.requests)
    if contact is None or not _offers(text, words.requests):
        return NOTHING
    if can_be_asked(message, words) or says_a_firm(message, context) or is_colleague(message, seen, context):
        return NOTHING
    found = OFFER.found(contact=contact)
    if not shows_a_brand(seen) and not context.registry.mentions(mailbox.name):
        return Evidence(findings=(found,))
    return Evidence(findings=(found, IN_A_NAME.found(name=mailbox.name, author=mailbox.address)))


def _contact(text: str, words: RequestWords) -> str | None:
    """Where a text leads its reader into a messenger: a name or a number there, or a word such as `add` beside it."""
    for found in islice(words.messengers.finditer(text), MAX_MESSENGERS):
        if text.startswith(" of ", found.end()):  # a line of work is no messenger
            continue
        told = CONTACT.search(text, found.end(), found.end() + CONTACT_CHARS)
        if told is not None:
            return text[found.start() : told.end()]
        if words.joins.search(text, max(0, found.start() - JOIN_CHARS), found.end() + JOIN_CHARS):
            return found[0]
    return None


def _offers(text: str, words: RequestWords) -> bool:
    """True for tips for an investment, and for work with an amount beside a day, a task or another measure of it."""
    if words.gains.search(text) is not None:
        return True
    if words.work.search(text) is None:
        return False
    return any(
        words.wages.search(text, max(0, amount.start() - BESIDE_CHARS), amount.end() + BESIDE_CHARS)
        for amount in AMOUNT.finditer(text)
    )
