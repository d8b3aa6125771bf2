"""The site's own words (`vocabulary.overlay`): files that add to the shipped lists and remove from them.

    office_words.add = ["Ortsverein"]
    common_words.remove = ["post"]
    suspicious_suffixes.remove = ["club"]
    lures.ja.theme.delivery.add = ["宅配ボックス + 確認"]

The names of the files do not matter, except `providers.toml`, which changes the table of providers. Adding a word that
is in the list, or removing one that is not, is no error, since the shipped lists change with releases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_type_hints

from pydantic import Field, StringConstraints, create_model

from sekisho.data_files import FileModel, read, toml_files
from sekisho.vocabulary.lists import WordLists
from sekisho.vocabulary.lures import ASPECTS, ActionName, Lures, Phrases, PressureName, ThemeName, parts

PROVIDERS = "providers.toml"
HINTS = MappingProxyType(
    {
        "model_type": 'must be a table of keys, as in `add = ["word"]`',
        "tuple_type": "must be a list of words",
    }
)
"""What an admin reads who wrote a list in the place of its changes."""

Texts = Annotated[tuple[str, ...], Field(strict=False)]


class PhraseChange(FileModel):
    """The phrases to add to and to remove from one theme, pressure or action."""

    add: Phrases = ()
    remove: Texts = ()


class LureChanges(FileModel):
    """The changes of the phrases of one language."""

    theme: dict[ThemeName, PhraseChange] = Field(default_factory=dict)
    pressure: dict[PressureName, PhraseChange] = Field(default_factory=dict)
    action: dict[ActionName, PhraseChange] = Field(default_factory=dict)


class Changes(FileModel):
    """A file of the overlay. `FileChanges` adds a field for each list."""

    lures: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")], LureChanges] = Field(
        default_factory=dict
    )


def _file_changes() -> type[Changes]:
    """The model of a file. For each list it has the words to add, validated as in that list, and the words to
    remove."""
    fields: dict[str, Any] = {}
    for name, words in get_type_hints(WordLists, include_extras=True).items():
        if name in WordLists.model_fields:
            change = create_model(f"Change_{name}", __base__=FileModel, add=(words, ()), remove=(Texts, ()))
            fields[name] = (change | None, None)
    return create_model("FileChanges", __base__=Changes, **fields)


FileChanges = _file_changes()


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The words with the site's changes. `idle` are removals of words that are not there, as `file: key: reason`."""

    lists: WordLists
    languages: tuple[Lures, ...]
    idle: tuple[str, ...] = ()


def laid_over(
    lists: WordLists, languages: Iterable[Lures], folder: Path | None, faults: list[str]
) -> Overlaid:
    """The words with the changes of a folder, applied file by file. A missing folder changes nothing. Errors are added
    to `faults`."""
    known = {each.language: each for each in languages}
    idle: list[str] = []
    for file in toml_files(folder, faults, required=False) if folder is not None else ():
        if file.name == PROVIDERS:
            continue
        changes = read(FileChanges, file, faults, HINTS)
        if changes is not None:
            place = f"{file}: "
            lists = _lists(lists, changes, place, idle)
            known |= {each.language: each for each in _languages(known, changes, place, idle)}
    return Overlaid(lists, tuple(known.values()), tuple(idle))


def _lists(lists: WordLists, changes: Changes, place: str, idle: list[str]) -> WordLists:
    """The lists with the changes of one file."""
    changed: dict[str, tuple[str, ...]] = {}
    for name in changes.model_fields_set - {"lures"}:
        change = getattr(changes, name)
        kept = _kept(getattr(lists, name), change.remove, f"{place}{name}", idle)
        changed[name] = tuple(dict.fromkeys((*kept, *change.add)))
    return lists.model_copy(update=changed)


def _languages(known: dict[str, Lures], changes: Changes, place: str, idle: list[str]) -> Iterator[Lures]:
    """The languages that one file changes, after the change. A new language begins without phrases."""
    for language, change in changes.lures.items():
        lures = known.get(language) or Lures(language=language)
        for aspect in ASPECTS:
            table = dict(getattr(lures, aspect))
            for name, phrases in getattr(change, aspect).items():
                where = f"{place}lures.{language}.{aspect}.{name}"
                kept = _kept(table.get(name, ()), phrases.remove, where, idle)
                there = set(map(parts, kept))
                table[name] = (*kept, *(each for each in phrases.add if parts(each) not in there))
            lures = lures.model_copy(update={aspect: table})
        yield lures


def _kept(words: tuple[str, ...], removed: tuple[str, ...], place: str, idle: list[str]) -> tuple[str, ...]:
    """The words that are not removed. A removal of a word that is not there is added to `idle`."""
    idle += [f"{place}.remove: {word!r} is not there" for word in removed if word not in words]
    return tuple(word for word in words if word not in removed)
