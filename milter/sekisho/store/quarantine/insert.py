"""The single transaction that writes a held message: repeats are absorbed, new copies are added.

A repeat is recognised by its open key (message digest, MAIL FROM, RCPT TO). Keys older than the retry window are
removed first, so that a late repeat becomes an entry of its own. If two workers write the same retry at once, the
unique index makes one fail: it tries again, and finds the row of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from sekisho.store.quarantine.held_rows import GONE, HeldRows
from sekisho.store.quarantine.schema import contents, entries, recipients

_MAX_KEYS = 500  # keys in one statement; both databases bound the number of parameters
_LOST_RACES = frozenset({"40001", "40P01"})  # PostgreSQL: serialization failure, deadlock


def insert_rows(connection: Connection, rows: HeldRows, oldest: datetime) -> str:
    """Write the rows. Returns the id of its entry, or of the newest that absorbed all of it."""
    keys = sorted(rows.recipients)
    standing: dict[str, str] = {}
    for batch in _batches(keys):
        _close(connection, batch, oldest)
        standing |= _standing(connection, batch)
    _count(connection, sorted(set(standing.values())), rows.now)
    fresh = [rows.recipients[key] for key in keys if key not in standing]
    if not fresh:
        return max(standing.values())
    _add(connection, rows, fresh)
    return rows.id


def kept(connection: Connection, rows: HeldRows) -> bool:
    """True if an earlier attempt has written this very entry."""
    return connection.execute(select(entries.c.id).where(entries.c.id == rows.id)).first() is not None


def lost_race(error: DBAPIError) -> bool:
    """True if another worker wrote the same at the same time, and trying again will find it."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in _LOST_RACES


def _close(connection: Connection, keys: Sequence[str], oldest: datetime) -> None:
    """Take the key off rows that are too old to absorb. A row with a key has been held since `changed`."""
    connection.execute(
        update(recipients)
        .where(recipients.c.open_key.in_(keys), recipients.c.changed <= oldest)
        .values(open_key=None)
    )


def _standing(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """The entry behind each key that still absorbs."""
    rows = connection.execute(
        select(recipients.c.open_key, recipients.c.entry_id).where(recipients.c.open_key.in_(keys))
    )
    return {key: entry_id for key, entry_id in rows}


def _count(connection: Connection, absorbing: Sequence[str], now: datetime) -> None:
    for batch in _batches(absorbing):
        connection.execute(
            update(entries)
            .where(entries.c.id.in_(batch))
            .values(repeats=entries.c.repeats + 1, last_seen=now)
        )


def _add(connection: Connection, rows: HeldRows, fresh: Sequence[Mapping[str, Any]]) -> None:
    # Locked, so that retention cannot remove the bytes before the new entry claims them.
    known = select(contents.c.codec).where(contents.c.digest == rows.digest).with_for_update()
    codec = connection.execute(known).scalar_one_or_none()
    if codec is None:
        connection.execute(insert(contents), rows.content)
    elif codec == GONE:
        connection.execute(update(contents).where(contents.c.digest == rows.digest), rows.content)
    connection.execute(insert(entries), rows.entry)
    connection.execute(insert(recipients), list(fresh))


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _MAX_KEYS):
        yield keys[start : start + _MAX_KEYS]
