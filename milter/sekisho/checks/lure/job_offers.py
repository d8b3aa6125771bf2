"""Work that nobody applied for: money for a day or a task, and a name in a messenger instead of a firm.

Recruiters say their firm, can be called, and write from its domain. Whoever hires for a fraud (tasks that must be paid
for, accounts that are lent) leads its reader to a messenger at once, where no filter reads.

It cannot see an offer without an amount, nor one whose messenger is only named in the next letter.
"""

from __future__ import annotations

import re

from sekisho.checks.facts.calls import AMOUNT
from sekisho.checks.facts.names import shows_a_brand
from sekisho.checks.facts.requests import can_be_asked, letter, says_a_firm
from sekisho.checks.facts.sender import is_colleague
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

OFFER = FindingKind(
    "lure.job_in_messenger",
    5.5,
    "It offers work for money by the day or the task, says no firm, and leads to a messenger: {contact}.",
    "会社を示さずに、日払いや件数払いの仕事を持ちかけ、メッセンジャー（{contact}）に誘導しています。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
IN_A_NAME = FindingKind(
    "lure.job_in_a_name",
    2.5,
    "It does so in the name of a known firm ({name}), from an address of somebody else: {author}.",
    "知られた会社の名（「{name}」）を使っていますが、差出人は {author} です。",
)
KINDS = (OFFER, IN_A_NAME)

# A messenger, and beside it somebody's name or number there.
CONTACT = re.compile(
    r"(?:whatsapp|telegram|wechat|signal|viber|kakao|ライン|\bline\b|(?<![a-z])line(?=[^a-z]))[^\n]{0,60}?"
    r"(?:@\w{3,32}|\+\d[\d ()-]{7,18}\d|\bid\W{0,4}@?\w[\w.-]{3,40})",
    re.IGNORECASE,
)
BESIDE_CHARS = 48  # before and behind an amount, where it is said for how much time


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most two findings, where a stranger offers work in a messenger."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None or any(proof.brand for proof in seen.proofs):
        return NOTHING
    text = letter(message, words)
    contact = CONTACT.search(text)
    if contact is None or words.requests.work.search(text) is None or not _pays(text, words):
        return NOTHING
    if can_be_asked(message, words) or says_a_firm(message, context) or is_colleague(message, seen, context):
        return NOTHING
    found = OFFER.found(contact=contact[0])
    if not shows_a_brand(seen) and not context.registry.mentions(mailbox.name):
        return Evidence(findings=(found,))
    return Evidence(findings=(found, IN_A_NAME.found(name=mailbox.name, author=mailbox.address)))


def _pays(text: str, words: Vocabulary) -> bool:
    """True if an amount stands beside a day, a task or another measure of work."""
    return any(
        words.requests.wages.search(text, max(0, sum_.start() - BESIDE_CHARS), sum_.end() + BESIDE_CHARS)
        for sum_ in AMOUNT.finditer(text)
    )
