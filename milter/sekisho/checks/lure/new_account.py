"""A changed bank account that no firm would tell so: from a private mailbox, held by a person, in a hurry and with
the telephone closed, or with a forged sender.

Suppliers change their banks, and say so by mail. Whoever reads a firm's mail says the same, with an account of its own.
A firm has a mailbox of its own, its account bears its name, it can be called, and it leaves its customers time. Whoever
wants money for another account says that the old one cannot be used, wants it paid today, wants to be told when it is
done, and is not to be called: one of these is everyday, two without a way to ask are not. A forger who writes as the
firm has the answers sent to a domain of its own. The reader should call the firm in any case.

It cannot see an account number in an attachment, nor who holds an account if Japanese words do not say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from sekisho.address import Mailbox
from sekisho.checks.facts.nobody import bears_service_words
from sekisho.checks.facts.payload import ACCOUNT
from sekisho.checks.facts.requests import can_be_asked, is_a_known_firms, letter
from sekisho.checks.facts.sender import is_colleague, is_of_a_recipient, organisation
from sekisho.checks.facts.texts import HOST_OR_ADDRESS
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

PRIVATE = FindingKind(
    "lure.account_from_private_mailbox",
    3,
    "It gives a new bank account, and comes from a private mailbox: {author}. Call the firm on a number that you "
    "know before you pay.",
    "新しい振込先を知らせていますが、フリーメール（{author}）から届いています。支払う前に、知っている電話番号で確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
PERSON = FindingKind(
    "lure.account_of_a_person",
    5.5,
    "It gives a new bank account of a firm, and a person holds it: {holder}. Call the firm on a number that you "
    "know before you pay.",
    "会社の新しい振込先としていますが、口座名義は個人（{holder}）です。支払う前に、知っている電話番号で確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
PRESSED = FindingKind(
    "lure.account_pressed",
    5.5,
    "It gives a new bank account, and presses for it as a firm does not: {how}. Call the firm on a number that you "
    "know before you pay.",
    "新しい振込先を知らせていますが、企業の通知らしくない点があります（{how}）。"
    "支払う前に、知っている電話番号で確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
STRONGLY = FindingKind(
    "lure.account_pressed_strongly",
    2.5,
    "It presses for the new account in three or more ways.",
    "新しい振込先への支払いを、三つ以上の点で急がせています。",
)
ANNOUNCED = FindingKind(
    "lure.account_announced",
    5.5,
    "It says that a bank account can no longer be used, and wants an answer before it gives another one. Call the firm "
    "on a number that you know before you pay.",
    "従来の口座が使えないとして、新しい振込先を知らせるための返信を求めています。支払う前に、知っている電話番号で確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE, Signal.HARMS_BY_ANSWER}),
)
ELSEWHERE = FindingKind(
    "lure.account_and_answers_elsewhere",
    3,
    "It gives an account to pay into, nothing proves who sent it, and answers go elsewhere: {other}. Call the firm on "
    "a number that you know before you pay.",
    "振込先を示していますが、差出人の証明がなく、返信先も別の組織（{other}）です。支払う前に、知っている電話番号で確認してください。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
KINDS = (PRIVATE, PERSON, PRESSED, STRONGLY, ANNOUNCED, ELSEWHERE)

MIN_SIGNS, MIN_STRONG_SIGNS = 2, 3  # of pressure, beside a new account
MAX_ANNOUNCED_CHARS = 1_200  # of a letter that announces another account
NEAR_CHARS = 60  # before and behind a word for an account, where it is said to be another one
MAX_ACCOUNTS = 24  # words for an account that are looked at
# The holder as banks write it (口座名義 イマムラ ケンジ). A firm's has its form beside the name: カ)ミナトコウギヨウ.
HOLDER = re.compile(r"名義人?\W{0,8}([ァ-ヺー]{2,8} [ァ-ヺー]{2,8})\s*$", re.MULTILINE)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Nothing unless the text has the number of an account that is said to be new, or announces one."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None or is_colleague(message, seen, context) or is_a_known_firms(message, seen, context):
        return NOTHING
    text = letter(message, words)
    if ACCOUNT.search(text) is None or ACCOUNT.search(text := HOST_OR_ADDRESS.sub(" ", text)) is None:
        announced = _is_announced(text, message, seen, words)
        return Evidence(findings=(ANNOUNCED.found(),)) if announced else NOTHING
    if (elsewhere := _answered_elsewhere(message, seen, context)) is not None:
        return Evidence(findings=(ELSEWHERE.found(other=elsewhere),))
    pressed = tuple(_pressed(message, words)) if _is_new(text, words) else ()
    if not pressed and not seen.has_cue("theme", "business"):
        return NOTHING
    found = tuple(_of_its_owner(mailbox, text, words, context))
    return Evidence(findings=(*found, *pressed)) if found or pressed else NOTHING


def _of_its_owner(mailbox: Mailbox, text: str, words: Vocabulary, context: Context) -> Iterator[Finding]:
    """A firm's account in a person's name, or one that a private mailbox tells."""
    holder, told = HOLDER.search(text), f"{mailbox.name}\n{text}"
    if holder is not None and any(
        each.search(told) is not None for each in (words.names.contact_words, words.names.organisation_words)
    ):
        yield PERSON.found(holder=holder[1])
    elif context.providers.kind(mailbox.domain or "") == "mailbox":
        yield PRIVATE.found(author=mailbox.address)


def _is_new(text: str, words: Vocabulary) -> bool:
    """True if a word for an account has one beside it that says that it is another than before."""
    return _is_beside_an_account(words.requests.changed_account, text, words)


def _is_beside_an_account(pattern: re.Pattern[str], text: str, words: Vocabulary) -> bool:
    accounts = islice(words.requests.accounts.finditer(text), MAX_ACCOUNTS)
    return any(
        pattern.search(text, max(0, each.start() - NEAR_CHARS), each.end() + NEAR_CHARS) for each in accounts
    )


def _is_announced(text: str, message: Message, seen: Evidence, words: Vocabulary) -> bool:
    """True for a short letter without links that says that an account cannot be used, and wants an answer at once."""
    if seen.destinations or len(message.text) > MAX_ANNOUNCED_CHARS:
        return False
    asked = words.requests
    if (
        not _is_beside_an_account(asked.retired_account, text, words)
        or not _is_new(text, words)
        or can_be_asked(message, words)
    ):
        return False
    return asked.returned.search(text) is not None and asked.at_once.search(text) is not None


def _pressed(message: Message, words: Vocabulary) -> Iterator[Finding]:
    """How a new account is pressed upon a reader who is shown no way to ask."""
    if can_be_asked(message, words):
        return
    text, asked = letter(message, words), words.requests
    signs = [
        found[0]
        for pattern in (asked.closed_telephone, asked.retired_account, asked.receipts, asked.at_once)
        if (found := pattern.search(text)) is not None
    ]
    domain = message.author.domain or ""
    if bears_service_words(domain, words):
        signs.append(domain)
    if len(signs) >= MIN_SIGNS:
        yield PRESSED.found(how=", ".join(signs))
    if len(signs) >= MIN_STRONG_SIGNS:
        yield STRONGLY.found()


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
