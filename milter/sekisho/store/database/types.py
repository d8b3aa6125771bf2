"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator

_UNSTORABLE = re.compile(r"[\\\x00\ud800-\udfff]")
_STORED = re.compile(r"\\u([0-9a-f]{4})")
_NOT_JSON_TEXT = re.compile(r"[\ud800-\udfff]")


class HostileText(TypeDecorator[str]):
    """Text as it came off the wire, exactly. NUL (refused by PostgreSQL) and surrogates (undecodable bytes,
    refused by both) are stored as `\\u0000`, and so is the backslash itself; everything else is readable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """As it is stored."""
        return None if value is None else _UNSTORABLE.sub(_escaped, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """As it was."""
        return None if value is None else _STORED.sub(lambda match: chr(int(match[1], 16)), value)


class Json(TypeDecorator[Any]):
    """A JSON document as text that both databases take: Japanese readable, lone surrogates escaped."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """As it is stored. Raises ValueError for NaN and infinity, which JSON has not."""
        return json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The document again."""
        return None if value is None else json.loads(value)


def json_text(value: Any) -> str:
    """A JSON document, or a part of one, as `Json` stores it. Raises ValueError for NaN and infinity."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _NOT_JSON_TEXT.sub(_escaped, text)


class UtcTime(TypeDecorator[datetime]):
    """An aware time. PostgreSQL keeps it as timestamptz, SQLite (which has no zones) as its UTC reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As it is stored. Raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time again, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
