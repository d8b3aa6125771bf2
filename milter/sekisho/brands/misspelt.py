"""Names that are not spelled like the brand's and still read as it: `Aamzon`, `Netf*ix`, `S¥msung`.

Only short texts are searched: names and subjects, which are read at a glance. Only names that are no word of everyday
language are looked for. (In prose a swap of letters is a slip.) Two kinds are found, behind the first letter, which
readers do notice:

- two neighbours are swapped: words are compared by their letters in order of the alphabet, one look-up a word;
- one letter is replaced by a sign that stands for none: the sign is a gap that any letter fills.

What it cannot see: letters left out or added, which make other companies' names (`Amazone`) as often.
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
MIN_LETTERS = 6  # of a name that a swap does not turn into any other word
MIN_AROUND_GAP = 5
REMEMBERED = 5_000  # words, and for which names they may be meant

# The look behind comes after the first letter, since a search for a letter is fast and one for a place is not.
_WORD = re.compile(r"[A-Za-z](?<![\w@.].)[A-Za-z]{5,39}(?!\w)")
_GAP = re.compile(r"([A-Za-z](?<!\w.)[A-Za-z]{0,38})[\ufffd?*#%^~¥£¢¤§†°¿¡]([A-Za-z]{1,39})(?!\w)")


class Misspellings(Generic[T]):
    """Finds what may be meant by a word that is no name. `names` are skeletons, each with what it stands for."""

    def __init__(self, names: Iterable[tuple[str, T]]) -> None:
        self._by_letters: dict[str, list[tuple[str, T]]] = {}
        self._by_size: dict[int, list[tuple[str, T]]] = {}
        self._known: set[str] = set()
        for key, value in names:
            self._known.add(key)
            if len(key) >= MIN_LETTERS:
                self._by_letters.setdefault(_letters(key), []).append((key, value))
            if len(key) >= MIN_AROUND_GAP:
                self._by_size.setdefault(len(key), []).append((key, value))
        self._meant = remembered(REMEMBERED)(self._swapped)

    def find(self, text: str) -> Iterator[tuple[T, int, int]]:
        """What is meant, with start and end in the text."""
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
    """The text without accents, as `Itaú` is typed in haste. Kana keep their marks."""
    if text.isascii() or any(map(is_kana, text)):
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _letters(word: str) -> str:
    return "".join(sorted(word))


def _one_swap(one: str, other: str) -> bool:
    """True if two neighbours behind the first letter are swapped; the letters are known to be the same."""
    apart = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return len(apart) == 2 and apart[0] > 0 and apart[1] == apart[0] + 1
