"""Writes the rows of an evaluation into a file, one case on a line: CSV if its name ends in `.csv`, else JSON Lines.

The file appears whole or not at all: the rows go into a new file beside it, which then takes its place.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sekisho.evaluation.measure import Row, right
from sekisho.plain_errors import of_system

COLUMNS = (
    "file",
    "label",
    "expect",
    "at_most",
    "right",
    "verdict",
    "score",
    "decided_by",
    "findings",
    "degraded",
    "folder",
    "kind",
    "lang",
    "brand",
    "seconds",
    "reason",
)
Rows = Iterable[Row]


class RowsFileError(Exception):
    """The file of the rows cannot be written. The text names the file and the reason."""


def record(row: Row) -> dict[str, Any]:
    """What the file says of one case. A value that is not known is None."""
    seconds = round(row["ms"] / 1000, 5) if "ms" in row else None
    known = {**row, "right": right(row), "seconds": seconds}
    return {column: known.get(column) for column in COLUMNS}


def _json_lines(stream: IO[str], rows: Rows) -> None:
    for row in rows:
        stream.write(json.dumps(record(row), ensure_ascii=False) + "\n")


def _csv(stream: IO[str], rows: Rows) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(map(_field, record(row).values()))


def _field(value: Any) -> Any:
    """A value as a field of CSV. The findings are one field: `brand.subject=1.5 auth.spf_fail=2`."""
    if isinstance(value, bool):
        return str(value).lower()
    return (
        " ".join(f"{name}={points:g}" for name, points in value.items()) if isinstance(value, dict) else value
    )


@contextmanager
def rows_file(path: Path) -> Iterator[Callable[[Rows], None]]:
    """A function that writes all rows, once, into a file that only its owner may read. A file of that name is replaced.
    A link stays, and its target is replaced.

    Raises RowsFileError: at once if the file could not be written, later if the disk is full.
    """
    target = _target(path)
    with _reported(path):
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    stream = open(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="")  # noqa: SIM115 - closed below

    def write(rows: Rows) -> None:
        with _reported(path):
            (_csv if path.suffix.lower() == ".csv" else _json_lines)(stream, rows)
            stream.close()
            Path(name).replace(target)

    try:
        yield write
    finally:
        with suppress(OSError):
            stream.close()
        Path(name).unlink(missing_ok=True)


def _target(path: Path) -> Path:
    """The file that is replaced. Raises RowsFileError if it must not be."""
    target = Path(os.path.realpath(path))
    with _reported(path):
        if target.exists() and not target.is_file():
            raise RowsFileError(f"{path}: is not a regular file")
    return target


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Raises RowsFileError in the place of OSError."""
    try:
        yield
    except OSError as error:
        raise RowsFileError(f"{path}: {of_system(error)}") from error
