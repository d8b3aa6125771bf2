"""The audit: what people and the maintenance process did to the quarantine. Rows are added and read. They never change,
except for the mark that log and metrics have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from sekisho.held import Operation
from sekisho.store.quarantine import records
from sekisho.store.quarantine.schema import operations

MAX_NOTE_CHARS = 500  # characters kept of a note


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
    return tuple(map(records.operation, connection.execute(query).mappings()))


def take_uncounted(connection: Connection, limit: int) -> tuple[Operation, ...]:
    """Rows that log and metrics do not have yet, oldest first, at most `limit`. They are marked as counted."""
    query = select(operations).where(operations.c.counted.is_(False)).order_by(operations.c.id).limit(limit)
    rows = connection.execute(query.with_for_update(skip_locked=True)).mappings().all()
    names = [row["id"] for row in rows]
    connection.execute(update(operations).where(operations.c.id.in_(names)).values(counted=True))
    return tuple(map(records.operation, rows))
