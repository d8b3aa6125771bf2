"""The texts of a message as checks search them: in one width, and without addresses."""

from __future__ import annotations

import re
from unicodedata import normalize

from sekisho.checks.facts.once import once
from sekisho.message import Message

MAX_SCANNED_CHARS = 20_000  # of a text whose words are looked for
MAX_LETTER_CHARS = 3_000  # of a letter; a sender that writes more says who it is
MAX_TEXTS = 4  # text parts of a message that are told apart, the first and the last ones
SENTENCE_END = re.compile(r"[.!?。！？\n]")
HOST_OR_ADDRESS = re.compile(r"https?://\S{1,2000}|\S{0,100}@\S{1,255}|(?:[\w-]{1,63}\.){1,8}[a-z]{2,20}\b")


@once
def plain_text(message: Message) -> str:
    """The text in one width (NFKC): `０５０－…` is a telephone number."""
    return normalize("NFKC", message.text)


@once
def plain_subject(message: Message) -> str:
    """The subject in one width."""
    return normalize("NFKC", message.subject)


@once
def texts_of_parts(message: Message) -> tuple[str, ...]:
    """The texts of the text parts, without empty ones. A mail program shows one of several that say the same, so a long
    one in front of a page makes what the page says no better."""
    starts = message.starts or (0,)
    spans = list(zip(starts, (*starts[1:], len(message.text)), strict=True))
    if len(spans) > MAX_TEXTS:
        spans = [*spans[: MAX_TEXTS // 2], *spans[-MAX_TEXTS // 2 :]]
    return tuple(text for start, end in spans if (text := message.text[start:end].strip()))


def is_long(message: Message) -> bool:
    """True for more than a letter. Of a message with a page the last text counts, which programs show: long plain text
    that is put in front of it is not read by anybody."""
    if message.pages and (texts := texts_of_parts(message)):
        return len(texts[-1]) > MAX_LETTER_CHARS
    return len(message.text) > MAX_LETTER_CHARS


@once
def pictured_text(message: Message) -> str:
    """What stands in place of the pictures of pages, where they are not shown: many senders have their name in one."""
    return " ".join(alternative for page in message.pages for _, alternative in page.images)


@once
def told_text(message: Message) -> str:
    """What subject, title and text say in words, in one width and small letters, without hosts and addresses: these
    have the names of senders, too."""
    text = f"{plain_subject(message)}\n{normalize('NFKC', message.title)}\n{plain_text(message)[:MAX_SCANNED_CHARS]}"
    return HOST_OR_ADDRESS.sub(" ", text).lower()
