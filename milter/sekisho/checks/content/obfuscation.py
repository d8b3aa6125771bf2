"""Text that people can read and programs cannot.

Letters of two scripts in one word (UTS 39 section 5), marks and invisible characters between letters, letters replaced
by look-alikes: nobody types these. One is enough in the display name or the subject, which a recipient reads first.
Ordinary Japanese mixes scripts between words and uses joiners in emoji; neither is meant. In the text one word counts
only where the author is in doubt already: a letter of another keyboard gets into honest words too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from sekisho.checks.facts.sender import is_doubted
from sekisho.evidence import NOTHING, Evidence, FindingKind
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.text import combining, invisibles, skeleton, unusual

NAME = FindingKind(
    "disguise.display_name",
    4,
    "The display name is written to deceive programs: {text} ({how}).",
    "表示名が、プログラムの目をごまかす文字で書かれています({how}): {text}",
)
SUBJECT = FindingKind(
    "disguise.subject",
    3,
    "The subject is written to deceive programs: {text} ({how}).",
    "件名が、プログラムの目をごまかす文字で書かれています({how}): {text}",
)
BODY = FindingKind(
    "disguise.text",
    2,
    "The text is written to deceive programs: {text} ({how}).",
    "本文が、プログラムの目をごまかす文字で書かれています({how}): {text}",
)
WORD_OF_TEXT = FindingKind(
    "disguise.word",
    1,
    "A word of the text is spelled with another alphabet's letters: {text}",
    "本文に、別の文字体系の字を混ぜて綴った語があります({text})。",
)

KINDS = (NAME, SUBJECT, BODY, WORD_OF_TEXT)
WORD = re.compile(r"[^\W\d_]{3,64}")
DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")  # U+200E and U+200F move nothing
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
MAX_SCANNED_CHARS = 4_000  # of the text that are looked at
MAX_SHOWN_CHARS = 80  # of a disguised text in an explanation
MIN_WORDS_IN_TEXT = 3  # in another alphabet's letters; of display name and subject one is enough
LATIN = "LATIN"
# Alphabets whose letters look alike.
LOOKALIKE_SCRIPTS = (LATIN, "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding for each place."""
    name = message.author.name
    places = (
        (NAME, name, 1),
        (SUBJECT, message.subject, 1),
        (BODY, message.text[:MAX_SCANNED_CHARS], MIN_WORDS_IN_TEXT),
    )
    found = []
    for kind, text, least in places:
        if not text.isascii() and (how := disguise(text, least)) is not None:
            found.append(kind.found(text=text[:MAX_SHOWN_CHARS], how=how))
    if not any(each.kind is BODY for each in found) and is_doubted(seen):
        body = message.text[:MAX_SCANNED_CHARS]
        word = next(mixed(body, unusual(body)), None)
        found += [WORD_OF_TEXT.found(text=word)] if word else []
    return Evidence(findings=tuple(found)) if found else NOTHING


def disguise(text: str, least: int = 1) -> str | None:
    """What is wrong with a text, in a word, or None; `least` is how many words it takes."""
    if not (odd := unusual(text)):  # every disguise is made of these
        return None
    if DIRECTION_OVERRIDES.search(text) and not RIGHT_TO_LEFT.search(text):
        return "direction marks"
    if len(combining(text)) >= 2 * least:
        return "combining marks"
    if len(invisibles(text)) >= 2 * least:
        return "invisible characters"
    return "mixed alphabets" if sum(1 for _ in mixed(text, odd)) >= least else None


def mixed(text: str, odd: frozenset[str]) -> Iterator[str]:
    """Words of several alphabets that read as one: each foreign letter looks like a Latin one. `odd` are the
    unusual characters of the text."""
    if {"", LATIN}.issuperset(map(_alphabet, odd)):
        return
    for match in WORD.finditer(text):
        word = match[0]
        if len(set(map(_alphabet, word)) - {""}) > 1 and skeleton(word).isascii():
            yield word


@lru_cache(maxsize=8192)
def _alphabet(letter: str) -> str:
    """The alphabet of a letter if it is one whose letters look like another's."""
    if letter.isascii():
        return LATIN
    name = unicodedata.name(letter, "")
    return next((script for script in LOOKALIKE_SCRIPTS if name.startswith(script)), "")
