"""List entries made while the program runs: a versioned table, in addition to the entries of the configuration.

Each change increases the version by one, in the same transaction. An entry has the version that added it and, once
removed, the version that removed it. Nothing is overwritten, so the lists of any earlier time are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    insert,
    select,
    update,
)

from sekisho.held import Operation, OperationResult
from sekisho.policy import ListEntry
from sekisho.ports import Clock
from sekisho.store import audit
from sekisho.store.database.options import StoreOptions
from sekisho.store.database.schema import metadata
from sekisho.store.database.transactions import Database
from sekisho.store.database.types import HostileText, UtcTime

LISTS = ("allow", "block")
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_ONLY = 1  # the id of the one row that holds the version

list_version = Table(
    "list_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

list_entries = Table(
    "list_entries",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("list", String(8), nullable=False),
    Column("scope", HostileText, nullable=False),
    Column("matched", HostileText, nullable=False),  # the entry in the one spelling it is compared by
    Column("entry", HostileText, nullable=False),
    Column("expires", UtcTime),
    Column("comment", HostileText, nullable=False),
    Column("author", HostileText, nullable=False),
    Column("authenticated", Boolean, nullable=False),
    Column("dkim", HostileText, nullable=False),
    Column("added", UtcTime, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("removed", UtcTime),
    Column("removed_by", HostileText),
    Column("until", BigInteger),  # NULL while it is in force
    Index("ix_list_entries_until_list", "until", "list"),
)


class ListOperation(StrEnum):
    """What people do to the lists, as the audit has it. The `reason` of such a row is the list's name."""

    ADD = "list_add"
    REMOVE = "list_remove"


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry of the table: its list, itself, and when it was made."""

    list: str
    entry: ListEntry
    added: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """The result of a change. An entry that was there already without a difference counts as none of them. `replaced`
    has the entries, each with its list, whose place another one took; None for one that this version cannot read."""

    version: int
    added: int = 0
    removed: int = 0
    replaced: tuple[tuple[str, ListEntry | None], ...] = ()


class ListStore:
    """The lists in the store. Belongs to the process that opened it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._writing = database.writing
        self._reading = database.reading
        self._clock = clock

    @classmethod
    def open(
        cls, options: StoreOptions, clock: Clock, on_loss: Callable[[], None] = lambda: None
    ) -> ListStore:
        """Migrate the tables and connect. Raises StoreUnavailable or SchemaError."""
        return cls(Database.open(options, on_loss), clock)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def version(self) -> int:
        """The version of the lists; 0 if they were never changed. Raises StoreUnavailable."""
        with self._reading() as connection:
            return _version(connection)

    def entries(self) -> tuple[int, tuple[Stored, ...]]:
        """The version and what has not been removed, in the order it was made; expired entries too.

        Raises StoreUnavailable.
        """
        query = select(list_entries).where(list_entries.c.until.is_(None)).order_by(list_entries.c.id)
        with self._reading() as connection:
            return _version(connection), tuple(_stored(map(dict, connection.execute(query).mappings())))

    def add(self, entries: Iterable[tuple[str, ListEntry]], who: str = "") -> Changed:
        """Add to the lists, in one change. An entry takes the place of one that is spelled alike with the same
        scope in the same list. The audit names `who`, or the author of each entry. Raises StoreUnavailable, and then
        nothing was changed."""
        now = self._clock.now()
        wanted = dict(((name, *entry.key), (name, entry)) for name, entry in entries).values()
        with self._writing() as connection:
            version = _version(connection, lock=True)
            new: list[tuple[str, ListEntry]] = []
            replaced: list[tuple[str, ListEntry | None]] = []
            for name, entry in wanted:
                standing = _standing(connection, name, entry)
                if standing == (entry,):
                    continue
                new.append((name, entry))
                if standing is not None:
                    replaced.append((name, next(iter(standing), None)))
                    _remove(connection, name, entry, version + 1, now, entry.author)
            if new:
                _raise(connection, version + 1)
                connection.execute(
                    insert(list_entries), [_row(*each, version=version + 1, now=now) for each in new]
                )
                done = [_done(ListOperation.ADD, *each, who or each[1].author) for each in new]
                audit.write(connection, done, now)
            return Changed(version + bool(new), len(new) - len(replaced), replaced=tuple(replaced))

    def remove(self, name: str, entry: ListEntry, who: str) -> Changed:
        """Take the entry with that spelling and scope out of a list. Raises StoreUnavailable."""
        now = self._clock.now()
        with self._writing() as connection:
            version = _version(connection, lock=True)
            removed = _remove(connection, name, entry, version + 1, now, who)
            if removed:
                _raise(connection, version + 1)
                audit.write(connection, [_done(ListOperation.REMOVE, name, entry, who)], now)
            return Changed(version + bool(removed), removed=removed)


def _done(operation: ListOperation, name: str, entry: ListEntry, who: str) -> Operation:
    """The row of the audit. Its note says all that matters of the entry."""
    conditions = ["authenticated"] if entry.authenticated else []
    conditions += [f"dkim {entry.dkim}"] if entry.dkim else []
    parts = (
        f"{name} {entry.entry}",
        f"for {entry.scope}" if entry.scope else "",
        f"if {' and '.join(conditions)}" if conditions else "",
        f"until {entry.expires.isoformat(timespec='seconds')}" if entry.expires else "",
    )
    note = " ".join(filter(None, parts)) + (f": {entry.comment}" if entry.comment else "")
    return Operation(operation, OperationResult.OK, who, reason=name, note=note)


def _version(connection: Connection, *, lock: bool = False) -> int:
    query = select(list_version.c.version).where(list_version.c.id == _ONLY)
    return int(connection.execute(query.with_for_update() if lock else query).scalar_one())


def _raise(connection: Connection, version: int) -> None:
    connection.execute(update(list_version).where(list_version.c.id == _ONLY).values(version=version))


def _standing(connection: Connection, name: str, entry: ListEntry) -> tuple[ListEntry, ...] | None:
    """The entry that this one would replace; None if there is none, nothing if this version cannot read it."""
    row = connection.execute(select(list_entries).where(*_same(name, entry))).mappings().first()
    return None if row is None else tuple(each.entry for each in _stored([dict(row)]))


def _remove(
    connection: Connection, name: str, entry: ListEntry, version: int, now: datetime, who: str
) -> int:
    gone = update(list_entries).where(*_same(name, entry))
    return connection.execute(gone.values(until=version, removed=now, removed_by=who)).rowcount


def _same(name: str, entry: ListEntry) -> tuple[Any, ...]:
    scope, matched = entry.key
    columns = list_entries.c
    return columns.until.is_(None), columns.list == name, columns.scope == scope, columns.matched == matched


def _row(name: str, entry: ListEntry, *, version: int, now: datetime) -> dict[str, Any]:
    scope, matched = entry.key
    plain = entry.model_dump(include={"entry", "expires", "comment", "author", "authenticated", "dkim"})
    return {**plain, "list": name, "scope": scope, "matched": matched, "added": now, "since": version}


def _stored(rows: Iterable[Mapping[str, Any]]) -> Iterator[Stored]:
    """The rows as entries. One that this version of the program does not accept is left out."""
    names = tuple(ListEntry.model_fields)
    for row in rows:
        try:
            entry = ListEntry.model_validate({name: row[name] for name in names})
        except ValidationError:
            continue
        yield Stored(row["list"], entry, row["added"])
