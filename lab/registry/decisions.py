"""What a person decided about the facts, read from `decisions.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from sekisho.brands.model import Confidence, Domain, Domains, Id, Text, Texts, Use
from sekisho.data_files import FileModel
from sekisho.data_files import read as read_file

FILE = Path(__file__).with_name("decisions.toml")

Ids = Annotated[tuple[Id, ...], Field(strict=False, min_length=1)]


class Entry(FileModel):
    """A domain that the facts give to no brand file. `sources` are short names or pages."""

    confidence: Confidence
    use: Annotated[tuple[Use, ...], Field(strict=False)] = ("mail",)
    sources: Texts = ()


class Spellings(FileModel):
    """Spellings that a brand file gets in addition, by the key of the file."""

    names: Texts = ()
    aliases: Texts = ()
    ordinary: Texts = ()
    needs_companion: Texts = ()
    companions: Texts = ()


class NewBrand(Spellings):
    """A brand that has no file yet. `row` is its name in `missing_brands.yaml`; of the domains there it gets those of
    `domains`, or all."""

    row: Text | None = None
    domains: Domains | None = None
    sector: Text
    country: Text | None = None
    organisation: Id | None = None


class Decisions(FileModel):
    """Everything that a person decided. The file says more about each."""

    short: dict[str, str] = Field(default_factory=dict)
    drop: dict[Id, Domains] = Field(default_factory=dict)
    unrelated: dict[Id, Domains] = Field(default_factory=dict)
    organisation: dict[Id, Id] = Field(default_factory=dict)
    shared: Domains = ()
    alone: Annotated[tuple[Id, ...], Field(strict=False)] = ()
    candidate: dict[Id, Domains] = Field(default_factory=dict)
    sender: dict[Domain, Id] = Field(default_factory=dict)
    platform: dict[Domain, Ids] = Field(default_factory=dict)
    entry: dict[Id, dict[Domain, Entry]] = Field(default_factory=dict)
    spelling: dict[Id, Spellings] = Field(default_factory=dict)
    brand: dict[Id, NewBrand] = Field(default_factory=dict)


def load(file: Path = FILE) -> Decisions:
    """The decisions of a file. Raises ValueError with every fault."""
    faults: list[str] = []
    found = read_file(Decisions, file, faults)
    if found is None:
        raise ValueError("\n".join(faults))
    return found
