"""Retention: removes messages from the quarantine by age, by number and by bytes.

There are three steps, with a time between them: a held copy expires; content, author and subject of an entry without
open copies are erased; the record is removed. A copy is open if a person may still want it (`held`) or if its result is
not known (`sending`, `uncertain`).

If there are too many messages or bytes, the oldest expire early, but never one that is younger than `min_days`: a flood
must not remove mail that people had no time to examine. If the messages younger than that are too many, nothing is done
and the log says so.

Each step uses short transactions, so that messages can be held in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, select, update

from sekisho.held import MAINTENANCE, Operation, OperationName, OperationResult, State
from sekisho.options import Options
from sekisho.ports import Uptime
from sekisho.store import audit
from sekisho.store.database.transactions import Database
from sekisho.store.quarantine import timekeeping
from sekisho.store.quarantine.held_rows import GONE
from sekisho.store.quarantine.schema import contents, entries, recipients

BATCH_ENTRIES = 200  # entries in one transaction
OPEN_STATES = (State.HELD.value, State.SENDING.value, State.UNCERTAIN.value)


class RetentionOptions(Options):
    """How long the quarantine keeps messages."""

    held_days: float = Field(
        default=30.0,
        ge=1,
        le=3650,
        description="Days after which a held copy expires and cannot be released.",
    )
    closed_days: float = Field(
        default=7.0,
        ge=0,
        le=3650,
        description="Days for which the content of a message is kept after its last copy was released, "
        "deleted or expired.",
    )
    record_days: float = Field(
        default=90.0,
        ge=0,
        le=3650,
        description="Days for which the record of a closed message (envelope and evidence, no content) is kept.",
    )
    audit_days: float = Field(
        default=365.0,
        ge=1,
        le=3650,
        description="Days for which operations on the quarantine are remembered.",
    )
    max_messages: int = Field(
        default=100_000, ge=100, le=100_000_000, description="Held messages; above this the oldest expire."
    )
    max_bytes: int = Field(
        default=10_000_000_000,
        ge=10_000_000,
        le=1_000_000_000_000_000,
        description="Bytes that contents may take up, compressed; above this the oldest held messages expire.",
    )
    min_days: float = Field(
        default=3.0,
        ge=0,
        le=365,
        description="Days for which a held message never expires for number or bytes, however many there are.",
    )
    interval_minutes: float = Field(
        default=10.0, gt=0, le=1440, description="Minutes between two turns of retention."
    )
    longest_off_days: float = Field(
        default=3.0,
        ge=0.1,
        le=3650,
        description="Days for which this machine may have been off. After longer, or if the clock was set by more "
        "than an hour, retention pauses until `sekisho store retention --resume`.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> RetentionOptions:
        if self.min_days > self.held_days:
            raise ValueError("min_days must not be greater than held_days")
        return self


@dataclass(frozen=True, slots=True)
class RetentionTurn:
    """What one turn did: entries expired, contents erased, records removed. `crowded` is why it could not do
    enough, `paused` why it did nothing, since the clock cannot be believed; else both are empty."""

    expired: int = 0
    erased: int = 0
    removed: int = 0
    crowded: str = ""
    paused: str = ""


def turn(database: Database, options: RetentionOptions, now: datetime, uptime: Uptime) -> RetentionTurn:
    """Do what is due, if the clock can be believed. Raises StoreUnavailable."""
    with database.reading() as connection:
        paused = timekeeping.doubt(connection, now, uptime, timedelta(days=options.longest_off_days))
    if paused:
        return RetentionTurn(paused=paused)
    with database.writing() as connection:
        timekeeping.mend(connection)
        timekeeping.remember(connection, now, uptime)
    return _let_go(database, options, now)


def _let_go(database: Database, options: RetentionOptions, now: datetime) -> RetentionTurn:
    expired = _by_age(database, options, now)
    erased = _erase_closed(database, _before(now, options.closed_days))
    crowd, crowded = _by_number(database, options, now)
    press, too_big = _by_bytes(database, options, now)
    if crowd or press:
        erased += _erase_closed(database, now)
    removed = _remove(database, _closed_for(_before(now, options.record_days)), None, now)
    with database.writing() as connection:
        connection.execute(
            delete(audit.operations).where(audit.operations.c.at < _before(now, options.audit_days))
        )
    return RetentionTurn(expired + crowd + press, erased, removed, crowded or too_big)


def due(connection: Connection, options: RetentionOptions, now: datetime) -> int:
    """How many entries with a held or uncertain copy have reached their age."""
    states = (State.HELD.value, State.UNCERTAIN.value)
    old = entries.c.held_at < _before(now, options.held_days)
    query = select(func.count()).select_from(entries).where(old, _has(recipients.c.state.in_(states)))
    return int(connection.execute(query).scalar_one())


def purge(
    database: Database, states: Sequence[State], before: datetime, done: Operation, now: datetime
) -> int:
    """Remove entries, content and record, all of whose copies have been in `states` since before that moment.
    `done` is written to the audit for each. Returns how many were removed."""
    return _remove(database, purgeable(states, before), done, now)


def purgeable(states: Sequence[State], before: datetime) -> Select[Any]:
    """The ids of the entries that `purge` removes."""
    named = [state.value for state in states]
    stays = recipients.c.state.not_in(named) | (recipients.c.changed >= before)
    return select(entries.c.id).where(~_has(stays))


def _before(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)


def _has(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(recipients.c.entry_id == entries.c.id, condition)


def _held() -> ColumnElement[bool]:
    return _has(recipients.c.state == State.HELD.value)


def _closed_for(cutoff: datetime) -> Select[Any]:
    """Entries whose last copy was closed before the moment."""
    return select(entries.c.id).where(
        ~_has(recipients.c.state.in_(OPEN_STATES) | (recipients.c.changed >= cutoff))
    )


def _by_age(database: Database, options: RetentionOptions, now: datetime) -> int:
    """Expire copies that were held too long, and copies that have been uncertain for as long."""
    states = (State.HELD.value, State.UNCERTAIN.value)
    query = select(entries.c.id).where(
        entries.c.held_at < _before(now, options.held_days), _has(recipients.c.state.in_(states))
    )
    total = 0
    while names := _expire(database, query.order_by(entries.c.id).limit(BATCH_ENTRIES), now, "age", states):
        total += names
    return total


def _by_number(database: Database, options: RetentionOptions, now: datetime) -> tuple[int, str]:
    with database.reading() as connection:
        held = connection.execute(select(func.count()).select_from(entries).where(_held())).scalar_one()
    wanted = max(0, held - options.max_messages)
    done = 0
    while done < wanted:
        oldest = _oldest(options, now).limit(min(BATCH_ENTRIES, wanted - done))
        if not (names := _expire(database, oldest, now, "number")):
            return done, f"{held - done} messages are held, {options.max_messages} are allowed"
        done += names
    return done, ""


def _by_bytes(database: Database, options: RetentionOptions, now: datetime) -> tuple[int, str]:
    """Expire the oldest entries, a few at a time, until the rest is within the limits."""
    done = 0
    if _bytes(database) > options.max_bytes:
        _erase_closed(database, now)  # what is closed goes before its time
    while (size := _bytes(database)) > options.max_bytes:
        if not (names := _expire(database, _oldest(options, now).limit(BATCH_ENTRIES // 10), now, "bytes")):
            return done, f"contents take up {size} bytes, {options.max_bytes} are allowed"
        done += names
        _erase_closed(database, now)
    return done, ""


def _bytes(database: Database) -> int:
    with database.reading() as connection:
        return int(
            connection.execute(select(func.coalesce(func.sum(contents.c.stored_size), 0))).scalar_one()
        )


def _oldest(options: RetentionOptions, now: datetime) -> Select[Any]:
    young = entries.c.held_at >= _before(now, options.min_days)
    return select(entries.c.id).where(~young, _held()).order_by(entries.c.id)


def _expire(
    database: Database,
    query: Select[Any],
    now: datetime,
    why: str,
    states: Sequence[str] = (State.HELD.value,),
) -> int:
    """Expire the copies of the entries that the query names; returns how many entries there were."""
    with database.writing() as connection:
        names = connection.execute(query).scalars().all()
        connection.execute(
            update(recipients)
            .where(recipients.c.entry_id.in_(names), recipients.c.state.in_(states))
            .values(state=State.EXPIRED.value, changed=now, open_key=None)
        )
        audit.write(
            connection,
            [
                Operation(OperationName.EXPIRE, OperationResult.OK, MAINTENANCE, name, note=why)
                for name in names
            ],
            now,
        )
    return len(names)


def _erase_closed(database: Database, cutoff: datetime) -> int:
    """Erase author, subject, quotations in the evidence and the use of the content from entries that were closed before
    the moment."""
    closed = recipients.c.state.in_(OPEN_STATES) | (recipients.c.changed > cutoff)
    query = select(entries.c.id, entries.c.digest, entries.c.document).where(
        entries.c.erased.is_(False), ~_has(closed)
    )
    total = 0
    while True:
        with database.writing() as connection:
            rows = connection.execute(query.order_by(entries.c.id).limit(BATCH_ENTRIES)).all()
            for name, _, document in rows:
                left = {"erased": True, "author": "", "subject": "", "document": _without_quotes(document)}
                connection.execute(update(entries).where(entries.c.id == name).values(left))
            _empty(connection, sorted({digest for _, digest, _ in rows}))
        total += len(rows)
        if len(rows) < BATCH_ENTRIES:
            return total


def _without_quotes(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without text of the message (a subject that is a claim, the facts of a finding) and without how it
    arrived, which names people and serves only to judge the content again. Ids, points, results and domains stay, since
    the policy needs them to judge again."""
    quoting: dict[str, dict[str, Any]] = {
        "claims": {"text": ""},
        "findings": {"reason_en": "", "reason_ja": "", "facts": {}},
    }
    left = {name: value for name, value in document.items() if name != "arrival"}
    for name, blank in quoting.items():
        if name in left:
            left[name] = [{**each, **blank} for each in left[name]]
    identity = left.get("identity")
    if identity and identity["brand"] is None:
        left["identity"] = {**identity, "name": ""}
    return left


