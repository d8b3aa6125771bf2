"""Files of knowledge (brands, words): TOML, validated as a whole, each fault with file, key and reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

MAX_FILE_BYTES = 1024 * 1024

REASONS = MappingProxyType(
    {
        "extra_forbidden": "there is no such key",
        "model_type": "must be a table of keys",
        "tuple_type": "must be a list",
    }
)
"""Plain texts in the place of pydantic's messages, by the type of its error."""

Model = TypeVar("Model", bound=BaseModel)


class DataFileError(Exception):
    """Files of knowledge cannot be loaded; `faults` lists every error as `file: key: reason`."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class FileModel(BaseModel):
    """A model of a file: unknown keys are errors, values are not converted, and an instance does not change."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def toml_files(folder: Path, faults: list[str], required: bool = True) -> tuple[Path, ...]:
    """The TOML files of a folder, sorted by name. A folder that cannot be read adds a fault, and so does a missing one
    if it is `required`."""
    try:
        return tuple(sorted(file for file in folder.iterdir() if file.suffix == ".toml"))
    except FileNotFoundError as error:
        if required:
            faults.append(f"{folder}: {error.strerror}")
    except OSError as error:
        faults.append(f"{folder}: {error.strerror}")
    return ()


def read_toml(file: Path, faults: list[str]) -> dict[str, object] | None:
    """The table of a file. If it cannot be read: None, and one more entry in `faults`."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            faults.append(f"{file}: is larger than {MAX_FILE_BYTES} bytes")
            return None
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        faults.append(f"{file}: {error.strerror or 'cannot be read'}")
    except UnicodeDecodeError as error:
        faults.append(f"{file}: is not UTF-8 at byte {error.start}")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        faults.append(f"{file}: {error or 'is nested too deeply'}")
    return None


def read(
    model: type[Model], file: Path, faults: list[str], reasons: Mapping[str, str] = REASONS
) -> Model | None:
    """The model of a file. If the file is not valid: None, and one more entry in `faults` for each error."""
    content = read_toml(file, faults)
    return None if content is None else validated(model, content, file, faults, reasons)


def validated(
    model: type[Model],
    content: object,
    file: Path,
    faults: list[str],
    reasons: Mapping[str, str] = REASONS,
) -> Model | None:
    """The model of a table that was read already. The faults name `file`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            reason = reasons.get(each["type"]) or each["msg"].removeprefix("Value error, ")
            faults.append(": ".join(filter(None, (str(file), ".".join(map(str, each["loc"])), reason))))
    return None
