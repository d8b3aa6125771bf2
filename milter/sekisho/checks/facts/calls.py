"""Facts of a call that a message asks for: it tells of a charge, and a telephone number is to undo it.

The number may be written so that programs do not see it, with letters for digits and signs between them
(`+1 ((8O5)) 555~O199`). Such a number counts only beside a word that asks for a call.

It cannot see a number in words or in a picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.checks.facts.telephones import TELEPHONE
from sekisho.checks.facts.texts import SENTENCE_END, plain_subject, plain_text
from sekisho.message import Message
from sekisho.words import CallWords

MAX_SCANNED_CHARS = 8_000  # of a text that are searched
MAX_NUMBERS = 8  # in a text that are looked at
CALL_CHARS = 80  # before a number, and behind it in the same sentence, where a word asks for the call
UNDO_CHARS = 240  # before it, and behind it in the same sentence, where it is said what for
MIN_DIGITS = 7  # of a number in disguise that are digits and not letters
# Letters stand for digits, and a few signs between them. An amount, a date, a fraction are none.
DISGUISED = re.compile(
    r"(?<![\w.,$€£¥#/:-])\+?[(\[{*]{0,2}(?:[0-9OoIl][^\w\n,;:!?$€£¥#]{0,4}){9,13}[0-9OoIl](?![\w,:/-])",
    re.ASCII,
)
AMOUNT = re.compile(
    r"[$€£¥₹]\s?\d|\d\s?(?:[$€£¥円元]|zł)|\b(?:USD|EUR|GBP|CHF|AUD|CAD)\s?\d|\d\s?(?:USD|EUR|GBP|CHF|AUD|CAD)\b"
)
# Marks that make a digit a picture of itself (`1\ufe0f\u20e3`).
KEYCAPS = re.compile("[\ufe0f\u20e3]")


@dataclass(frozen=True, slots=True)
class AskedCall:
    """A number that is to be called, as it is written, and whether that is for whoever did not order it (`denied`)."""

    number: str
    denied: bool


def asked_call(message: Message, words: CallWords) -> AskedCall | None:
    """The call by which a message offers to undo a charge; None if it asks for none."""
    text = _read(message)
    if AMOUNT.search(text) is None:
        return None
    for start, end in _called(text, words):
        about = f"{text[max(0, start - UNDO_CHARS) : start]} {_sentence(text[end : end + UNDO_CHARS])}"
        denied = words.denial.search(about) is not None
        if (denied or words.undo.search(about)) and words.charge.search(text):
            return AskedCall(text[start:end].strip(), denied)
    return None


def asks_to_call(message: Message, words: CallWords) -> bool:
    """True if a word that asks for a call stands beside a telephone number, also beside one in disguise."""
    return any(True for _ in _called(_read(message), words))


def _sentence(behind: str) -> str:
    """What belongs to a number in the text behind it. What to do without a call stands in the next sentence."""
    return SENTENCE_END.split(behind, maxsplit=1)[0]


def _read(message: Message) -> str:
    text = f"{plain_subject(message)}\n{plain_text(message)[:MAX_SCANNED_CHARS]}"
    return KEYCAPS.sub("", text)


def _called(text: str, words: CallWords) -> Iterator[tuple[int, int]]:
    """Where the numbers stand that a text asks to call."""
    for start, end in _numbers(text):
        near = text[max(0, start - CALL_CHARS) : start], _sentence(text[end : end + CALL_CHARS])
        if any(map(words.call.search, near)):
            yield start, end


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where telephone numbers stand in a text, plain ones first."""
    plain = [found.span() for found in TELEPHONE.finditer(text)][:MAX_NUMBERS]
    yield from plain
    for found in DISGUISED.finditer(text):
        if sum(map(str.isdigit, found[0])) >= MIN_DIGITS and found.span() not in plain:
            yield found.span()
