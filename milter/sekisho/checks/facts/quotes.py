"""Facts of quoted text: which words of a message are not its sender's own.

Quoted is what stands below a line that a mail program writes above forwarded or answered mail (`-----Original
Message-----`, `On Monday, Jane wrote:`, a header field `From: …@…`), up to the end of that text part, and every line
that begins with `>`. A mark counts only in a text part that has words outside of the quotation: a sender that quotes
and says nothing speaks by what it quotes. `Message.quotes` has further ranges, see `inner`.

Quoted words are as much a lure as others. They do not say who the sender is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

MIN_OWN_LETTERS = 2  # `転送`
MAX_MARKED_CHARS = 100_000  # of a text that are searched for marks and warnings
MAX_MARKS = 200  # of one text part that are looked at
MAX_PLACES = 50  # of a text in the message that are looked at
MAX_OWN_CHARS = 3_000  # of the sender's own words that are read for what they ask
HARMLESS_ACTIONS = frozenset({"answer", "call"})  # a help desk may ask for them
SENTENCE_END = re.compile(r"[.!?。！？\n]")

Range = tuple[int, int]


class Quotes:
    """What a message quotes, if its sender may quote. A sender that is not proven, or that asks to open or confirm
    something and does not call any mail suspicious, speaks by what it quotes. Everything is looked for when it is first
    asked for."""

    def __init__(self, message: Message, seen: Evidence, context: Context) -> None:
        self._message, self._seen, self._context = message, seen, context

    def have(self, at: int) -> bool:
        """True if the index of the message's text lies in a quotation."""
        return _lies_in(at, self._ranges)

    def alone_have(self, text: str) -> bool:
        """True if the message has this text, and only in quotations."""
        return only_in(text, self._message.text, self._ranges)

    @cached_property
    def called_suspicious(self) -> bool:
        """True if there are quotations, and the sender's own words call some mail suspicious."""
        return bool(self._ranges) and warns(self._own, self._context.vocabulary)

    @cached_property
    def _ranges(self) -> tuple[Range, ...]:
        if self._seen.unauthenticated or not (ranges := quoted(self._message, self._context.vocabulary)):
            return ()
        suspects = warns(self._own, self._context.vocabulary)
        return ranges if suspects or not asks(self._own, self._context) else ()

    @cached_property
    def _own(self) -> str:
        return own_text(self._message, self._context.vocabulary)


def quoted(message: Message, words: Vocabulary) -> tuple[Range, ...]:
    """The ranges of the message's text that are quoted. They may overlap."""
    lowered = f"\n{message.text[:MAX_MARKED_CHARS]}".lower()
    if not any(hint in lowered for hint in words.quotation_hints):
        return message.quotes
    found = (each for part in _parts(message) for each in _marked(message.text, part, words))
    return (*message.quotes, *found)


def own_text(message: Message, words: Vocabulary) -> str:
    """The message's text without what is quoted."""
    return _without(message.text, (0, len(message.text)), quoted(message, words))


def warns(text: str, words: Vocabulary) -> bool:
    """True if a text calls some mail suspicious, as far as it is searched."""
    lowered = text[:MAX_MARKED_CHARS].lower()
    return any(each in lowered for each in words.warning_words)


def asks(own: str, context: Context) -> bool:
    """True if a text asks to open, confirm, pay or enter something. A sentence that warns of it asks for nothing."""
    forbids = context.vocabulary.forbidding_words.search
    asked = (each for each in SENTENCE_END.split(own[:MAX_OWN_CHARS]) if not forbids(each))
    cues = context.registry.read("\n".join(asked)).cues
    return any(cue.aspect == "action" and cue.name not in HARMLESS_ACTIONS for cue in cues)


def has_words(text: str) -> bool:
    """True for a text that says something at all."""
    return sum(map(str.isalpha, text)) >= MIN_OWN_LETTERS


def only_in(text: str, whole: str, ranges: tuple[Range, ...]) -> bool:
    """True if `whole` has this text, and only in the ranges; False if that would take long to find out."""
    at = whole.find(text) if text and ranges else -1
    for _ in range(MAX_PLACES):
        if at < 0 or not _lies_in(at, ranges):
            return False
        at = whole.find(text, at + len(text))
        if at < 0:
            return True
    return False


def _lies_in(at: int, ranges: tuple[Range, ...]) -> bool:
    return any(start <= at < end for start, end in ranges)


def _parts(message: Message) -> Iterator[Range]:
    """The range of each text part, as far as it is searched."""
    for start, end in pairwise((*message.starts, len(message.text))):
        yield start, max(start, min(end, MAX_MARKED_CHARS))


def _marked(text: str, part: Range, words: Vocabulary) -> tuple[Range, ...]:
    """The ranges that the marks of a text part show; none if it has no words of its own."""
    found: list[Range] = []
    for number, mark in enumerate(words.quotations.finditer(text, *part)):
        if mark["line"] is None or number == MAX_MARKS:
            found.append((mark.start(), part[1]))
            break
        found.append(mark.span())
    return tuple(found) if found and has_words(_without(text, part, tuple(found))) else ()


def _without(text: str, part: Range, ranges: tuple[Range, ...]) -> str:
    pieces, at = [], part[0]
    for start, end in sorted(ranges):
        pieces.append(text[at:start])
        at = max(at, end)
    return "".join([*pieces, text[at : part[1]]])
