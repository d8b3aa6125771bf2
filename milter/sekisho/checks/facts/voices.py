"""Facts of the roles in which a text names somebody: as its writer, as whose customer its reader is, or as a topic.

A text says who writes it in few places: in its greeting, in its first sentence, in a line of its own, and where it
ends. Everything else may be about others. A name is looked for in all places where it stands, since a message may first
mention a brand and sign as it later.

It cannot see a writer that says who it is in other words than those of `config/vocabulary/claims.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from itertools import islice

from sekisho.known import Mention
from sekisho.words import Vocabulary

CONTEXT_CHARS = 24  # before and behind a name; they say in which role it stands
MAX_THANKS_CHARS = 60  # behind a name, in which a text thanks for its use
MAX_PLACES = 12  # of one name in a part of a text that are looked at
MAX_HEADING_LINES = 3  # at the beginning of a text, of which one may be a name alone; as many at its end

# The brackets around a name with which a subject is headed: 【…】, `[…]`.
_OPENING, _CLOSING = r"【\[〔<〈《＜「『(（", r"】\]〕>〉》＞」』)）"
OPENED = re.compile(rf"\s{{0,9}}+[{_OPENING}]\s{{0,9}}+")
HEAD = re.compile(rf"{OPENED.pattern}([^{_CLOSING}]{{2,40}})[{_CLOSING}]")

# What stands before a name in an item of a list, or between quotation marks.
LISTED = re.compile(r"\A\s*(?:[・･*•●○■□◆◇▪‣–—-]|\d{1,2}[.)．）]|[①-⑳])|[\"“„«「『][^\"”»」』]*\Z")

# A sentence that leads up to the name goes on behind the end of its line.
WRAPPED = re.compile(r"\w[^\S\n]?\Z")

# A sentence that begins `東京電力です。` introduces its writer.
STARTS = re.compile(r"(?:\A|[\n。!！])\s*\Z")
INTRODUCES = re.compile(
    r"\A\s{0,2}(?:です[。、\s]|でございます|(?:より|から)の?(?:重要な)?お知らせ(?:です|[。、\s]|\Z))"
)


class Voice(IntEnum):
    """What a text says of somebody that it names. A greater value says more of its writer."""

    TOPIC = 0
    CUSTOMERS = 1
    """The reader is a customer of it: `your … account`. Strangers say so, too."""
    WRITERS = 2
    """It writes: ©, `The … team`."""


def voice(text: str, start: int, end: int, words: Vocabulary) -> Voice:
    """The role of the name at the indexes `start:end`."""
    before = text[max(0, start - CONTEXT_CHARS) : start]
    after = text[end : end + CONTEXT_CHARS]
    line = after.replace("\n", " ", 1) if WRAPPED.search(before) else after
    if (
        introduces(text, start, end, words)
        or words.voices.below_name.match(after) is not None
        or words.voices.writer_before_name.search(before) is not None
        or words.voices.writer_after_name.match(line) is not None
        or _is_thanked_for(text, end, words)
    ):
        return Voice.WRITERS
    customers = (
        words.voices.before_name.search(before) is not None
        or words.voices.after_name.match(line) is not None
        or words.voices.thanks_for.match(after) is not None
    )
    return Voice.CUSTOMERS if customers else Voice.TOPIC


def _is_thanked_for(text: str, end: int, words: Vocabulary) -> bool:
    """True if the text thanks, in the same sentence, for the use of the name that ends at this index: only who is
    used thanks. (Before the name, `thank you for using` is one of the writer's words.)"""
    after = text[end : end + MAX_THANKS_CHARS].partition("。")[0]
    return words.voices.thanks_for.match(after) is not None and words.voices.thanks.search(after) is not None


def introduces(text: str, start: int, end: int, words: Vocabulary) -> bool:
    """True if a sentence begins with the name at these indexes and introduces its writer by it. People do so, too."""
    if STARTS.search(text[max(0, start - CONTEXT_CHARS) : start]) is None:
        return False
    after = text[end : end + CONTEXT_CHARS]
    return INTRODUCES.match(after) is not None or words.voices.introductions.match(after) is not None


def places_of(text: str, mention: Mention) -> Iterator[tuple[int, int]]:
    """The indexes of each place where a text has the name as it is written where it was found first, or in other
    capitals."""
    written = text[mention.start : mention.end]
    found = re.compile(re.escape(written), re.IGNORECASE).finditer(text, mention.start) if written else ()
    for place in islice(found, MAX_PLACES):
        start, end = place.span()
        if _is_whole(text, start, end) and (place[0] == written or place[0][0].isupper()):
            yield start, end


def _is_whole(text: str, start: int, end: int) -> bool:
    """True if no further Latin letters belong to the word at these indexes."""
    return not (
        _goes_on(text[start - 1 : start], text[start]) or _goes_on(text[end - 1], text[end : end + 1])
    )


def _goes_on(before: str, after: str) -> bool:
    return before.isascii() and after.isascii() and before.isalnum() and after.isalnum()


def subject_head(subject: str) -> str:
    """What stands in brackets at the beginning of a subject; empty if nothing does."""
    found = HEAD.match(subject)
    return found[1] if found else ""


def heads_subject(subject: str, start: int) -> bool:
    """True if the name at this index is the first thing in the brackets with which a subject begins. They may be left
    open."""
    opened = OPENED.match(subject)
    return opened is not None and opened.end() == start


def is_listed(text: str, at: int) -> bool:
    """True if the index lies in an item of a list, or between quotation marks."""
    return LISTED.search(text[text.rfind("\n", 0, at) + 1 : at]) is not None


def stands_alone(text: str, start: int, end: int, words: Vocabulary) -> bool:
    """True if the name at these indexes is all that its line says, among the first or the last lines of the text: a
    heading, or a signature. Words of offices may stand beside it."""
    line = f"{text[text.rfind(chr(10), 0, start) + 1 : start]} {text[end:].partition(chr(10))[0]}"
    if words.names.proper(line):
        return False
    return _are_few(text[:start].split("\n")[:-1]) or _are_few(text[end:].split("\n")[1:])


def _are_few(lines: list[str]) -> bool:
    """True if fewer of the lines than a heading or a signature may have hold letters."""
    return len(list(islice(filter(_has_letters, lines), MAX_HEADING_LINES))) < MAX_HEADING_LINES


def _has_letters(line: str) -> bool:
    return any(map(str.isalpha, line))
