"""The model of a lure file: the phrases of one language for what a message is about (theme), how it presses the reader,
and which action it asks for.

    language = "en"

    [theme]
    delivery = ["package|parcel|shipment + failed|on hold|customs", "redelivery"]

    [pressure]
    deadline = ["within + hours|days"]

    [action]
    login = ["log in|sign in + here|below|to"]

Each entry is a phrase. Its parts, joined by ` + `, must stand near each other, in any order. A part is a choice of
spellings, separated by `|`. Spellings are compared as a quick reader sees them (see `text.skeleton`): width, case,
kana, spaces, inserted symbols, look-alike letters and simplified kanji need no entry of their own. A Latin spelling
matches the beginning of a word: `suspen` matches suspended and suspension, but not unsuspended. With a full stop it
matches a whole word: `sum.` does not match summer.

The names of themes and actions are those of `themes.toml`. No phrase decides anything: genuine mail is about the same
themes in the same words. See `checks/lure`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from sekisho.data_files import FileModel, toml_files
from sekisho.data_files import read as read_file
from sekisho.text import is_kanji, skeleton
from sekisho.vocabulary.themes import FILE, shipped_themes

PRESSURES = ("pressure", "threat", "deadline")
ASPECTS = ("theme", "pressure", "action")


def names(aspect: str) -> tuple[str, ...]:
    """The names that an aspect may have; those of themes in the order of `themes.toml`."""
    themes = shipped_themes()
    return {"theme": tuple(themes.theme), "pressure": PRESSURES, "action": tuple(themes.action)}[aspect]


def _named(aspect: str) -> AfterValidator:
    """A validator for the names of this aspect."""

    def known(name: str) -> str:
        if name not in names(aspect):
            raise ValueError(f"{name!r} is none of {', '.join(names(aspect))}")
        return name

    return AfterValidator(known)


ThemeName = Annotated[str, _named("theme")]
PressureName = Annotated[str, _named("pressure")]
ActionName = Annotated[str, _named("action")]


@dataclass(frozen=True, slots=True)
class PartSpelling:
    """One way to write a part of a phrase. `key` is its skeleton; `whole`: it must end where a word ends."""

    key: str
    whole: bool


def parts(phrase: str) -> tuple[tuple[PartSpelling, ...], ...]:
    """The spellings of each part of a phrase."""
    return tuple(tuple(map(_spelling, part.split("|"))) for part in phrase.split(" + "))


def _spelling(text: str) -> PartSpelling:
    return PartSpelling(skeleton(text), text.endswith("."))


def _phrase(phrase: str) -> str:
    for spelling in chain.from_iterable(parts(phrase)):
        if len(spelling.key) < 2 and not any(map(is_kanji, spelling.key)):
            raise ValueError(f"{phrase!r} has a spelling that leaves too little to compare")
        if "+" in spelling.key:
            raise ValueError(f"{phrase!r} has a plus without a space on either side")
    return phrase


def _once(phrases: tuple[str, ...]) -> tuple[str, ...]:
    known = set()
    for phrase in phrases:
        if (same := parts(phrase)) in known:
            raise ValueError(f"{phrase!r} stands there twice")
        known.add(same)
    return phrases


Phrase = Annotated[str, StringConstraints(min_length=2, max_length=400), AfterValidator(_phrase)]
Phrases = Annotated[tuple[Phrase, ...], Field(strict=False), AfterValidator(_once)]


class Lures(FileModel):
    """The phrases of one language, by aspect and name."""

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    theme: dict[ThemeName, Phrases] = Field(default_factory=dict)
    pressure: dict[PressureName, Phrases] = Field(default_factory=dict)
    action: dict[ActionName, Phrases] = Field(default_factory=dict)


def spellings(languages: Iterable[Lures]) -> tuple[str, ...]:
    """Every spelling of the themes, as the files write it, without the full stop of a whole word."""
    phrases = chain.from_iterable(chain.from_iterable(each.theme.values()) for each in languages)
    return tuple(
        spelling.removesuffix(".") for phrase in phrases for spelling in re.split(r" \+ |\|", phrase)
    )


def read(folder: Path, faults: list[str]) -> tuple[Lures, ...]:
    """The languages of a folder, in the order of their file names. Errors are added to `faults`."""
    files = [file for file in toml_files(folder, faults, required=False) if file.name != FILE]
    if not files:
        faults.append(f"{folder}: holds no lure file")
    found = (read_file(Lures, file, faults) for file in files)
    return tuple(each for each in found if each is not None)
