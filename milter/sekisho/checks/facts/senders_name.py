"""Facts of the sender's own name: whether the message says it, and whether a name beside a brand's is its sender's.

A sender's name is what stands before its address, and what its domain is called. Whoever has a name says it again:
in its domain, in a line with the form of a company, in its text. An impostor's mask stands before the address alone.

It cannot see a name in a picture, nor that a name is made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum

from sekisho.checks.facts.domain_names import is_called_as
from sekisho.checks.facts.names import related
from sekisho.checks.facts.sender import organisation
from sekisho.checks.facts.texts import MAX_SCANNED_CHARS, told_text
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

MAX_LINE_CHARS = 80  # of a line in which a sender says its name
MAX_LINES = 12  # at the beginning of a text and at its end in which an organisation says its name
WRITTEN_WORDS = re.compile(r"(?<![\w@./-])\w+(?![\w@/-]|\.\w)")  # of a text, and not of a host or an address


class NameStanding(IntEnum):
    """How well words beside a brand's name in the sender's name are known to be the sender's own name. A greater value
    says more."""

    UNKNOWN = 0
    TOLD = 1
    """Its domain has them, or a line of the text that says a company. A stranger can arrange that."""
    PROVEN = 2
    """Its proven domain has them, and a line of the text says them to the reader, too."""


def name_standing(rest: str, message: Message, seen: Evidence, context: Context) -> NameStanding:
    """How well `rest`, what a sender's name says beside a brand's, is known to be a name of its own: `Your Amazon bill,
    by Cloudpenny` from cloudpenny.example. The name of another brand is none, and in the mail of a platform (`…
    (Dropbox)`) the platform's is not the writer's."""
    domain, words = message.author.domain or "", context.vocabulary.names.proper(rest)
    latin = tuple(word for word in words if word.isascii())
    if latin and related(latin, (organisation(domain),)):
        if context.registry.owner(domain) is not None:
            return NameStanding.UNKNOWN
        own = {word for word in latin if related((word,), (organisation(domain),))}
        proven = seen.authenticated and context.providers.kind(domain) is None and bool(own)
        return NameStanding.PROVEN if proven and _stand_in_a_line(own, message) else NameStanding.TOLD
    return (
        NameStanding.TOLD
        if words and _stand_beside_a_company(words, message, context)
        else NameStanding.UNKNOWN
    )


def _stand_in_a_line(words: set[str], message: Message) -> bool:
    lines = message.text[:MAX_SCANNED_CHARS].lower().split("\n")
    return any(words.issubset(WRITTEN_WORDS.findall(line)) for line in lines if len(line) <= MAX_LINE_CHARS)


def _stand_beside_a_company(words: tuple[str, ...], message: Message, context: Context) -> bool:
    """True if a line that says a company, or how it is reached, has all of the words."""
    find = context.vocabulary.names.contact_words.search
    return any(
        find(line) is not None and all(word in line.lower() for word in words)
        for line in outer_lines(message)
    )


def outer_lines(message: Message) -> Iterator[str]:
    """The short lines at the beginning of the text and at its end, each once."""
    lines = [line.strip() for line in message.text.split("\n") if line.strip()]
    outer = dict.fromkeys((*lines[:MAX_LINES], *lines[-MAX_LINES:]))
    return (line for line in outer if len(line) <= MAX_LINE_CHARS)


def says_words(words: Iterable[str], message: Message) -> bool:
    """True if subject, title or text say one of the words of the sender's name. The words are in small letters."""
    told = told_text(message)
    return any(word in told for word in words)


def knows_words(words: Iterable[str], message: Message) -> bool:
    """True if one of the words stands in the author's domain, or is said by the message."""
    words, domain = tuple(words), message.author.domain or ""
    return any(word in domain for word in words) or says_words(words, message)


def says_domain(message: Message, words: Vocabulary) -> bool:
    """True if subject, title or text call the sender as its domain is called (`domain_names.is_called_as`)."""
    return is_called_as(message.author.domain or "", told_text(message), words)
