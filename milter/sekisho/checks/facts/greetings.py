"""Facts of greetings: whether a line greets a reader without a name."""

from __future__ import annotations

from sekisho.message import Message
from sekisho.words import Vocabulary

MAX_HEAD_CHARS = 1_500  # at the beginning of a text, where the reader is greeted
MAX_LINE_CHARS = 200  # of one line


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
