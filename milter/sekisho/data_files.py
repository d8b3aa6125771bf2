"""Files that people write: knowledge (brands, words), the configuration, cases. TOML or JSON in UTF-8.

Whatever is wrong becomes a line `file: key: reason` with the words of `plain_errors`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sekisho import plain_errors

MAX_FILE_BYTES = 4 * 1024 * 1024
NO_REASONS: Mapping[str, str] = MappingProxyType({})

Model = TypeVar("Model", bound=BaseModel)


class UnreadableError(Exception):
    """A file cannot be read, or its content is not what it should be. The text is `file: reason`."""


class ContentError(ValueError):
    """A text is not TOML or JSON. The text is the reason, without a file."""


class DataFileError(Exception):
    """Files of knowledge cannot be loaded; `faults` lists every error as `file: key: reason`."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class FileModel(BaseModel):
    """A model of a file: unknown keys are errors, values are not converted, and an instance does not change."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def read_bytes(file: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """The content of a file that has at most `limit` bytes (a device may have no end). Raises UnreadableError."""
    try:
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{file}: {plain_errors.of_system(error)}") from error
    if len(content) > limit:
        raise UnreadableError(f"{file}: is larger than {limit} bytes: it cannot be the right file")
    return content


def text_of(content: bytes) -> str:
    """The text of a file in UTF-8, without the mark that some editors put at its beginning. Raises ContentError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContentError(plain_errors.of_encoding(error)) from error


def parse_toml(text: str) -> dict[str, Any]:
    """The table of a TOML text. Raises ContentError."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ContentError(plain_errors.of_toml(error)) from error


def parse_json(content: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises ContentError."""
    try:
        return json.loads(text_of(content))
    except ContentError:
        raise
    except (ValueError, RecursionError) as error:
        raise ContentError(plain_errors.of_json(error)) from error


def read_toml(file: Path) -> dict[str, Any]:
    """The table of a TOML file. Raises UnreadableError."""
    content = read_bytes(file)
    try:
        return parse_toml(text_of(content))
    except ContentError as error:
        raise UnreadableError(f"{file}: {error}") from error


def read_json(file: Path) -> Any:
    """The value of a JSON file. Raises UnreadableError."""
    content = read_bytes(file)
    try:
        return parse_json(content)
    except ContentError as error:
        raise UnreadableError(f"{file}: {error}") from error


def toml_files(folder: Path, faults: list[str], required: bool = True) -> tuple[Path, ...]:
    """The TOML files of a folder, sorted by name. A folder that cannot be read adds a fault, and so does a missing one
    if it is `required`."""
    try:
        return tuple(sorted(file for file in folder.iterdir() if file.suffix == ".toml"))
    except OSError as error:
        if required or not isinstance(error, FileNotFoundError):
            faults.append(f"{folder}: {plain_errors.of_system(error)}")
    return ()


def table_of(file: Path, faults: list[str]) -> dict[str, Any] | None:
    """The table of a file. If it cannot be read: None, and one more entry in `faults`."""
    try:
        return read_toml(file)
    except UnreadableError as error:
        faults.append(str(error))
    return None


def read(
    model: type[Model], file: Path, faults: list[str], reasons: Mapping[str, str] = NO_REASONS
) -> Model | None:
    """The model of a file. If the file is not valid: None, and one more entry in `faults` for each error. `reasons` are
    texts for types of errors that can be said better for this file."""
    content = table_of(file, faults)
    return None if content is None else validated(model, content, file, faults, reasons)


def validated(
    model: type[Model],
    content: object,
    file: Path,
    faults: list[str],
    reasons: Mapping[str, str] = NO_REASONS,
) -> Model | None:
    """The model of a table that was read already. The faults name `file`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        for each in plain_errors.of_model(error, model):
            said = each._replace(reason=reasons.get(each.type, each.reason))
            faults.append(f"{file}: {said}")
    return None
