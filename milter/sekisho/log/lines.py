"""How a record becomes one line, which nothing in a message can break, forge or hide.

Lines are logfmt (`key=value key="quoted value"`) or JSON, one object a line. Values pass `text.printable`:
control, direction and invisible characters appear as escapes, Japanese as it is. A value that could be
mistaken for more than one (space, quote, `=`) is quoted, so a message cannot add a key to its line.

A record carries its facts in `extra={"fields": {...}}`; its text is the name of the event. Facts may be text,
numbers, truth values, None (left out) or sequences (joined by commas). Who writes an event decides what its facts say
of people; text and exceptions pass `privacy` here.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from sekisho.text import printable

VALUE = 400
"""Characters of one value; longer ones end with an ellipsis."""
LINE = 16_000
"""Bytes of one line."""
FRAMES = 12
"""Stack frames told of an exception, the innermost."""

_JSON = json.JSONEncoder(ensure_ascii=False)
_KEY = re.compile(r"[^a-z0-9_.]")
_BARE = re.compile(r"[A-Za-z0-9_.:/@+,*~;<>\[\](){}!?&%$#|^-]+\Z")


class PrivacyPort(Protocol):
    """What free text in a line may say of people (`privacy.Privacy`)."""

    def words(self, text: str) -> str:
        """Free text without what it may not say of people."""

    def error(self, error: BaseException) -> str:
        """The text of an exception, in the same way."""


class Logfmt(logging.Formatter):
    """`time=… level=info logger=journal event=message key=value key="a value"`."""

    def __init__(self, limit: int = LINE, privacy: PrivacyPort | None = None) -> None:
        super().__init__()
        self._privacy = privacy
        self._limit = limit - len(" truncated=true\n")

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line without a line end."""
        parts: list[str] = []
        room = self._limit
        for key, value in pairs(record, self._privacy):
            part = f"{key}={quoted(value)}"
            room -= _bytes(part) + 1
            if room < 0:
                return " ".join([*parts, "truncated=true"])
            parts.append(part)
        return " ".join(parts)


class JsonLines(logging.Formatter):
    """One JSON object a line; numbers and truth values keep their type, sequences become arrays."""

    def __init__(self, limit: int = LINE, privacy: PrivacyPort | None = None) -> None:
        super().__init__()
        self._privacy = privacy
        self._limit = limit

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line without a line end."""
        line = _JSON.encode({key: _plain(value) for key, value in pairs(record, self._privacy)})
        if _bytes(line) < self._limit:
            return line
        short = {key: _plain(value) for key, value in list(pairs(record, self._privacy))[:4]}
        return _JSON.encode(short | {"truncated": len(line)})


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "backslashreplace"))


def pairs(record: logging.LogRecord, privacy: PrivacyPort | None) -> Iterator[tuple[str, Any]]:
    """What a record says, in order: time, level, logger, event, its facts, its exception. Its text and its exception
    pass `privacy`. Its facts do not: whose event it is has decided what they say."""
    moment = datetime.fromtimestamp(record.created, UTC)
    yield "time", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname.lower()
    yield "logger", record.name.removeprefix("sekisho.")
    text = _message(record)
    yield "event", text if privacy is None else privacy.words(text)
    fields = getattr(record, "fields", {})
    for key, value in fields.items() if isinstance(fields, Mapping) else ():
        if value is not None:
            yield _key(str(key)), value
    if record.exc_info and record.exc_info[1] is not None:
        yield from _exception(record.exc_info[1], privacy)


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    return _KEY.sub("_", name.lower())[:40]


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a library's own wrong format string
        return str(record.msg)


def _exception(error: BaseException, privacy: PrivacyPort | None) -> Iterator[tuple[str, Any]]:
    """Type, words and the innermost frames, on one line."""
    yield "exception", type(error).__name__
    yield "exception_text", str(error) if privacy is None else privacy.error(error)
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
