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
from dataclasses import replace

from ahocorasick_rs import AhoCorasick

from sekisho.brands.boundaries import Window
from sekisho.brands.names import Name
from sekisho.text import is_kana, skeleton

MIN_LETTERS = 3  # of a name's skeleton that is kanji
MIN_LETTERS_WITH_KANA = 4  # of one that is not; three kana are the beginning of many words
MAX_HITS = 32  # in one text


class ExchangedLetters:
    """Brings skeletons to the form in which every exchanged letter is the one that it stands for. `entries` are a
    letter and the forms that are written in its place."""

    def __init__(self, entries: Iterable[tuple[str, ...]]) -> None:
        self._letters: dict[str, str] = {}
        for letter, *forms in entries:
            key = skeleton(letter)
            self._letters |= {form: key for each in forms if (form := skeleton(each)) not in ("", key)}
        single = {form: key for form, key in self._letters.items() if len(form) == len(key) == 1}
        self._single = str.maketrans(single)
        longer = sorted(self._letters.keys() - single.keys(), key=len, reverse=True)
        self._longer = tuple(longer)
        self._forms = re.compile("|".join(map(re.escape, (*longer, *single))) or r"(?!)")

    def unified(self, letters: str) -> str:
        """A skeleton with the letters that others stand for."""
        for form in self._longer:
            if form in letters:
                letters = letters.replace(form, self._letters[form])
        return letters.translate(self._single)

    def spans(self, letters: str) -> tuple[str, list[int], list[int]]:
        """`unified(letters)`, and for each of its characters where in `letters` that begins and ends (indexes of the
        first and of the last character)."""
        parts: list[str] = []
        begins: list[int] = []
        ends: list[int] = []
        at = 0
        for match in (*self._forms.finditer(letters), None):
            start, end = match.span() if match else (len(letters), len(letters))
            parts.append(letters[at:start])
            begins += range(at, start)
            ends += range(at, start)
            if match:
                key = self._letters[match[0]]
                parts.append(key)
                begins += [start] * len(key)
                ends += [end - 1] * len(key)
            at = end
        return "".join(parts), begins, ends


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
        """The names in a skeleton that are not written with their own letters, each with its place (begin and end) in
        the unified form."""
        if self._automaton is None:
            return
        unified = self._letters.unified(letters)
        for pattern, at, end in self._automaton.find_matches_as_indexes(unified, overlapping=True)[:MAX_HITS]:
            for name in self._names[self._keys[pattern]]:
                if name.key not in letters:
                    yield name, at, end

    def window(self, window: Window) -> Window:
        """The window with the unified form of its letters."""
        letters, begins, ends = self._letters.spans(window.letters)
        origins = [window.origins[at] for at in begins]
        return replace(window, letters=letters, origins=origins, ends=[window.origins[at] for at in ends])
