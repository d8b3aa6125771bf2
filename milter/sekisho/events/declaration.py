"""What an event of the log is, and how it is written."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum

SCHEMA_VERSION = 1
"""Of the lines. It is raised when a key is renamed or removed, or gets another type or meaning. New keys and new events
do not raise it."""
NOTICE = "notice"
"""The event of a record that is a sentence only: what a library says."""


class Kind(StrEnum):
    """The type of a field in JSON."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXTS = "array"


@dataclass(frozen=True, slots=True)
class EventField:
    """One key of a line. `values` are the only ones that it can have, `always`: it is in every line of the event."""

    name: str
    about: str
    kind: Kind = Kind.TEXT
    values: tuple[str, ...] = ()
    always: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of line. `level` is that of `logging`, `when` says for people when it is written.

    `fails`: it may come with an exception, as `exception`, `exception_text` and `trace`."""

    name: str
    level: int
    when: str
    fields: tuple[EventField, ...] = ()
    fails: bool = False

    def write(
        self,
        log: logging.Logger,
        text: str = "",
        /,
        **fields: object,
    ) -> None:
        """Write one line. `text` is a sentence for people. A field that is None is left out."""
        log.log(self.level, text or self.name, extra={"event": self.name, "fields": fields})

    def failed(self, log: logging.Logger, error: BaseException, text: str = "", /, **fields: object) -> None:
        """The same with an exception."""
        extra = {"event": self.name, "fields": fields}
        log.log(self.level, text or self.name, exc_info=error, extra=extra)

    def record(self, logger: str, /, **fields: object) -> logging.LogRecord:
        """The record of one line that does not pass `logging`. `logger` is the logger's name."""
        record = logging.LogRecord(logger, self.level, "", 0, self.name, None, None)
        record.event, record.fields = self.name, fields
        return record


def text(name: str, about: str, values: type[StrEnum] | None = None, *, always: bool = True) -> EventField:
    """A field with a text; with `values`, one of the words of that enum."""
    return EventField(name, about, Kind.TEXT, tuple(values or ()), always)


def texts(name: str, about: str, values: type[StrEnum] | None = None, *, always: bool = True) -> EventField:
    """A field with several texts: an array in JSON, joined by commas in logfmt."""
    return EventField(name, about, Kind.TEXTS, tuple(values or ()), always)


def integer(name: str, about: str, *, always: bool = True) -> EventField:
    """A field with a whole number."""
    return EventField(name, about, Kind.INTEGER, (), always)


def number(name: str, about: str, *, always: bool = True) -> EventField:
    """A field with a number."""
    return EventField(name, about, Kind.NUMBER, (), always)


def flag(name: str, about: str, *, always: bool = True) -> EventField:
    """A field that is true or false."""
    return EventField(name, about, Kind.BOOLEAN, (), always)
