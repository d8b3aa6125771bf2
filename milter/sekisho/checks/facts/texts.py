"""The texts of a message as checks search them: in one width, and without addresses."""

from __future__ import annotations

import re
from unicodedata import normalize

from sekisho.checks.facts.once import once
from sekisho.message import Message

MAX_SCANNED_CHARS = 20_000  # of a text whose words are looked for
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
def pictured_text(message: Message) -> str:
    """What stands in place of the pictures of pages, where they are not shown: many senders have their name in one."""
    return " ".join(alternative for page in message.pages for _, alternative in page.images)


@once
def told_text(message: Message) -> str:
    """What subject, title and text say in words, in one width and small letters, without hosts and addresses: these
    have the names of senders, too."""
    text = f"{plain_subject(message)}\n{normalize('NFKC', message.title)}\n{plain_text(message)[:MAX_SCANNED_CHARS]}"
    return HOST_OR_ADDRESS.sub(" ", text).lower()
