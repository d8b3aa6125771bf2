"""Finds Japanese names with a letter too many, too few, in the wrong place, or like the right one: `メルカル`.

Japanese has no spaces, so only what is all of a short text is compared, without the words that an office puts behind
its name (メルカル事務局). Only names that are no ordinary words are looked for. The first letter must be right, since
readers notice a change there. A name whose two parts changed places is found, too (カードマスター).

It cannot see two changes, nor a change in a short name, which makes another word of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from sekisho.bounded_cache import remembered
from sekisho.brands.distance import deletions, one_edit
from sekisho.text import is_hiragana, is_katakana, skeleton

T = TypeVar("T")

MAX_TEXT_CHARS = 40  # of a text that is searched
MIN_ROW_LETTERS = 4  # of a name in which a letter may stand for one that is like it, or twice
MIN_SWAP_LETTERS = 5  # of a name in which neighbours may be swapped
MIN_DROP_LETTERS = 6  # of a name of which a letter may be left out or added
MIN_CHANGE_LETTERS = 7  # of a name, without words beside it, of which a letter may be any other
MIN_OFFICE_LETTERS = 4  # of a word beside a name that makes it look longer than it is
MAX_REMEMBERED = 5_000  # texts whose names are remembered
MAX_WORDS_BESIDE = 4  # that are cut off a text


class GarbledNames(Generic[T]):
    """Finds the names that a text means. `names` are skeletons, each with the value that stands for it; `beside` are
    the skeletons of words that stand beside names, `others` of words that are like a name and mean something else."""

    def __init__(self, names: Iterable[tuple[str, T]], beside: Iterable[str], others: Iterable[str]) -> None:
        self._beside = tuple(word for word in beside if not word.isascii())
        self._others = frozenset(others)
        self._known: dict[str, list[T]] = {}
        self._turned: dict[str, list[T]] = {}
        self._near: dict[str, list[str]] = {}
        for key, value in names:
            self._add(key, value)
        self._meant = remembered(MAX_REMEMBERED)(self._named)

    def _add(self, key: str, value: T) -> None:
        if len(key) < MIN_ROW_LETTERS or key.isascii() or self._is_of_office(key):
            return
        if key not in self._known:
            for shorter in {key, *deletions(key)}:
                self._near.setdefault(shorter, []).append(key)
        self._known.setdefault(key, []).append(value)
        for word in self._beside:
            if key.endswith(word) and len(key) > len(word) + 1:
                self._turned.setdefault(word + key.removesuffix(word), []).append(value)

    def _is_of_office(self, key: str) -> bool:
        """True for a name that is long by a long word beside it: 日本電気株式会社 is not like 日本電産株式会社."""
        long = tuple(word for word in self._beside if len(word) >= MIN_OFFICE_LETTERS)
        return key.startswith(long) or key.endswith(long)

    def find(self, text: str) -> Iterator[T]:
        """The value of each name that the text means, if it is none of the names."""
        if len(text) <= MAX_TEXT_CHARS and not text.isascii() and not any(map(is_hiragana, text[:1])):
            yield from self._meant(text)

    def _named(self, text: str) -> tuple[T, ...]:
        letters = skeleton(text)
        if letters in self._turned and letters not in self._known:
            return tuple(self._turned[letters])
        return next(filter(None, map(self._garbled, self._bare(letters))), ())

    def _garbled(self, name: str) -> tuple[T, ...]:
        if name in self._known or name in self._others:
            return ()
        near = dict.fromkeys(key for each in (name, *deletions(name)) for key in self._near.get(each, ()))
        return tuple(value for key in near if self._is_like(name, key) for value in self._known[key])

    def _is_like(self, written: str, name: str) -> bool:
        """True if a reader in a hurry reads `written` as the name. A word beside the name makes it no longer where one
        letter is another: アシックスカード is not アメックスカード."""
        *_, core = self._bare(name)
        return _is_garbled(written, name, len(core))

    def _bare(self, letters: str) -> Iterator[str]:
        """The letters with fewer and fewer words of an office behind them."""
        for _ in range(MAX_WORDS_BESIDE):
            yield letters
            word = next(filter(letters.endswith, self._beside), "")
            letters = letters.removesuffix(word)
            if not word or len(letters) < MIN_ROW_LETTERS:
                return


def _is_garbled(written: str, name: str, core: int) -> bool:
    """The same for a name of which `core` letters are its own."""
    if not one_edit(written, name):
        return False
    size = len(name)
    if len(written) != size:
        longer, shorter = (written, name) if len(written) > size else (name, written)
        at = next(at for at, each in enumerate(longer) if longer[:at] + longer[at + 1 :] == shorter)
        doubled = longer is written and longer[at] in (longer[at - 1], longer[at + 1 : at + 2])
        return size >= (MIN_ROW_LETTERS if doubled else MIN_DROP_LETTERS)
    apart = [at for at, (one, other) in enumerate(zip(written, name, strict=True)) if one != other]
    if len(apart) == 2:
        return size >= MIN_SWAP_LETTERS
    return core >= MIN_CHANGE_LETTERS or _are_alike(written[apart[0]], name[apart[0]], apart[0] == size - 1)


def _are_alike(one: str, other: str, last: bool) -> bool:
    """True for a katakana and its voiced form (ガ and カ), and at the end for two of one consonant (ル for リ)."""
    if not (is_katakana(one) and is_katakana(other)):
        return False
    voiced = unicodedata.normalize("NFD", one)[0] == unicodedata.normalize("NFD", other)[0]
    return voiced or (last and _row(one) == _row(other))


def _row(char: str) -> str:
    """The consonant of a katakana, as its Unicode name has it: `R` of ル (`KATAKANA LETTER RU`)."""
    return unicodedata.name(char).rpartition(" ")[2][:-1] or char
