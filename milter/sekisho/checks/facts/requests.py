"""Facts of requests in letters: the text in which they are looked for, who is addressed, and whether anybody can be
asked about them.

A stranger who wants something without a page to show writes a letter. What it wants differs from letter to letter; how
the letter is built does not: it says in whose place it speaks, and it leaves no way to ask anybody else.

It cannot see what a picture or a file says.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from sekisho.checks.facts.nobody import names_a_firm, reaches
from sekisho.checks.facts.once import once
from sekisho.checks.facts.quotes import own_text
from sekisho.checks.facts.senders_name import says_domain
from sekisho.checks.facts.texts import plain_subject
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

MAX_SCANNED_CHARS = 3_000  # of a text; a letter comes to its request earlier
MAX_OPENING_LINES = 6  # in which a letter addresses its readers
MAX_CLOSING_LINES = 4  # in which it is signed
MAX_LINE_CHARS = 60  # of a line that addresses somebody, or is a signature
STRAIGHT = str.maketrans("’‘ʼ", "'''")
SENTENCE_ENDS = (".", "。", "!", "?", "！", "？")


@once
def letter(message: Message, words: Vocabulary) -> str:
    """Subject and text as requests are looked for in them: in one width, with straight apostrophes, without quoted
    mail."""
    text = normalize("NFKC", own_text(message, words)[:MAX_SCANNED_CHARS])
    return f"{plain_subject(message)}\n{text}".translate(STRAIGHT)


def opening_lines(message: Message, words: Vocabulary) -> list[str]:
    """The short lines at the beginning of the text that are no sentences: these address the readers."""
    return _short(_lines(message, words)[:MAX_OPENING_LINES])


def closing_lines(message: Message, words: Vocabulary) -> list[str]:
    """The short lines at the end of the text that are no sentences: there it is signed."""
    return _short(_lines(message, words)[-MAX_CLOSING_LINES:])


def _lines(message: Message, words: Vocabulary) -> list[str]:
    return [line.strip() for line in letter(message, words).split("\n")[1:] if line.strip()]


def _short(lines: list[str]) -> list[str]:
    return [line for line in lines if len(line) <= MAX_LINE_CHARS and not line.endswith(SENTENCE_ENDS)]


def speaks_to_staff(message: Message, words: Vocabulary) -> bool:
    """True if a letter addresses the people of one firm, greets its readers as colleagues, or speaks of their firm as
    of the own one."""
    asked = words.requests
    text = letter(message, words)
    if asked.own_firm.search(text) is not None or asked.colleagues.search(text) is not None:
        return True
    return any(asked.staff.search(line) is not None for line in opening_lines(message, words))


def keeps_off_the_telephone(message: Message, words: Vocabulary) -> bool:
    """True if a letter says that nobody can or may be called."""
    return words.requests.closed_telephone.search(letter(message, words)) is not None


def can_be_asked(message: Message, words: Vocabulary) -> bool:
    """True if a letter wants to be called or shows how to reach its sender, and does not close the telephone."""
    if keeps_off_the_telephone(message, words):
        return False
    return words.requests.open_telephone.search(letter(message, words)) is not None or reaches(message, words)


def is_a_known_firms(message: Message, seen: Evidence, context: Context) -> bool:
    """True for mail that is proven to come from a registered brand, and not from a mailbox that it gives to anybody."""
    if context.providers.kind(message.author.domain or "") == "mailbox":
        return False
    return any(proof.brand for proof in seen.proofs)


def says_a_firm(message: Message, context: Context) -> bool:
    """True if a letter says an organisation as its sender's: a firm, the name of its domain, or a line with a word for
    an organisation beside a name. The name of a person is none."""
    words = context.vocabulary
    if names_a_firm(message, words):
        return True
    private = context.providers.kind(message.author.domain or "") is not None
    if not private and says_domain(message, words):
        return True
    lines = (*opening_lines(message, words), *closing_lines(message, words))
    return any(_is_an_organisation(line, words) for line in lines)


def _is_an_organisation(line: str, words: Vocabulary) -> bool:
    if words.names.organisation_words.search(line) is None or words.reader_labels.search(line) is not None:
        return False
    return bool(words.names.naming(re.sub(r"[^\w\s]", " ", line)))
