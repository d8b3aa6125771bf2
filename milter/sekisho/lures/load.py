"""Lure files from the folder that comes with the program. Everything wrong in any file is reported at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from sekisho.lures.model import Lures
from sekisho.package_data import shipped


class LureFileError(Exception):
    """Lure files that cannot be loaded; `faults` lists everything that is wrong, `file: key: reason`."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load(folder: Path | None = None) -> tuple[Lures, ...]:
    """The vocabularies of `folder` (the shipped one if None), by file name. Raises LureFileError."""
    faults: list[str] = []
    folder = folder or shipped("lures")
    found = [_read(file, faults) for file in sorted(folder.glob("*.toml"))]
    if not found:
        faults.append(f"{folder}: holds no lure file")
    if faults:
        raise LureFileError(tuple(faults))
    return tuple(each for each in found if each is not None)


def _read(file: Path, faults: list[str]) -> Lures | None:
    try:
        return Lures.model_validate(tomllib.loads(file.read_text("utf-8")))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            reason = each["msg"].removeprefix("Value error, ")
            faults.append(f"{file}: {'.'.join(map(str, each['loc']))}: {reason}")
    except (OSError, ValueError, RecursionError) as error:
        faults.append(f"{file}: {error}")
    return None
