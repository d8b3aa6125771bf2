"""Finds names in which letters were exchanged for others that a quick reader takes for them: `三丼住友`, `メノレカリ`.

What looks the same in every word is unified by `text.skeleton`. Here stand the letters that are alike only where the
reader expects the name: another kanji with the same part, a kanji in two pieces, a form of another language. They are
data (`config/vocabulary/letters.toml`). Names and text are brought to one form, so a name is found whichever of its
letters were exchanged. They are looked for in an automaton of their own, since other words must stay what they are.

It cannot see exchanged letters in a Latin name, nor in a short one, which would be another word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ahocorasick_rs import AhoCorasick

from sekisho.brands.names import Name
from sekisho.text import is_kana, skeleton

MIN_LETTERS = 3  # of a name's skeleton that is kanji
MIN_LETTERS_WITH_KANA = 4  # of one that is not; three kana are the beginning of many words
MAX_HITS = 32  # in one text
EDGE_LETTERS = 160  # of a long text that are searched, at either end


def _any_of(forms: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, forms)) or r"(?!)")


class ExchangedLetters:
    """Brings skeletons to the form in which every exchanged letter is the one that it stands for. `entries` are a
    letter and the forms that are written in its place."""

    def __init__(self, entries: Iterable[tuple[str, ...]]) -> None:
        self._letters: dict[str, str] = {}
        for letter, *forms in entries:
            key = skeleton(letter)
            self._letters |= {form: key for each in forms if (form := skeleton(each)) not in ("", key)}
        longer = sorted((form for form in self._letters if len(form) > 1), key=len, reverse=True)
        single = [form for form in self._letters if len(form) == 1]
        self._starts = frozenset(form[0] for form in self._letters)
        self._single = str.maketrans({form: self._letters[form] for form in single})
        # Alternatives that all begin with a letter are searched by those letters, which is fastest.
        self._longer, self._forms = _any_of(longer), _any_of(longer + single)

    def unified(self, letters: str) -> str:
        """A skeleton with the letters that others stand for."""
        if self._starts.isdisjoint(letters):  # most texts; faster than the pattern
            return letters
        return self._longer.sub(self._letter, letters).translate(self._single)

    def _letter(self, match: re.Match[str]) -> str:
        return self._letters[match[0]]

    def places(self, letters: str) -> list[tuple[int, int]]:
        """For each letter of `unified(letters)`, where in `letters` that begins and ends."""
        found: list[tuple[int, int]] = []
        at = 0
        for match in self._forms.finditer(letters):
            found += ((index, index + 1) for index in range(at, match.start()))
            found += [match.span()] * len(self._letter(match))
            at = match.end()
        return found + [(index, index + 1) for index in range(at, len(letters))]


class ExchangedNames:
    """The names of brands in the unified form of their letters."""

    def __init__(self, names: Iterable[Name], letters: ExchangedLetters) -> None:
        self._letters = letters
        self._names: dict[str, list[Name]] = {}
        for name in names:
            key = letters.unified(name.key)
            if not name.latin and len(key) >= (
                MIN_LETTERS_WITH_KANA if any(map(is_kana, key)) else MIN_LETTERS
            ):
                self._names.setdefault(key, []).append(name)
        self._keys = list(self._names)
        self._automaton = AhoCorasick(self._keys, store_patterns=False) if self._keys else None

    def find(self, letters: str) -> Iterator[tuple[Name, int, int]]:
        """The names at the beginning and at the end of a skeleton that are not written with their own letters, each
        with its place (begin and end) in the skeleton."""
        if self._automaton is None or letters.isascii():
            return
        for start, piece in _edges(letters):
            unified = self._letters.unified(piece)
            found = self._automaton.find_matches_as_indexes(unified, overlapping=True)[:MAX_HITS]
            written = [
                (name, at, end)
                for pattern, at, end in found
                for name in self._names[self._keys[pattern]]
                if name.key not in piece
            ]
            places = self._letters.places(piece) if written else []
            for name, at, end in written:
                yield name, start + places[at][0], start + places[end - 1][1]


def _edges(letters: str) -> Iterator[tuple[int, str]]:
    """The beginning and the end of a skeleton, where a sender greets and signs, each with its index; or all of it."""
    if len(letters) <= 2 * EDGE_LETTERS:
        yield 0, letters
    else:
        yield 0, letters[:EDGE_LETTERS]
        yield len(letters) - EDGE_LETTERS, letters[-EDGE_LETTERS:]
