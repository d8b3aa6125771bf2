"""The themes of lures (`config/lures/themes.toml`): what a message may be about, and what it may ask the reader to do.

They are read when the program starts, and an overlay cannot change them: each is a finding, and findings are declared
before any configuration is read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from sekisho.data_files import FileModel, read
from sekisho.package_data import shipped
from sekisho.vocabulary.lists import VocabularyFileError

FILE = "themes.toml"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=30)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Advice = Annotated[str, StringConstraints(max_length=300)]


class Theme(FileModel):
    """A theme: what a message is about. `themes.toml` explains each field."""

    points: Annotated[float, Field(ge=0, le=100)]
    en: Sentence
    ja: Sentence
    notice_en: Sentence
    notice_ja: Sentence
    official: bool = False
    money: bool = False
    access: bool = False
    answered: bool = False
    authority: bool = False
    verify_en: Advice = ""
    verify_ja: Advice = ""
    asks: bool = False


class Request(FileModel):
    """An action that a reader is asked for, in the words of an explanation. `access_or_money`: the reader gives one of
    these away with it."""

    en: Sentence
    ja: Sentence
    access_or_money: bool = False


class Themes(FileModel):
    """The content of the file: themes by name, the most significant first; and actions by name."""

    theme: Annotated[dict[Name, Theme], Field(min_length=1)]
    action: Annotated[dict[Name, Request], Field(min_length=1)]

    def named(self, flag: str) -> frozenset[str]:
        """The names of the themes that have a flag, such as `official` or `money`."""
        return frozenset(name for name, theme in self.theme.items() if getattr(theme, flag))


def load(file: Path | None = None) -> Themes:
    """The themes of `file` (the shipped one if None). Raises VocabularyFileError."""
    faults: list[str] = []
    themes = read(Themes, file or shipped("lures") / FILE, faults)
    if themes is None:
        raise VocabularyFileError(tuple(faults))
    return themes


@cache
def shipped_themes() -> Themes:
    """The themes that come with the program, read once. Raises VocabularyFileError."""
    return load()
