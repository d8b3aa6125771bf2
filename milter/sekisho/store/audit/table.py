"""The table of the audit, and how rows get into it and out of it.

A row is written in the transaction of the operation itself. Rows outlive the message or the list entry that they are
about. A change here needs a migration in `store/database/migrations/versions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    insert,
    select,
    update,
)

from sekisho.held import Operation
from sekisho.store.database.schema import metadata
from sekisho.store.database.types import HostileText, UtcTime

MAX_NOTE_CHARS = 500  # characters kept of a note

operations = Table(
    "operations",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("who", HostileText, nullable=False),
    Column("operation", String(16), nullable=False),
    Column("result", String(16), nullable=False),
    Column("entry_id", String(26)),
    Column("copy", BigInteger),
    Column("reason", String(32), nullable=False),
    Column("note", HostileText, nullable=False),
    Column("counted", Boolean, nullable=False),  # true once log and metrics have it
    Index("ix_operations_entry_id", "entry_id"),
    Index("ix_operations_counted_id", "counted", "id"),
    Index("ix_operations_at", "at"),
)


def write(connection: Connection, done: Sequence[Operation], now: datetime) -> None:
    """Add rows, in the transaction of the operations themselves."""
    rows = [
        {
            "at": now,
            "who": each.who,
            "operation": each.operation,
            "result": each.result,
            "entry_id": each.entry,
            "copy": each.copy,
            "reason": each.reason,
            "note": each.note[:MAX_NOTE_CHARS],
            "counted": False,
        }
        for each in done
    ]
    if rows:
        connection.execute(insert(operations), rows)


def read(connection: Connection, entry: str | None, limit: int) -> tuple[Operation, ...]:
    """The newest rows (of one entry, or all), newest first, at most `limit`."""
    query = select(operations).order_by(operations.c.id.desc()).limit(limit)
    if entry is not None:
        query = query.where(operations.c.entry_id == entry)
    return tuple(map(_operation, connection.execute(query).mappings()))


def take_uncounted(connection: Connection, limit: int) -> tuple[Operation, ...]:
    """Rows that log and metrics do not have yet, oldest first, at most `limit`. They are marked as counted."""
    query = select(operations).where(operations.c.counted.is_(False)).order_by(operations.c.id).limit(limit)
    rows = connection.execute(query.with_for_update(skip_locked=True)).mappings().all()
    names = [row["id"] for row in rows]
    connection.execute(update(operations).where(operations.c.id.in_(names)).values(counted=True))
    return tuple(map(_operation, rows))


def _operation(row: RowMapping) -> Operation:
    """A row as an Operation."""
    return Operation(
        entry=row["entry_id"],
        number=row["id"],
        **{name: row[name] for name in ("operation", "result", "who", "copy", "reason", "note", "at")},
    )
