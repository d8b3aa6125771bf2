"""A changed bank account that no firm would tell so: from a private mailbox, held by a person, or with a forged sender.

Suppliers change their banks, and say so by mail. Whoever reads a firm's mail says the same, with an account of its own:
nothing in a message tells the two apart, but for three slips. A firm has a mailbox of its own, its account bears its
name, and it gets its own answers: a forger who writes in its name has them sent to a domain of its own. The reader
should call the firm in any case.

It cannot see an account number in an attachment, nor who holds an account if Japanese words do not say it.
"""

from __future__ import annotations

import re

from sekisho.checks.facts.payload import ACCOUNT
from sekisho.checks.facts.sender import is_of_a_recipient, organisation
from sekisho.checks.facts.texts import plain_text
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

PRIVATE = FindingKind(
    "lure.account_from_private_mailbox",
    3,
    "It tells a new bank account, and comes from a private mailbox: {author}. Call the firm on a number that you know "
    "before you pay.",
    "新しい振込先を知らせていますが、フリーメール（{author}）から届いています。支払う前に、知っている電話番号で確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
PERSON = FindingKind(
    "lure.account_of_a_person",
    5.5,
    "It tells a new bank account of a firm, and a person holds it: {holder}. Call the firm on a number that you know "
    "before you pay.",
    "会社の新しい振込先としていますが、口座名義は個人（{holder}）です。支払う前に、知っている電話番号で確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
ELSEWHERE = FindingKind(
    "lure.account_and_answers_elsewhere",
    3,
    "It gives an account to pay into, nothing proves who sent it, and answers go elsewhere: {other}. Call the firm on "
    "a number that you know before you pay.",
    "振込先を示していますが、差出人の証明がなく、返信先も別の組織（{other}）です。支払う前に、知っている電話番号で確認してください。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
KINDS = (PRIVATE, PERSON, ELSEWHERE)

MAX_SCANNED_CHARS = 3_000  # of a text
# The holder as banks write it (口座名義 イマムラ ケンジ). A firm's has its form beside the name: カ)ミナトコウギヨウ.
HOLDER = re.compile(r"名義人?\W{0,8}([ァ-ヺー]{2,8} [ァ-ヺー]{2,8})\s*$", re.MULTILINE)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding, where the text has the number of an account that is said to be new."""
    mailbox = message.author.mailbox
    elsewhere = _answered_elsewhere(message, seen, context)
    if mailbox is None or not (elsewhere or seen.has_cue("theme", "business")):
        return NOTHING
    text = plain_text(message)[:MAX_SCANNED_CHARS]
    if ACCOUNT.search(text) is None:
        return NOTHING
    if elsewhere is not None:
        return Evidence(findings=(ELSEWHERE.found(other=elsewhere),))
    holder = HOLDER.search(text)
    if holder is not None and context.vocabulary.names.contact_words.search(f"{mailbox.name}\n{text}"):
        return Evidence(findings=(PERSON.found(holder=holder[1]),))
    if context.providers.kind(mailbox.domain or "") == "mailbox":
        return Evidence(findings=(PRIVATE.found(author=mailbox.address),))
    return NOTHING


def _answered_elsewhere(message: Message, seen: Evidence, context: Context) -> str | None:
    """The domain of another organisation to which answers go, if the author is not authenticated; a platform's is none,
    since firms have their tickets there."""
    if not seen.unauthenticated:
        return None
    own = organisation(message.author.domain or "")
    domains = (each.domain or "" for each in message.reply_to)
    others = (
        each
        for each in domains
        if each and organisation(each) != own and not is_of_a_recipient(each, message)
    )
    return next((each for each in others if context.providers.kind(each) in (None, "mailbox")), None)
