"""Loads all words: the shipped lists and lures with the site's changes, compiled for brands and checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sekisho.package_data import shipped
from sekisho.vocabulary import compiled, lists, lures
from sekisho.vocabulary.compiled import BrandWords
from sekisho.vocabulary.lists import VocabularyFileError, WordLists
from sekisho.vocabulary.overlay import PROVIDERS, laid_over
from sekisho.vocabulary.phrases import LurePhrases
from sekisho.words import Vocabulary


@dataclass(frozen=True, slots=True)
class LoadedWords:
    """The compiled words of all files; by default there are none. `idle` are removals in the overlay that remove
    nothing, as `file: key: reason`."""

    checks: Vocabulary = field(default_factory=lambda: compiled.for_checks(WordLists()))
    brands: BrandWords = field(default_factory=BrandWords)
    idle: tuple[str, ...] = ()


def load(overlay: Path | None = None) -> LoadedWords:
    """The shipped words with the changes of the folder `overlay`, if it exists. Raises VocabularyFileError with every
    fault of every file."""
    faults: list[str] = []
    words = lists.read(shipped("vocabulary"), faults)
    languages = lures.read(shipped("lures"), faults)
    overlaid = laid_over(words, languages, overlay, faults)
    if faults:
        raise VocabularyFileError(tuple(faults))
    return LoadedWords(
        compiled.for_checks(overlaid.lists, lures.spellings(overlaid.languages)),
        compiled.for_brands(overlaid.lists, LurePhrases(overlaid.languages)),
        overlaid.idle,
    )


def providers_file(overlay: Path | None) -> Path | None:
    """The file of the overlay that changes the table of providers; it may be missing. None without an overlay."""
    return None if overlay is None else overlay / PROVIDERS
