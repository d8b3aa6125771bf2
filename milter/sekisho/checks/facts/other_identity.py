"""Facts of who else than a brand a message may be from: whether it tells of another sender than the brand it names.

Whoever writes about a brand and is not the brand says who it is: a dealer, an agency, an accountant, a club. It writes
its name or its domain's into the text, it signs, or a line has another company's name. An impostor says nothing of
itself, since its reader is to see the brand alone. Somebody who signs as one of the brand's people, and whose domain
does not have that name, tells of nobody else either: `Ann Lee`, and below it `Account Security, Coinbase`.

It cannot see a name in a picture, nor that a name is made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple
from unicodedata import normalize

from sekisho.checks.facts.domain_names import is_called_as
from sekisho.checks.facts.names import related, rest_of_name
from sekisho.checks.facts.sender import organisation
from sekisho.checks.facts.senders_name import MAX_LINE_CHARS, MAX_LINES
from sekisho.checks.facts.texts import HOST_OR_ADDRESS, MAX_SCANNED_CHARS, plain_subject, plain_text
from sekisho.checks.facts.voices import places_of
from sekisho.checks.facts.written_ways import HOST_IN_WORDS
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import NameWords, Vocabulary

MAX_PICTURES = 20  # of one page that are read
MAX_SIGNATURE_LINES = 3  # between a person's name and the organisation it signs for
MAX_SIGNATURE_CHARS = 60  # of each of these lines
MAX_PERSONS_WORDS = 3  # of a name with which a letter is signed
MAX_FAREWELL_CHARS = 40  # of the line above it
FAREWELL = re.compile(r"[,，、]\s*\Z")
LETTERS = re.compile(r"[^\W\d_]")
JAPANESE, HIRAGANA = re.compile("[\u3040-\u9fff]"), re.compile("[ぁ-ゖ]+")
NUMBER = re.compile(r"\d")


class ToldLine(NamedTuple):
    """A line of a message as it is read, and without the brand's names, hosts and addresses."""

    read: str
    plain: str
    has_brand: bool


def says_another(brand: str, message: Message, context: Context) -> bool:
    """True if the message tells of another sender than the brand: by a word of the sender's name or of its domain, by
    the name of another company, or by another person's name below a letter."""
    lines = tuple(_lines(brand, message, context))
    words = context.vocabulary
    return (
        is_called_as(message.author.domain or "", " ".join(line.plain for line in lines), words)
        or _says_name(lines, message, context)
        or _names_a_company(brand, lines, context)
        or _is_signed(lines, message, words)
    )


def _lines(brand: str, message: Message, context: Context) -> Iterator[ToldLine]:
    """The lines of subject, title and text that have words, and the words that stand for pictures."""
    title, text = normalize("NFKC", message.title), plain_text(message)[:MAX_SCANNED_CHARS]
    images = (alt[:MAX_LINE_CHARS] for page in message.pages for _, alt in page.images[:MAX_PICTURES])
    told = "\n".join((plain_subject(message), title, *map(partial(normalize, "NFKC"), images), text))
    plain = list(told)
    for mention in context.registry.mentions(told):
        if mention.brand in context.registry.affiliates(brand):
            for start, end in places_of(told, mention):
                plain[start:end] = ("\n" if letter == "\n" else " " for letter in told[start:end])
    for line, rest in zip(told.split("\n"), "".join(plain).split("\n"), strict=True):
        if LETTERS.search(line):
            plain_line = HOST_IN_WORDS.sub(" ", HOST_OR_ADDRESS.sub(" ", rest)).strip()
            yield ToldLine(line.strip(), plain_line, line != rest)


def _says_name(lines: tuple[ToldLine, ...], message: Message, context: Context) -> bool:
    """True if a line has a word of the sender's name, and not as one of the brand's people."""
    words = context.vocabulary.names
    name = rest_of_name(message.author.name, context.registry.mentions(message.author.name))
    written = name.strip().lower()
    own = words.proper(name) or ((written,) if written else ())
    domain = organisation(message.author.domain or "")
    staff = not (name.isascii() and related(own, (domain,)))
    patterns = tuple(map(_written, own))
    return any(
        any(word.search(line.plain) for word in patterns) and not (staff and _is_staff(lines, at, own, words))
        for at, line in enumerate(lines)
    )


def _written(word: str) -> re.Pattern[str]:
    """Finds a word of a name as names are written: in Latin letters with a capital, and whole."""
    if not word.isascii():
        return re.compile(re.escape(word))
    return re.compile(rf"(?<!\w)(?:{re.escape(word.capitalize())}|{re.escape(word.upper())})(?!\w)")


def _is_staff(lines: tuple[ToldLine, ...], at: int, own: tuple[str, ...], words: NameWords) -> bool:
    """True if the name in this line is that of one of the brand's people: the line, or a short one near it, has the
    brand and nothing else that names anybody."""
    near = lines[max(0, at - MAX_SIGNATURE_LINES) : at + MAX_SIGNATURE_LINES + 1]
    for line in (lines[at],) if lines[at].has_brand else near:
        if not line.has_brand or len(line.read) > MAX_SIGNATURE_CHARS:
            continue
        rest = line.plain
        for word in own:
            rest = re.sub(re.escape(word), " ", rest, flags=re.IGNORECASE)
        if words.delegate_words.search(rest) is None and _is_an_offices(rest, words):
            return True
    return False


def _is_an_offices(rest: str, words: NameWords) -> bool:
    """True for what stands beside a person and a brand if it tells an office or a post: a few Latin words, or Japanese
    ones of which no name is left (口座管理の…です)."""
    if JAPANESE.search(rest) is None:
        return len(words.naming(rest)) <= MAX_PERSONS_WORDS
    return not words.naming(HIRAGANA.sub(" ", rest))


def _names_a_company(brand: str, lines: tuple[ToldLine, ...], context: Context) -> bool:
    """True if a short line at the beginning or at the end has the name of an organisation, and not the brand's. Where
    a brand is known by its name in other letters, a domain of that name would be its own (`Epos Card Co., Ltd.`)."""
    words, outer = context.vocabulary.names, dict.fromkeys((*lines[:MAX_LINES], *lines[-MAX_LINES:]))
    for line in outer:
        if line.has_brand or len(line.read) > MAX_LINE_CHARS:
            continue
        name = words.proper(line.plain)
        if not name or words.organisation_words.search(line.plain) is None:
            continue
        label = "".join(word for word in name if word.isascii())
        if not label or context.registry.kinship(f"{label}.com", brand) is None:
            return True
    return False


def _is_signed(lines: tuple[ToldLine, ...], message: Message, words: Vocabulary) -> bool:
    """True if a person's name that is not beside the brand's stands below a letter: a line of a few words with capitals
    behind one that ends with a comma."""
    buttons = {link.text.strip() for link in message.links}
    for at, (above, line) in enumerate(pairwise(lines)):
        if not FAREWELL.search(above.read) or len(above.read) > MAX_FAREWELL_CHARS or line.read in buttons:
            continue
        below = lines[at + 2 : at + 2 + MAX_SIGNATURE_LINES]
        if _is_a_persons(line, words) and not any(each.has_brand for each in below):
            return True
    return False


def _is_a_persons(line: ToldLine, words: Vocabulary) -> bool:
    """True for a line of a few words with capitals that name somebody, and that the brand's name is not among."""
    parts = line.read.split()
    if line.has_brand or len(parts) > MAX_PERSONS_WORDS or NUMBER.search(line.read):
        return False
    return all(part[:1].isupper() for part in parts) and bool(words.names.naming(line.read))
