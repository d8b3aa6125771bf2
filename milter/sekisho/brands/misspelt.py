"""Finds misspelt names of brands that a quick reader still reads as the brand: `Aamzon`, `Netf*ix`, `S¥msung`.

Only short texts are searched (names and subjects), since a swap of letters in prose is usually a typing error. Only
names that are no ordinary words are looked for. Two kinds of change are found, not in the first letter, where readers
notice them:

- Two neighbours are swapped. Words are compared by their sorted letters, with one look-up for each word.
- One letter is replaced by a sign. The sign may stand for any letter.

It cannot see letters left out or added: they make other companies' names (`Amazone`) as often.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from sekisho.bounded_cache import remembered
from sekisho.text import is_kana, skeleton

T = TypeVar("T")

MAX_TEXT_CHARS = 256  # of a text that is searched
MIN_SWAP_LETTERS = 6  # of a name; a swap turns a shorter one into too many other words
MIN_GAP_LETTERS = 5  # of a name, the replaced letter included
MAX_REMEMBERED = 5_000  # words whose names are remembered

# The look behind comes after the first letter, since a search for a letter is fast and one for a place is not.
_WORD = re.compile(r"[A-Za-z](?<![\w@.].)[A-Za-z]{5,39}(?!\w)")
_GAP = re.compile(r"([A-Za-z](?<!\w.)[A-Za-z]{0,38})[\ufffd?*#%^~¥£¢¤§†°¿¡]([A-Za-z]{1,39})(?!\w)")


class Misspellings(Generic[T]):
    """Finds the names that a misspelt word may mean. `names` are skeletons, each with the value that stands for it."""

    def __init__(self, names: Iterable[tuple[str, T]]) -> None:
        self._by_letters: dict[str, list[tuple[str, T]]] = {}
        self._by_size: dict[int, list[tuple[str, T]]] = {}
        self._known: set[str] = set()
        for key, value in names:
            self._known.add(key)
            if len(key) >= MIN_SWAP_LETTERS:
                self._by_letters.setdefault(_letters(key), []).append((key, value))
            if len(key) >= MIN_GAP_LETTERS:
                self._by_size.setdefault(len(key), []).append((key, value))
        self._meant = remembered(MAX_REMEMBERED)(self._swapped)

    def find(self, text: str) -> Iterator[tuple[T, int, int]]:
        """The value of each name that is meant, with start and end (indexes) of the word in the text."""
        if len(text) > MAX_TEXT_CHARS:
            return
        if any(map(self._meant, set(_WORD.findall(text)))):
            for match in _WORD.finditer(text):
                yield from ((value, *match.span()) for value in self._meant(match[0]))
        for match in _GAP.finditer(text):
            head, tail = skeleton(match[1]), skeleton(match[2])
            yield from ((value, *match.span()) for value in self._filled(head, tail))

    def _swapped(self, written: str) -> tuple[T, ...]:
        word = skeleton(written)
        if word in self._known:
            return ()
        like = self._by_letters.get(_letters(word), ())
        return tuple(value for key, value in like if _one_swap(word, key))

    def _filled(self, head: str, tail: str) -> Iterator[T]:
        for key, value in self._by_size.get(len(head) + 1 + len(tail), ()):
            if key.startswith(head) and key.endswith(tail):
                yield value


def without_accents(text: str) -> str:
    """The text without accents: `Itaú` is often typed as `Itau`. Kana keep their marks."""
    if text.isascii() or any(map(is_kana, text)):
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _letters(word: str) -> str:
    return "".join(sorted(word))


def _one_swap(one: str, other: str) -> bool:
    """True if two neighbours behind the first letter are swapped; the letters are known to be the same."""
    apart = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return len(apart) == 2 and apart[0] > 0 and apart[1] == apart[0] + 1
