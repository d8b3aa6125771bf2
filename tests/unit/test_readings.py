"""Names in Japanese characters are compared with Latin words by their readings."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.auth_support import WORDS

from sekisho.text import SpokenRuns, readings_of, voiceless

READINGS = WORDS.checks.names.readings


def heard(word: str, run: str, readings: Mapping[str, tuple[str, ...]] = READINGS) -> list[tuple[int, str]]:
    return list(SpokenRuns([run], readings).heard(voiceless(word)))


@pytest.mark.parametrize(
    ("word", "run", "name"),
    [
        ("kitamori", "北森フーズ", "北森"),
        ("takagi", "高木村", "高木"),
        ("bijutsukan", "川辺美術館", "美術館"),
        ("yadori", "夜鳥書房", "夜鳥"),
        ("hijirigaoka", "聖ヶ丘病院", "聖ヶ丘"),
        ("kippu", "きっぷねっと", "きっぷ"),
        ("gakkou", "学校", "学校"),
        ("orico", "オリコカード", "オリコ"),
    ],
)
def test_a_name_sounds_as_a_word(word: str, run: str, name: str) -> None:
    """Voiced and unvoiced readings, doubled letters, kana, and a name in the middle of a run."""
    assert heard(word, run) == [(len(voiceless(word)), name)]


@pytest.mark.parametrize(
    ("word", "run"), [("sobadokoro", "みなとひかり"), ("florist", "北森フーズ"), ("kitamori", "")]
)
def test_another_name_does_not(word: str, run: str) -> None:
    """At most a first letter or two agree by chance."""
    assert all(letters < 3 for letters, _ in heard(word, run))


def test_a_character_without_readings_is_heard_as_nothing() -> None:
    """Nothing is guessed, and what stands before it is still heard."""
    table = readings_of(["北 hoku kita"])
    assert heard("kitamori", "北森", table) == [(4, "北")]
    assert heard("mori", "森", table) == []


def test_what_may_be_silent_begins_any_word() -> None:
    """The same sign is read, or not, where it joins two parts of a name."""
    assert heard("noyama", "野の山") != []
    assert heard("kita", "の北") == [(4, "北")]


def test_each_run_is_compared() -> None:
    """A text has many, and one of them is enough."""
    assert list(SpokenRuns(["高木村", "北森", "北森"], READINGS).heard("kitamori")) == [
        (2, "木"),
        (8, "北森"),
    ]
