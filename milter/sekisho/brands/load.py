"""Loads brand files from folders: the shipped ones, then the site's own (the overlay).

A file of the overlay replaces the whole shipped brand of the same id; `enabled = false` in it removes the brand.
Everything that is wrong in any file is reported at once, with file and key, and then nothing is loaded: an incomplete
registry would miss brands without a sign.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from sekisho.brands.model import Brand
from sekisho.package_data import shipped

MAX_FILE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """One error in one brand file. `key` is a dotted path in the file, or empty for the whole file."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key + ': ' if self.key else ''}{self.reason}"


class BrandFileError(Exception):
    """Brand files cannot be loaded; `faults` lists every error."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load(folder: Path | None = None, overlay: Path | None = None) -> tuple[Brand, ...]:
    """The enabled brands, sorted by id: those of `folder` (None: the shipped ones), replaced by those of `overlay`.

    Raises BrandFileError with every fault of every file. An overlay folder that does not exist is empty.
    """
    faults: list[Fault] = []
    brands: dict[str, Brand] = {}
    for each, required in ((folder or shipped("brands"), True), (overlay, False)):
        if each is not None:
            brands.update((brand.id, brand) for brand in _folder(each, required, faults))
    if faults:
        raise BrandFileError(tuple(faults))
    return tuple(brand for _, brand in sorted(brands.items()) if brand.enabled)


def _folder(folder: Path, required: bool, faults: list[Fault]) -> Iterator[Brand]:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".toml")
    except FileNotFoundError as missing:
        if required:
            faults.append(Fault(str(folder), "", missing.strerror or "not found"))
        return
    except OSError as error:
        faults.append(Fault(str(folder), "", error.strerror or "cannot be read"))
        return
    for file in files:
        found = read(file)
        if isinstance(found, Brand):
            yield found
        else:
            faults.extend(found)


def read(file: Path) -> Brand | tuple[Fault, ...]:
    """The brand of one file, or every error of the file."""
    name = str(file)
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            return (Fault(name, "", f"is larger than {MAX_FILE_BYTES} bytes"),)
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        return (Fault(name, "", error.strerror or "cannot be read"),)
    except UnicodeDecodeError as error:
        return (Fault(name, "", f"is not UTF-8 at byte {error.start}"),)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return (Fault(name, "", str(error) or "is nested too deeply"),)
    return parse(content, name, file.stem)


def parse(content: dict[str, object], name: str, stem: str) -> Brand | tuple[Fault, ...]:
    """The brand of a file's table, or every error in it. `name` is the file for messages, `stem` the id that the brand
    must have."""
    try:
        brand = Brand.model_validate(content)
    except ValidationError as error:
        return tuple(
            Fault(name, ".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, "))
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        )
    if brand.id != stem:
        return (Fault(name, "id", f"must be the file's name, {stem}"),)
    return brand
