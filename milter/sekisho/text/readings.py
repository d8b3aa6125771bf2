"""How much of a Latin word a run of Japanese characters sounds as: 北森フーズ begins as `kitamori` does.

Kana has one sound each (`romaji`), and a Chinese character has several readings, which are data. All are compared in
one romanisation without voice (`kawa` is `gawa`), since a character's voice depends on what stands before it. A letter
at the seam of two readings may be written once (`kita` and `ai` are `kitai`).

It cannot read a character that the data does not have, nor one that a name reads in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from sekisho.text.romaji import sound

VOICELESS = str.maketrans("gzdbp", "ksthh")
DOUBLED = re.compile(r"(.)\1+")
SPOKEN = re.compile("[っッ]?[ぁ-ゖァ-ヺ][ゃゅょぁぃぅぇぉャュョァィゥェォー]*|[一-鿿々]")
JOINING = {"ヶ": ("ka",), "ケ": ("ka", "ke"), "の": ("no", ""), "ノ": ("no", "")}
"""What joins two parts of a name is read otherwise than the same sign in a word, or not written."""
SHORTENED = ("ku", "tu", "ti", "ki")
"""Before some letters the vowel at the end of such a reading is not spoken: `gaku` and `ko` are `gakko`."""


def voiceless(text: str) -> str:
    """Kana and Latin letters in one romanisation without voice; `c` is `k`, as in names that are not Japanese."""
    return DOUBLED.sub(r"\1", sound(text).replace("c", "k").translate(VOICELESS))


_sound_of = lru_cache(maxsize=4096)(voiceless)  # of syllables in kana


def readings_of(entries: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The table for `SpokenRuns`, of entries such as `学 gaku mana`."""
    table = {}
    for entry in entries:
        character, *readings = entry.split(" ")
        plain = dict.fromkeys(map(voiceless, readings))
        short = (each[:-1] for each in plain if each.endswith(SHORTENED) and len(each) > len(SHORTENED[0]))
        table[character] = tuple(dict.fromkeys((*plain, *short)))
    return table


class SpokenRuns:
    """Runs of Japanese characters that are compared with many words. How they begin is looked up only once."""

    def __init__(self, runs: Iterable[str], readings: Mapping[str, tuple[str, ...]]) -> None:
        self._readings = readings
        self._runs = [(units, self._starts(units)) for units in map(SPOKEN.findall, dict.fromkeys(runs))]

    def heard(self, word: str) -> Iterator[tuple[int, str]]:
        """How many letters of the beginning of `word` (`voiceless`) a part of a run sounds as, and that part: for each
        run that has such a part the longest."""
        for units, starts in self._runs:
            found = (
                self._from(word, units[start:]) for start in (*starts.get(word[:1], ()), *starts.get("", ()))
            )
            letters, name = max(found, default=(0, ""))
            if letters:
                yield letters, name

    def _starts(self, units: list[str]) -> dict[str, list[int]]:
        """Where a unit begins with a letter; with none, if it may be silent."""
        starts: dict[str, list[int]] = {}
        for start, unit in enumerate(units):
            for letter in {each[:1] for each in self._spoken(unit)}:
                starts.setdefault(letter, []).append(start)
        return starts

    def _from(self, word: str, units: list[str]) -> tuple[int, str]:
        ends, longest = {0}, (0, "")
        for count, unit in enumerate(units[: len(word)], 1):
            ends = {end for start in ends for each in self._spoken(unit) for end in _ends(word, start, each)}
            if not ends:
                break
            longest = max(longest, (max(ends), "".join(units[:count])))
        return longest

    def _spoken(self, unit: str) -> tuple[str, ...]:
        return (
            JOINING.get(unit) or self._readings.get(unit) or (() if unit[0] >= "一" else (_sound_of(unit),))
        )


def _ends(word: str, start: int, spoken: str) -> Iterator[int]:
    """Where a reading that begins at an index of the word may end in it."""
    if word.startswith(spoken, start):
        yield start + len(spoken)
    joined = start > 0 and (spoken[:1] == word[start - 1] or word[start - 1] + spoken[:1] == "ou")
    if joined and spoken and word.startswith(spoken[1:], start):
        yield start + len(spoken) - 1
