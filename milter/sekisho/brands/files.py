"""Loads brand files from folders: the shipped ones, then the site's own (the overlay).

A file of the overlay replaces the whole shipped brand of the same id; `enabled = false`, which may stand alone in it,
removes the brand. Everything that is wrong in any file is reported at once, with file and key, and then nothing is
loaded: an incomplete registry would miss brands without a sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sekisho.brands.model import Brand
from sekisho.data_files import DataFileError, table_of, toml_files
from sekisho.data_files import read as read_file
from sekisho.package_data import shipped


class BrandFileError(DataFileError):
    """Brand files cannot be loaded."""


def load(folder: Path | None = None, overlay: Path | None = None) -> tuple[Brand, ...]:
    """The enabled brands, sorted by id: those of `folder` (None: the shipped ones), replaced by those of `overlay`.

    Raises BrandFileError with every fault of every file, and for a `folder` without brand files. An overlay folder that
    does not exist is empty.
    """
    faults: list[str] = []
    base = folder or shipped("brands")
    brands = {brand.id: brand for brand in _brands(toml_files(base, faults), faults)}
    if not brands and not faults:
        faults.append(f"{base}: has no brand files")
    if overlay is not None:
        files = toml_files(overlay, faults, False)
        out = [file for file in files if _takes_out(file)]
        for file in out:
            if brands.pop(file.stem, None) is None:
                faults.append(f"{file}: enabled: there is no shipped brand {file.stem} to take out")
        rest = (file for file in files if file not in out)
        brands.update((brand.id, brand) for brand in _brands(rest, faults))
    if faults:
        raise BrandFileError(tuple(faults))
    return tuple(brand for _, brand in sorted(brands.items()) if brand.enabled)


def _brands(files: Iterable[Path], faults: list[str]) -> Iterator[Brand]:
    for file in files:
        found = read(file)
        if isinstance(found, Brand):
            yield found
        else:
            faults.extend(found)


def _takes_out(file: Path) -> bool:
    """True for a file that only says that a shipped brand is not wanted."""
    content = table_of(file, [])
    return content in ({"enabled": False}, {"enabled": False, "id": file.stem})


def read(file: Path) -> Brand | tuple[str, ...]:
    """One brand file, or everything that is wrong with it. The file's name is the brand's id."""
    faults: list[str] = []
    brand = read_file(Brand, file, faults)
    if brand is None:
        return tuple(faults)
    if brand.id != file.stem:
        return (f"{file}: id: must be the file's name, {file.stem}",)
    return brand
