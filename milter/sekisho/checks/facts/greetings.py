"""Facts of greetings: whether a line greets a reader without a name, or with one.

It cannot see whether the name is the reader's: a recipient's address says no more than its own part of it.
"""

from __future__ import annotations

import re

from sekisho.message import Message
from sekisho.words import Vocabulary

# A name of up to four words, and no sentence. お客様 is anybody.
NAMED = re.compile(r"[ ,]{0,3}([A-ZÀ-Þ][\w.'’-]{0,30}(?: [\w.'’-]{1,30}){0,3})[,:!.]?\Z")
TITLED = re.compile(
    r"([^\s、。:を]{1,20}(?:[ \u3000][^\s、。:を]{1,20}){0,3})[ \u3000]?(?<![客皆])(?:様|さま|さん|殿)"
    r"(?=[\s、,。:)]|\Z)"
)
MAX_HEAD_CHARS = 1_500  # at the beginning of a text, where the reader is greeted
MAX_LINE_CHARS = 200  # of one line
MAX_HEAD_LINES = 6  # at the beginning of a text, with words in them, one of which greets its reader


def greets_nobody(message: Message, words: Vocabulary) -> str | None:
    """The line that greets a reader in general (`Dear valued customer`, お客様各位); None if there is none."""
    return next((line for line in head_lines(message) if is_impersonal(line, words)), None)


def greets_somebody(message: Message, words: Vocabulary) -> bool:
    """True if a line at the beginning greets a reader by a name that its address does not give away (`Dear Ms Owen`,
    中村様): the sender knows it."""
    local_parts = {each.address.partition("@")[0].lower() for each in message.envelope.recipients}
    lines = [line for line in head_lines(message) if any(map(str.isalpha, line))][:MAX_HEAD_LINES]
    names = (_greeted(line, words) for line in lines if not is_impersonal(line, words))
    return any(name and "@" not in name and name.lower() not in local_parts for name in names)


def _greeted(line: str, words: Vocabulary) -> str:
    """The name that a line greets; empty if there is none."""
    if (titled := TITLED.match(line)) is not None:
        named_so = words.names.naming(titled[1]) and words.greeting.nobody.search(titled[1]) is None
        return titled[1] if named_so else ""
    ends = [title.end() for title in words.greeting.titles.finditer(line)]
    if (greeting := words.greeting.greetings.match(line)) is not None:
        ends.append(greeting.end())
    for end in ends:
        named = NAMED.match(line, end)
        if (
            named is not None
            and words.greeting.readers.match(line, end) is None
            and words.names.naming(named[1])
        ):
            return named[1]
    return ""


def head_lines(message: Message) -> list[str]:
    """The lines at the beginning of the text, without the spaces around them."""
    return [line[:MAX_LINE_CHARS].strip() for line in message.text[:MAX_HEAD_CHARS].splitlines()]


def is_impersonal(line: str, words: Vocabulary) -> bool:
    """True for a line that greets a reader by no name."""
    greeting = words.greeting.greetings.match(line)
    if greeting and words.greeting.readers.match(line, greeting.end()):
        return True
    return words.greeting.impersonal_greetings.match(line) is not None
