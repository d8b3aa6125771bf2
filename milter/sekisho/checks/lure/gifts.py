"""A gift for a fee: something is given away, the reader pays the delivery, and nobody says who gives it.

Shops give things away, too, and let their customers pay the delivery. They say their firm, or write from a domain that
they are called after. Whoever wants a card's number has a brand before its address at most. A survey without a fee is
none: many firms let others ask their customers.

It cannot see a gift in a picture.
"""

from __future__ import annotations

from sekisho.checks.facts.calls import AMOUNT
from sekisho.checks.facts.links import is_digest
from sekisho.checks.facts.names import mentioned
from sekisho.checks.facts.requests import is_a_known_firms, letter, says_a_firm
from sekisho.checks.facts.sender import is_colleague
from sekisho.evidence import NOTHING, Evidence, FindingKind, Place, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import RequestWords

GIFT = FindingKind(
    "lure.gift_for_a_fee",
    5.5,
    "It gives something away for a fee, and says nowhere which firm gives it.",
    "送料などの手数料と引き換えに何かを贈るとしながら、どの会社が贈るのかを示していません。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
IN_A_NAME = FindingKind(
    "lure.gift_in_a_name",
    2.5,
    "It does so in the name of {name}, from {author}, which has nothing to do with it.",
    "「{name}」の名を使っていますが、差出人 {author} とは関係がありません。",
)
KINDS = (GIFT, IN_A_NAME)

MAX_LETTER_CHARS = 2_500  # of a text; a shop's page is longer
HEAD_CHARS = 300  # of it, where it is said what is given
BESIDE_CHARS = 48  # before and behind an amount, where it is said what it is for


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most two findings, where nobody gives something away."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None or not seen.destinations or len(message.text) > MAX_LETTER_CHARS or is_digest(seen):
        return NOTHING
    text = letter(message, words)
    head = len(message.subject) + HEAD_CHARS
    if not _costs(text, words.requests) or words.requests.gifts.search(text, 0, head) is None:
        return NOTHING
    if is_a_known_firms(message, seen, context) or is_colleague(message, seen, context):
        return NOTHING
    domain = mailbox.domain or ""
    if context.registry.owner(domain) is not None or says_a_firm(message, context):
        return NOTHING
    brand = next(mentioned(f"{mailbox.name}\n{message.subject}", Place.DISPLAY_NAME, context), None)
    if brand is None or context.registry.could_own(domain, brand.brand or ""):
        return Evidence(findings=(GIFT.found(),))
    return Evidence(findings=(GIFT.found(), IN_A_NAME.found(name=brand.text, author=mailbox.address)))


def _costs(text: str, words: RequestWords) -> bool:
    """True if an amount is said to be for the delivery or the like."""
    return any(
        words.fees.search(text, max(0, amount.start() - BESIDE_CHARS), amount.end() + BESIDE_CHARS)
        for amount in AMOUNT.finditer(text)
    )