def _empty(connection: Connection, digests: Sequence[str]) -> None:
    """Remove the bytes of contents that no entry uses. The lock is taken before the check, so a message that is held at
    the same time is either seen here, or sees that the bytes are gone."""
    connection.execute(select(contents.c.digest).where(contents.c.digest.in_(digests)).with_for_update())
    claimed = exists().where(entries.c.digest == contents.c.digest, entries.c.erased.is_(False))
    connection.execute(
        update(contents)
        .where(contents.c.digest.in_(digests), ~claimed)
        .values(data=b"", stored_size=0, codec=GONE)
    )


def _remove(database: Database, query: Select[Any], done: Operation | None, now: datetime) -> int:
    """Remove the entries that the query names, and contents that belong to no entry any more."""
    total = 0
    while True:
        with database.writing() as connection:
            names = connection.execute(query.order_by(entries.c.id).limit(BATCH_ENTRIES)).scalars().all()
            _delete(connection, names)
            if done is not None:
                audit.write(connection, [replace(done, entry=name) for name in names], now)
        total += len(names)
        if len(names) < BATCH_ENTRIES:
            return total


def _delete(connection: Connection, names: Sequence[str]) -> None:
    digests = (
        connection.execute(select(entries.c.digest).where(entries.c.id.in_(names)).distinct()).scalars().all()
    )
    connection.execute(select(contents.c.digest).where(contents.c.digest.in_(digests)).with_for_update())
    connection.execute(delete(recipients).where(recipients.c.entry_id.in_(names)))
    connection.execute(delete(entries).where(entries.c.id.in_(names)))
    used = exists().where(entries.c.digest == contents.c.digest)
    connection.execute(delete(contents).where(contents.c.digest.in_(digests), ~used))
    _empty(connection, digests)
