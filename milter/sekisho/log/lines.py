"""How a record becomes one line. Nothing in a message can break, forge or hide a line.

A line is logfmt (`key=value key="quoted value"`) or one JSON object. Values pass `text.printable`: control, direction
and invisible characters appear as escapes; Japanese stays as it is. A value with a space, a quote or `=` is quoted, so
a message cannot add a key to its line.

A record of `events` has the name of the event and its fields. A field may be a text, a number, a boolean, None (left
out) or a sequence (joined by commas). Any other record is a sentence of a library: the event `notice`. The code that
logs an event decides what its fields say about people; the text, reasons and exceptions pass `privacy` here.
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

from sekisho.events.declaration import NOTICE, SCHEMA_VERSION
from sekisho.text import printable

MAX_VALUE_CHARS = 400
"""Of one value; a longer one is cut and ends with an ellipsis."""
MAX_LINE_BYTES = 16_000
"""Of one line."""
FREE_TEXTS = frozenset({"reason"})
"""Fields that pass `privacy` as the text does."""
MAX_FRAMES = 12
"""Stack frames of an exception that are logged: the innermost ones."""

_KEY = re.compile(r"[^a-z0-9_.]")
_BARE = re.compile(r"[A-Za-z0-9_.:/@+,*~;<>\[\](){}!?&%$#|^-]+\Z")


class PrivacyPort(Protocol):
    """What a free text in a line may say about people (implemented by `privacy.Privacy`)."""

    def words(self, text: str) -> str:
        """The text with its addresses replaced by pseudonyms."""

    def error(self, error: BaseException) -> str:
        """The text of an exception, without what it quotes from a message."""


class Logfmt(logging.Formatter):
    """`time=… level=info logger=journal event=message key=value key="a value"`."""

    def __init__(self, limit: int = MAX_LINE_BYTES, privacy: PrivacyPort | None = None) -> None:
        super().__init__()
        self._privacy = privacy
        self._limit = limit - len(" truncated=true\n")

    def format(self, record: logging.LogRecord) -> str:
        """The line. If it is too long, it ends with `truncated=true` after the last pair that fits."""
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
    """One JSON object per line. Numbers and booleans keep their type, and sequences become arrays. `schema` is the
    version of the keys (`events.schema`)."""

    _encode = staticmethod(json.JSONEncoder(ensure_ascii=False).encode)

    def __init__(self, limit: int = MAX_LINE_BYTES, privacy: PrivacyPort | None = None) -> None:
        super().__init__()
        self._privacy = privacy
        self._limit = limit

    def format(self, record: logging.LogRecord) -> str:
        """The line. If it is too long, it has the keys before the one that does not fit, and `truncated`, its full
        length in bytes."""
        found: dict[str, object] = {"schema": SCHEMA_VERSION}
        found |= {key: _plain(value) for key, value in pairs(record, self._privacy)}
        line = self._encode(found)
        return line if _bytes(line) < self._limit else self._cut(found, _bytes(line))

    def _cut(self, found: Mapping[str, object], size: int) -> str:
        short: dict[str, object] = {}
        room = self._limit - len('{"truncated": 1000000000}')
        for key, value in found.items():
            room -= _bytes(self._encode({key: value}))
            if room < 0:
                break
            short[key] = value
        return self._encode(short | {"truncated": size})


class AsciiJsonLines(JsonLines):
    """The same in ASCII, with escapes. They take up to three times the bytes, which count for the limit."""

    _encode = staticmethod(json.JSONEncoder(ensure_ascii=True).encode)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "backslashreplace"))


def pairs(record: logging.LogRecord, privacy: PrivacyPort | None) -> Iterator[tuple[str, Any]]:
    """A record's keys and values, in order: time, level, logger, event, its fields, its exception. The text and the
    exception pass `privacy`. The fields do not: the code that logs the event has decided what they say."""
    moment = datetime.fromtimestamp(record.created, UTC)
    yield "time", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname.lower()
    yield "logger", record.name.removeprefix("sekisho.")
    fields = getattr(record, "fields", None)
    text = _message(record)
    event = getattr(record, "event", NOTICE if fields is None else text)
    yield "event", event
    if text != event:
        yield "text", text if privacy is None else privacy.words(text)
    for key, value in fields.items() if isinstance(fields, Mapping) else ():
        if value is not None:
            yield _key(str(key)), _free(value, privacy) if key in FREE_TEXTS else value
    if record.exc_info and record.exc_info[1] is not None:
        yield from _exception(record.exc_info[1], privacy)


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    return _KEY.sub("_", name.lower())[:40]


def _free(value: object, privacy: PrivacyPort | None) -> object:
    """A text that may quote anything, for example an error's."""
    return value if privacy is None else privacy.words(str(value))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a wrong format string in a library
        return str(record.msg)


def _exception(error: BaseException, privacy: PrivacyPort | None) -> Iterator[tuple[str, Any]]:
    """Type, text and the innermost frames."""
    yield "exception", type(error).__name__
    yield "exception_text", str(error) if privacy is None else privacy.error(error)
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    yield (
        "trace",
        " < ".join(f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames[::-1]),
    )


def quoted(value: object) -> str:
    """The value as it is written in a logfmt line."""
    text = shown(value)
    if _BARE.match(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def shown(value: object) -> str:
    """The value as text without control characters."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case list() | tuple() | set() | frozenset():
            return printable(",".join(str(each) for each in value), MAX_VALUE_CHARS)
        case _:
            return printable(str(value), MAX_VALUE_CHARS)


def _plain(value: object) -> object:
    match value:
        case str():
            return printable(str(value), MAX_VALUE_CHARS)
        case bool() | int():
            return value
        case float():
            return value if value - value == 0 else None  # JSON has no infinity
        case list() | tuple() | set() | frozenset():
            return [printable(str(each), MAX_VALUE_CHARS) for each in value]
        case _:
            return printable(str(value), MAX_VALUE_CHARS)
