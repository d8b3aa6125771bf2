"""A secret that nobody asks for by mail: the PIN of a card, the code on its back, all cells of a code table, the words
that restore a wallet.

Whoever issued a secret has no use for it, and says so to its customers. So what counts is that the reader is to have it
ready or to enter it, in one sentence, whatever the message is about and whoever it comes from. A sentence with a
negation asks for none, and a code that stands beside the word (of a parcel locker, say) is told and not asked.

It cannot see a secret that only the page behind the link asks for.
"""

from __future__ import annotations

import re

from sekisho.checks.facts.nobody import can_be_acted_on, is_known
from sekisho.checks.facts.requests import letter
from sekisho.checks.facts.texts import SENTENCE_END
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

SECRET = FindingKind(
    "lure.asks_for_a_secret",
    5,
    "It wants a secret that nobody asks for by mail: {secret}.",
    "メールで求められることのない秘密の情報（{secret}）の用意や入力を求めています。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
KINDS = (SECRET,)

TOLD = re.compile(r"\W{0,3}(?:is|ist|は)?\W{0,4}\d{3}", re.ASCII)  # behind the word: the code itself
MAX_SENTENCES = 200


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """A doubt, if a sender that nobody knows asks for such a secret."""
    if is_known(message, seen, context) or not can_be_acted_on(message, seen):
        return NOTHING
    secret = _asked(letter(message, context.vocabulary), context.vocabulary)
    return NOTHING if secret is None else Evidence(doubts=(SECRET.found(secret=secret),))


def _asked(text: str, words: Vocabulary) -> str | None:
    """The first secret that a sentence asks for."""
    secrets, needs = words.requests.secrets, words.requests.needs
    if secrets.search(text) is None:
        return None
    denies = (words.quotes.forbidding_words.search, words.demands.negations.search)
    for sentence in SENTENCE_END.split(text)[:MAX_SENTENCES]:
        found = secrets.search(sentence)
        if found is None or TOLD.match(sentence, found.end()) is not None:
            continue
        if needs.search(sentence) is not None and not any(denied(sentence) for denied in denies):
            return found[0]
    return None
