"""A favour for somebody who cannot be called: cards whose codes are to be sent, a loan, a task from a pastor.

Nobody's domain is borrowed and no page is shown. A pastor, a professor or the head of a club writes from a private
mailbox that anybody can open, or a friend whose mailbox was broken into. The reader is to buy cards, is told why the
writer cannot, is promised the money back, sends the codes by mail, and may not call. People ask each other to buy
things, too: they want to be called, and no codes.

It cannot see a favour that only follows in the next letter.
"""

from __future__ import annotations

from sekisho.address import Mailbox
from sekisho.checks.facts.names import words_of_mailbox
from sekisho.checks.facts.nobody import names_a_firm
from sekisho.checks.facts.requests import (
    can_be_asked,
    closing_lines,
    is_a_known_firms,
    keeps_off_the_telephone,
    letter,
)
from sekisho.checks.facts.sender import is_colleague
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

CARDS = FindingKind(
    "lure.favour",
    5.5,
    "It asks, as a favour, for cards that are as good as money, and shows no number to call. Call {name} on a number "
    "that you know before you buy anything.",
    "電話番号を示さずに、頼みごととしてギフトカードなどを求めています。"
    "購入する前に、知っている電話番号で {name} に確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE, Signal.HARMS_BY_ANSWER}),
)
LOAN = FindingKind(
    "lure.loan_for_a_friend",
    5.5,
    "It asks for money that is to be paid back, for somebody who cannot be called. Call {name} on a number that you "
    "know before you send anything.",
    "電話できない人のために、あとで返すとして金銭を求めています。"
    "送金する前に、知っている電話番号で {name} に確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE, Signal.HARMS_BY_ANSWER}),
)
CODES = FindingKind(
    "lure.favour_codes",
    2.5,
    "It wants the codes on the cards. Who has the codes has the money.",
    "カードの番号を送るよう求めています。番号を送ると、お金は戻りません。",
)
TASK = FindingKind(
    "lure.leaders_task",
    5,
    "Somebody with a title ({name}) writes from a private mailbox, has a task, and cannot be called. Call that person "
    "on a number that you know.",
    "肩書のある人（{name}）を名乗り、フリーメールから頼みごとを切り出し、電話はできないとしています。"
    "知っている電話番号で本人に確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE, Signal.HARMS_BY_ANSWER}),
)
KINDS = (CARDS, CODES, LOAN, TASK)

MAX_FAVOUR_CHARS = 1_500  # of a text; a favour is asked in few words
MAX_OPENER_CHARS = 500  # of the first letter of such a task
MIN_SIGNS = 3  # of a favour for a stranger


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The findings of a favour; of a task if no cards are named."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None or len(message.text) > MAX_FAVOUR_CHARS or _leads_on(mailbox, seen, context):
        return NOTHING
    text = letter(message, words)
    cards, closed = words.requests.cards.search(text) is not None, keeps_off_the_telephone(message, words)
    if not (cards or closed):
        return NOTHING
    if is_a_known_firms(message, seen, context) or is_colleague(message, seen, context):
        return NOTHING
    if can_be_asked(message, words) or names_a_firm(message, words):
        return NOTHING
    leads, name = _is_a_leader(message, context), mailbox.name or mailbox.address
    if cards:
        return _of_cards(message, name, leads, words)
    if _is_a_loan(text, words):
        return Evidence(findings=(LOAN.found(name=name),))
    if leads and len(message.text) <= MAX_OPENER_CHARS and _has_a_task(text, words):
        return Evidence(findings=(TASK.found(name=name),))
    return NOTHING


def _leads_on(mailbox: Mailbox, seen: Evidence, context: Context) -> bool:
    """True if there are links. A private mailbox's program may add one of its own."""
    own = 1 if context.providers.kind(mailbox.domain or "") == "mailbox" else 0
    return len({each.domain for each in seen.destinations}) > own


def _of_cards(message: Message, name: str, leads: bool, words: Vocabulary) -> Evidence:
    text, asked = letter(message, words), words.requests
    codes, closed = asked.codes.search(text) is not None, keeps_off_the_telephone(message, words)
    unable = asked.unable.search(text) is not None
    signs = (asked.buys.search(text), asked.repays.search(text), unable, codes, closed, leads)
    hidden = closed or codes or (unable and leads)
    if not hidden or sum(map(bool, signs)) < MIN_SIGNS:
        return NOTHING
    found = CARDS.found(name=name)
    return Evidence(findings=(found, CODES.found()) if codes and (closed or leads) else (found,))


def _is_a_loan(text: str, words: Vocabulary) -> bool:
    """True if money is to be lent, is promised back, and the writer is told to be in need."""
    asked = words.requests
    return all(each.search(text) is not None for each in (asked.loans, asked.repays, asked.unable))


def _has_a_task(text: str, words: Vocabulary) -> bool:
    """True if the writer wants an answer, or money for which it will pay."""
    asked = words.requests
    return any(each.search(text) is not None for each in (asked.returned, asked.loans, asked.repays))


def _is_a_leader(message: Message, context: Context) -> bool:
    """True for somebody with a title in its name, its address or its signature who writes from a private mailbox."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None or context.providers.kind(mailbox.domain or "") != "mailbox":
        return False
    shown = f"{mailbox.name}\n{words_of_mailbox(mailbox.local)}"
    titles = (words.requests.leaders, words.names.officer_titles, words.names.chief_titles)
    return any(
        title.search(line) is not None for line in (shown, *closing_lines(message, words)) for title in titles
    )
