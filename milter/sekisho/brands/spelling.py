"""How a piece of text is written: its letters, and the separators between them.

A hit that was found by its skeleton is compared by its spelling: a name that is written as the brand writes it is a
mention, one that is written otherwise may be disguised.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from sekisho.text import breaks, is_hiragana, is_kana, is_kanji, is_katakana

SENTENCE_MARKS = frozenset('。、，,;；！？!?「」『』【】()（）<>"“”')
INVISIBLE_CATEGORIES = frozenset({"Cf", "Mn", "Me"})  # of Unicode
FIRST_JAPANESE = "\u3000"  # from this character on stand the scripts without spaces between words


@dataclass(frozen=True, slots=True)
class Spelling:
    """A piece of text as it is written.

    `letters` are those without separators; `gaps` says after how many letters a separator stood. `sentence`:
    punctuation that ends or quotes something stands inside; `invisible`: an invisible character does.
    """

    letters: str
    gaps: frozenset[int]
    sentence: bool
    invisible: bool


def spell(text: str) -> Spelling:
    """How a piece of text is written, with half and full width unified and case dropped."""
    if text.isascii() and text.isalnum():  # most names
        return Spelling(text.lower(), frozenset(), False, False)
    letters: list[str] = []
    gaps: set[int] = set()
    sentence = invisible = False
    for char in unicodedata.normalize("NFC", _one_width(text)).casefold():
        category = unicodedata.category(char)
        if category in INVISIBLE_CATEGORIES:
            invisible = True
        elif category[0] in "ZPC" and char not in "&":
            sentence = sentence or char in SENTENCE_MARKS
            if not (char in "\r\n" and letters and is_japanese(letters[-1])):
                gaps.add(len(letters))
        else:
            letters.append(char)
    return Spelling("".join(letters), frozenset(gaps - {0, len(letters)}), sentence, invisible)


def _one_width(text: str) -> str:
    if text.isascii() or not any("\uff00" <= char <= "\uffef" for char in text):
        return text
    return "".join(unicodedata.normalize("NFKC", run) if wide else run for wide, run in _runs(text))


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    for match in re.finditer("[\uff00-\uffef]+|[^\uff00-\uffef]+", text):
        yield "\uff00" <= match[0][0] <= "\uffef", match[0]


def joints(name: str, gaps: frozenset[int]) -> frozenset[int]:
    """After how many letters the name itself has a space, changes its script, or goes on with a capital. `gaps` are
    those of its spelling."""
    found = set(gaps)
    letters = [char for char in _one_width(name) if unicodedata.category(char)[0] not in "ZPC" or char == "&"]
    for at, (before, char) in enumerate(pairwise(letters), 1):
        if _script(before) != _script(char) or (before.islower() and char.isupper()):
            found.add(at)
    return frozenset(found)


class Breaks:
    """Tells whether a word ends and another begins at an index of the skeleton `letters` of `words`: at a space, and
    where Japanese and other letters meet without one (新しいLINEグループ). It is computed at the first call."""

    def __init__(self, words: str, letters: str) -> None:
        self._words = words
        self._letters = letters
        self._found: frozenset[int] = frozenset()

    def __call__(self, at: int) -> bool:
        """True if a word ends before index `at` and another begins there."""
        self._found = self._found or breaks(self._words, self._letters)
        if at in self._found:
            return True
        return (self._letters[at - 1] >= FIRST_JAPANESE) != (self._letters[at] >= FIRST_JAPANESE)


def _script(char: str) -> str:
    if char.isascii():
        return "other"
    if is_katakana(char):
        return "katakana"
    return "hiragana" if is_hiragana(char) else "kanji" if is_kanji(char) else "other"


def is_japanese(char: str) -> bool:
    """True for kana and kanji."""
    return is_kana(char) or is_kanji(char)
