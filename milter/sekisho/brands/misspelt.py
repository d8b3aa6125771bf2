"""Finds misspelt names of brands that a quick reader still reads as the brand: `Aamzon`, `Netf*ix`, `PeyPay`.

Only short texts are searched (names and subjects), since a swap of letters in prose is usually a typing error. Only
names that are no ordinary words are looked for. Three kinds of change are found, not in the first letter, where readers
notice them:

- Two neighbours are swapped. Words are compared by their sorted letters, with one look-up for each word.
- One letter is replaced by a sign. The sign may stand for any letter.
- One letter is left out, added or replaced, where the word is the only name in the text: the Latin words beside it are
  those of an office (`Netflx Support`, PeyPay事務局, but not `John Barclay`). That makes other words, too
  (`Interact`, `Revolt`): the known ones are data (`near_words`), and a word that may be Japanese (`Nanako`) is none.

It cannot see a misspelt name beside another word that is none of an office.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Generic, TypeVar

from sekisho.bounded_cache import remembered
from sekisho.brands.distance import deletions, one_edit
from sekisho.text import is_kana, skeleton

T = TypeVar("T")

MAX_TEXT_CHARS = 256  # of a text that is searched
MIN_SWAP_LETTERS = 6  # of a name; a swap turns a shorter one into too many other words
MIN_EDIT_LETTERS = 6  # of a name; an edit of a shorter one is too often another word
MAX_NAME_CHARS = 60  # of a text in which a word may be the only name
MIN_GAP_LETTERS = 5  # of a name, the replaced letter included
MAX_REMEMBERED = 5_000  # words whose names are remembered

# The look behind comes after the first letter, since a search for a letter is fast and one for a place is not.
ALIKE = frozenset(map(frozenset, ("mn", "ao", "ce", "lt", "uv", "gq")))  # letters that look alike
_ROMAJI = re.compile(
    r"(?:(?:[kgsnhbpmr]y|sh|ch|ts|[kgsztdnhbpmryjfw])?[aiueo]|n)+"
)  # Japanese in Latin letters
_ANY_WORD = re.compile(r"[^\W぀-ヿ㐀-鿿＀-￯]+")
_WORD = re.compile(r"[A-Za-z](?<![\w@.].)[A-Za-z]{5,39}(?!\w)")
_SIGNS = "\ufffd?*#%^~¥£¢¤§†°¿¡"  # that stand in the place of a letter
_GAP = re.compile(rf"([A-Za-z](?<!\w.)[A-Za-z]{{0,38}})[{_SIGNS}]([A-Za-z]{{1,39}})(?!\w)")
_IS_SIGN = frozenset(_SIGNS)


class Misspellings(Generic[T]):
    """Finds the names that a misspelt word may mean. `names` are skeletons, each with the value that stands for it;
    `beside` are words that stand beside names, in small letters, and `others` the skeletons of words that are like a
    name and mean something else."""

    def __init__(
        self, names: Iterable[tuple[str, T]], beside: Iterable[str] = (), others: Iterable[str] = ()
    ) -> None:
        self._beside, self._others = frozenset(beside), frozenset(others)
        self._near: dict[str, list[tuple[str, T]]] = {}
        self._by_letters: dict[str, list[tuple[str, T]]] = {}
        self._by_size: dict[int, list[tuple[str, T]]] = {}
        self._known: set[str] = set()
        for key, value in names:
            self._known.add(key)
            if len(key) >= MIN_SWAP_LETTERS:
                self._by_letters.setdefault(_letters(key), []).append((key, value))
            if len(key) >= MIN_EDIT_LETTERS:
                for shorter in {key, *deletions(key)}:
                    self._near.setdefault(shorter, []).append((key, value))
            if len(key) >= MIN_GAP_LETTERS:
                self._by_size.setdefault(len(key), []).append((key, value))
        self._meant = remembered(MAX_REMEMBERED)(self._swapped)
        self._edited = remembered(MAX_REMEMBERED)(self._one_edit_away)

    def find(self, text: str) -> Iterator[tuple[T, int, int]]:
        """The value of each name that is meant, with start and end (indexes) of the word in the text."""
        if len(text) > MAX_TEXT_CHARS:
            return
        if any(map(self._meant, set(_WORD.findall(text)))):
            for match in _WORD.finditer(text):
                yield from ((value, *match.span()) for value in self._meant(match[0]))
        yield from self._only_name(text)
        for match in () if _IS_SIGN.isdisjoint(text) else _GAP.finditer(text):
            head, tail = skeleton(match[1]), skeleton(match[2])
            yield from ((value, *match.span()) for value in self._filled(head, tail))

    def _only_name(self, text: str) -> Iterator[tuple[T, int, int]]:
        """The names that the only word of a text means which is none of an office."""
        if len(text) > MAX_NAME_CHARS:
            return
        words = (match for match in _ANY_WORD.finditer(text) if match[0].lower() not in self._beside)
        word = next(words, None)
        if word is not None and len(word[0]) >= MIN_EDIT_LETTERS - 1 and next(words, None) is None:
            yield from ((value, *word.span()) for value in self._edited(word[0]))

    def _one_edit_away(self, written: str) -> tuple[T, ...]:
        word = skeleton(written)
        if word in self._known or word in self._others or not written.isascii():
            return ()
        if written.islower() or _ROMAJI.fullmatch(written.lower()):
            return ()
        near = dict(chain.from_iterable(self._near.get(each, ()) for each in (word, *deletions(word))))
        return tuple(value for key, value in near.items() if one_edit(word, key) and not _inflects(word, key))

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


def _inflects(word: str, name: str) -> bool:
    """True if the words differ in the last letter alone, as inflected words do (`Walmarts`, `Barclay`). A letter that
    looks like the right one is no ending (`Amazom`)."""
    if len(word) == len(name):
        return word[:-1] == name[:-1] and frozenset((word[-1], name[-1])) not in ALIKE
    return word[: len(name)] == name or name[: len(word)] == word


def _letters(word: str) -> str:
    return "".join(sorted(word))


def _one_swap(one: str, other: str) -> bool:
    """True if two neighbours behind the first letter are swapped; the letters are known to be the same."""
    apart = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return len(apart) == 2 and apart[0] > 0 and apart[1] == apart[0] + 1
