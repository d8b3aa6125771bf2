"""Facts of greetings: whether a line greets a reader by its name, or without one."""

from __future__ import annotations

import re

from sekisho.message import Message
from sekisho.words import Vocabulary

MAX_HEAD_CHARS = 1_500  # at the beginning of a text, where the reader is greeted
MAX_LINE_CHARS = 200  # of one line
MAX_HEAD_LINES = 6  # at the beginning of a text, with words in them, one of which greets its reader
NAME_WITH_TITLE = re.compile(r"([^\s、。を][^、。を]{0,15}?)[ \u3000]?(?:様|さま|さん|殿)(?:\W|\Z)")
CAPITAL = re.compile(r"\W{0,3}[^\W\d_a-zß-öø-ÿ][\w'’.-]{0,40}")


def greets_nobody(message: Message, words: Vocabulary) -> str | None:
    """The line that greets a reader in general (`Dear valued customer`, お客様各位); None if there is none."""
    return next((line for line in head_lines(message) if is_impersonal(line, words)), None)


def head_lines(message: Message) -> list[str]:
    """The lines at the beginning of the text, without the spaces around them."""
    return [line[:MAX_LINE_CHARS].strip() for line in message.text[:MAX_HEAD_CHARS].splitlines()]


def is_impersonal(line: str, words: Vocabulary) -> bool:
    """True for a line that greets a reader by no name."""
    greeting = words.greeting.greetings.match(line)
    if greeting and words.greeting.readers.match(line, greeting.end()):
        return True
    return words.greeting.impersonal_greetings.match(line) is not None


def greets_by_name(message: Message, words: Vocabulary) -> bool:
    """True if one of the first lines greets a reader by a name: `Dear Ms Ito`, `Hi Dana`, 佐藤 恵様."""
    lines = [line for line in head_lines(message) if any(map(str.isalpha, line))][:MAX_HEAD_LINES]
    return any(_has_a_name(line, words) for line in lines if not is_impersonal(line, words))


def _has_a_name(line: str, words: Vocabulary) -> bool:
    named = NAME_WITH_TITLE.match(line)
    if named is not None:
        return words.greeting.nobody.search(named[1]) is None
    if any(CAPITAL.match(line, title.end()) for title in words.greeting.titles.finditer(line)):
        return True
    greeting = words.greeting.greetings.match(line)
    return greeting is not None and CAPITAL.match(line, greeting.end()) is not None
