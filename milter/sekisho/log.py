"""The log: one line per record, which nothing in a message can break, forge or hide.

Lines are logfmt (`key=value key="quoted value"`) or JSON, one object a line. Values pass `text.printable`:
control, direction and invisible characters appear as escapes, Japanese as it is. A value that could be
mistaken for more than one (space, quote, `=`) is quoted, so a message cannot add a key to its line.

A record carries its facts in `extra={"fields": {...}}`; its text is the name of the event. Facts may be text,
numbers, truth values, None (left out) or sequences (joined by commas). Every line is written by one system
call, so that lines of several processes do not mix, and a log that cannot be written never stops the mail.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from sekisho.options import Options
from sekisho.text import printable

VALUE = 400
"""Characters of one value; longer ones end with an ellipsis."""
LINE = 16_000
"""Characters of one line."""
FRAMES = 12
"""Stack frames told of an exception, the innermost."""

_JSON = json.JSONEncoder(ensure_ascii=False)
_KEY = re.compile(r"[^a-z0-9_.]")
_BARE = re.compile(r"[A-Za-z0-9_.:/@+,*~;<>\[\](){}!?&%$#|^-]+\Z")


class LogOptions(Options):
    """Where the log goes, and how it looks."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe records that are written."
    )
    format: Literal["logfmt", "json"] = Field(
        default="logfmt", description="One line of key=value pairs, or one JSON object, per record."
    )
    target: str = Field(
        default="stderr",
        description="stderr, or the absolute path of a file, which is opened anew after rotation.",
    )

    @field_validator("target")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if value != "stderr" and not value.startswith("/"):
            raise ValueError("must be stderr or an absolute path")
        return value


class TargetError(Exception):
    """The log cannot be written where it should be."""


def setup(options: LogOptions) -> None:
    """Send every record of this process (and of those forked from it) to the target.

    Our own records from `level` on, other libraries' from warning on. Raises TargetError if the file cannot be
    opened.
    """
    target = sys.stderr.fileno() if options.target == "stderr" else Path(options.target)
    try:
        handler = LineHandler(target)
    except OSError as error:
        raise TargetError(f"{options.target}: {error.strerror}") from error
    handler.setFormatter(Json() if options.format == "json" else Logfmt())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("sekisho").setLevel(options.level.upper())
    # No line tells of threads, processes or places in the source: records need not find them out.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


class LineHandler(logging.Handler):
    """Writes each line whole. `lost` counts what could not be written."""

    def __init__(self, target: int | Path) -> None:
        super().__init__()
        self._path = target if isinstance(target, Path) else None
        self._fd = target if isinstance(target, int) else _open(target)
        self._identity = _identity(os.fstat(self._fd))
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + "\n"
            os.write(self._current(), line.encode("utf-8", "backslashreplace"))
        except Exception:
            self.lost += 1  # telling of it would need a log

    def _current(self) -> int:
        """The descriptor, after a rotation that of the new file."""
        if self._path is None:
            return self._fd
        try:
            if _identity(os.stat(self._path)) == self._identity:
                return self._fd
        except FileNotFoundError:
            pass
        fresh = _open(self._path)
        os.close(self._fd)
        self._fd = fresh
        self._identity = _identity(os.fstat(fresh))
        return fresh

    def close(self) -> None:
        if self._path is not None and self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        super().close()


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


def _identity(found: os.stat_result) -> tuple[int, int]:
    """What tells a file from every other while somebody has it open."""
    return found.st_dev, found.st_ino


class Logfmt(logging.Formatter):
    """`time=… level=info logger=journal event=message key=value key="a value"`."""

    def format(self, record: logging.LogRecord) -> str:
        parts: list[str] = []
        room = LINE
        for key, value in pairs(record):
            part = f"{key}={quoted(value)}"
            room -= len(part) + 1
            if room < 0:
                return " ".join([*parts, "truncated=true"])
            parts.append(part)
        return " ".join(parts)


class Json(logging.Formatter):
    """One JSON object a line; numbers and truth values keep their type, sequences become arrays."""

    def format(self, record: logging.LogRecord) -> str:
        line = _JSON.encode({key: _plain(value) for key, value in pairs(record)})
        if len(line) <= LINE:
            return line
        short = {key: _plain(value) for key, value in list(pairs(record))[:4]}
        return _JSON.encode(short | {"truncated": len(line)})


def pairs(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """What a record says, in order: time, level, logger, event, its facts, its exception."""
    moment = datetime.fromtimestamp(record.created, UTC)
    yield "time", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname.lower()
    yield "logger", record.name.removeprefix("sekisho.")
    yield "event", _message(record)
    fields = getattr(record, "fields", {})
    for key, value in fields.items() if isinstance(fields, Mapping) else ():
        if value is not None:
            yield _key(str(key)), value
    if record.exc_info and record.exc_info[1] is not None:
        yield from _exception(record.exc_info[1])


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    return _KEY.sub("_", name.lower())[:40]


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a library's own wrong format string
        return str(record.msg)


def _exception(error: BaseException) -> Iterator[tuple[str, Any]]:
    """Type, words and the innermost frames, on one line."""
    yield "exception", type(error).__name__
    yield "exception_text", str(error)
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    yield (
        "trace",
        " < ".join(f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames[::-1]),
    )


def quoted(value: object) -> str:
    """A value as it may stand in a logfmt line."""
    text = _shown(value)
    if _BARE.match(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _shown(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case list() | tuple() | set() | frozenset():
            return printable(",".join(str(each) for each in value), VALUE)
        case _:
            return printable(str(value), VALUE)


def _plain(value: object) -> object:
    match value:
        case str():
            return printable(str(value), VALUE)
        case bool() | int():
            return value
        case float():
            return value if value - value == 0 else None  # JSON knows no infinity
        case list() | tuple() | set() | frozenset():
            return [printable(str(each), VALUE) for each in value]
        case _:
            return printable(str(value), VALUE)
