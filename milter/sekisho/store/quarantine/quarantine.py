"""The quarantine: it has the only copy of a message after Postfix has discarded it.

`hold` returns when the message is on the disk, or raises StoreUnavailable and keeps nothing. After CommitUnknown the
message may have been kept, since the commit got no answer; then its entry absorbs the retry.

A Quarantine belongs to the process that opened it. Open it after the fork, and use it from Python's own threads (never
from libmilter's).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.exc import DBAPIError

from sekisho.held import EVERYTHING, Copy, Entry, Operation, OperationName, OperationResult, State, Wanted
from sekisho.message import Message
from sekisho.ports import Clock, CommitUnknown, DamagedError, ErasedError, StoreUnavailable, Uptime
from sekisho.store import audit
from sekisho.store.database.files import StoreMoved
from sekisho.store.database.options import StoreOptions
from sekisho.store.database.transactions import Database
from sekisho.store.quarantine import records, retention, selection, timekeeping
from sekisho.store.quarantine.held_rows import GONE, pack, unpack
from sekisho.store.quarantine.ids import normal, prefix_of
from sekisho.store.quarantine.insert import insert_rows, kept, lost_race
from sekisho.store.quarantine.records import RetentionState, Stats
from sekisho.store.quarantine.retention import RetentionOptions, RetentionTurn
from sekisho.store.quarantine.schema import contents, entries, recipients
from sekisho.verdict import Outcome

MAX_ATTEMPTS = 5
PAGE_ENTRIES = 50


class Quarantine:
    """Implements `ports.QuarantineStore`, and what the command line and the gauges ask of it."""

    def __init__(self, database: Database, options: StoreOptions, clock: Clock) -> None:
        self._database = database
        self._writing = database.writing
        self._reading = database.reading
        self._options = options
        self._clock = clock

    @classmethod
    def open(
        cls, options: StoreOptions, clock: Clock, on_loss: Callable[[], None] = lambda: None
    ) -> Quarantine:
        """Bring the tables up to date and connect. Safe when several processes do it at once. `on_loss` is called
        when the files turn out not to be those at the path any more.

        Raises StoreUnavailable (NotDurable among them) or SchemaError.
        """
        return cls(Database.open(options, on_loss), options, clock)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def verify(self) -> None:
        """Check that the store is still the one at its path. One that was lost is opened again if possible. Raises
        StoreUnavailable or SchemaError."""
        self._database.verify()

    def hold(self, message: Message, document: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
        """Keep the bytes for the recipients of `outcomes` (at least one), durable on return.

        Returns the record id: that of the new entry, or of the one that absorbs the repeat if no recipient is new. If a
        commit may have been carried out, or the store's files were changed meanwhile, the message is held again in the
        current files.

        Raises StoreUnavailable if nothing was kept, CommitUnknown if that is unknown, and ValueError without outcomes.
        """
        if not outcomes:
            raise ValueError("a message is held for at least one recipient")
        now = self._clock.now()
        rows = pack(message, document, outcomes, now, self._options.compression_level)
        oldest = now - timedelta(days=self._options.retry_window_days)
        unknown, attempt = False, 0
        while True:
            attempt += 1
            try:
                with self._writing() as connection:
                    if attempt > 1 and kept(connection, rows):  # its answer was lost, or its files were
                        return rows.id
                    return insert_rows(connection, rows, oldest)
            except StoreUnavailable as error:
                unknown = unknown or isinstance(error, CommitUnknown)
                if attempt < _attempts(error):
                    continue
                if unknown and not isinstance(error, CommitUnknown):
                    raise CommitUnknown(f"{error}; an earlier attempt may have been committed") from error
                raise

    def list(
        self, wanted: Wanted = EVERYTHING, limit: int = PAGE_ENTRIES, before: str | None = None
    ) -> tuple[Entry, ...]:
        """The wanted entries, newest first, at most `limit`; `before` is the last id of the previous page. Raises
        StoreUnavailable."""
        query = _entries().where(*selection.conditions(wanted)).order_by(entries.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(entries.c.id < before)
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
            copies = _copies(connection, [row["id"] for row in rows])
        return tuple(records.entry(row, copies.get(row["id"], ())) for row in rows)

    def get(self, record: str) -> Entry | None:
        """One entry, or None. A person may have typed the id. Raises StoreUnavailable."""
        if (name := normal(record)) is None:
            return None
        with self._reading() as connection:
            row = connection.execute(_entries().where(entries.c.id == name)).mappings().first()
            copies = _copies(connection, [name])
        return None if row is None else records.entry(row, copies.get(name, ()))

    def beginning_with(self, prefix: str, limit: int, *, audited: bool = False) -> tuple[str, ...]:
        """The ids that begin so, in order, at most `limit`; with `audited` also those that only the audit has. A person
        may have typed the prefix. Raises StoreUnavailable."""
        if (start := prefix_of(prefix)) is None:
            return ()
        with self._reading() as connection:
            return tuple(connection.execute(selection.ids(start, audited).limit(limit)).scalars())

    def content(self, record: str) -> bytes:
        """The message as the milter saw it.

        Raises KeyError (no such entry), DamagedError, ErasedError or StoreUnavailable.
        """
        query = select(contents).join(entries, entries.c.digest == contents.c.digest)
        with self._reading() as connection:
            row = connection.execute(query.where(entries.c.id == (normal(record) or ""))).mappings().first()
        if row is None:
            raise KeyError(record)
        if row["codec"] == GONE:
            raise ErasedError(f"{record}: its content was kept as long as configured, and is gone")
        try:
            raw = unpack(row["codec"], row["data"], row["size"])
        except ValueError as error:
            raise DamagedError(f"{record}: {error}") from error
        if hashlib.sha256(raw).hexdigest() != row["digest"]:
            raise DamagedError(f"{record}: the digest differs")
        return raw

    def find(self, *, queue_id: str | None = None, message_key: str | None = None) -> tuple[Entry, ...]:
        """The entries of a Postfix queue id or of a fingerprint of the Message-ID, oldest first, at most a
        page. Raises StoreUnavailable."""
        wanted = entries.c.queue_id == queue_id if queue_id else entries.c.message_key == message_key
        with self._reading() as connection:
            rows = (
                connection.execute(_entries().where(wanted).order_by(entries.c.id).limit(PAGE_ENTRIES))
                .mappings()
                .all()
            )
            copies = _copies(connection, [row["id"] for row in rows])
        return tuple(records.entry(row, copies.get(row["id"], ())) for row in rows)

    def move(
        self,
        record: str,
        to: State,
        *,
        only: State = State.HELD,
        copies: Sequence[int] | None = None,
        done: Operation | None = None,
    ) -> int:
        """Put the copies of an entry (all, or those numbers) that are in state `only` into another.

        Returns how many there were, so that of two that try the same, the second learns that it is late. A copy that
        leaves `held` absorbs no repeat any more, even if it comes back. `done` goes to the audit in the same
        transaction, if there were any. Raises StoreUnavailable.
        """
        now = self._clock.now()
        change = (
            update(recipients)
            .where(recipients.c.entry_id == (normal(record) or ""), recipients.c.state == only.value)
            .values(state=to.value, changed=now, open_key=None)
        )
        if copies is not None:
            change = change.where(recipients.c.id.in_(copies))
        with self._writing() as connection:
            moved = connection.execute(change).rowcount
            if moved and done is not None:
                audit.write(connection, [done], now)
        return moved

    def audit(self, done: Operation) -> None:
        """Record an operation that was done or is about to be done. Raises StoreUnavailable."""
        with self._writing() as connection:
            audit.write(connection, [done], self._clock.now())

    def operations(self, record: str | None = None, limit: int = PAGE_ENTRIES) -> tuple[Operation, ...]:
        """The operations on an entry (None: on all), newest first, at most `limit`. Raises StoreUnavailable."""
        with self._reading() as connection:
            return audit.read(connection, None if record is None else normal(record) or "", limit)

    def take_uncounted(self, limit: int = 500) -> tuple[Operation, ...]:
        """Operations that log and metrics do not have yet, oldest first, at most `limit`. Each is returned once."""
        with self._writing() as connection:
            return audit.take_uncounted(connection, limit)

    def give_up(self, older_than: timedelta, who: str) -> int:
        """Copies that have been `sending` for longer become `uncertain`: the process that was sending them is gone, and
        whether the MTA has them is not known. Returns how many. Raises StoreUnavailable."""
        now = self._clock.now()
        stuck = (recipients.c.state == State.SENDING.value, recipients.c.changed < now - older_than)
        with self._reading() as connection:
            if connection.execute(select(recipients.c.id).where(*stuck).limit(1)).first() is None:
                return 0
        query = select(recipients.c.id, recipients.c.entry_id).where(*stuck).with_for_update()
        with self._writing() as connection:
            rows = connection.execute(query).all()
            numbers = [number for number, _ in rows]
            change = update(recipients).where(recipients.c.id.in_(numbers))
            connection.execute(change.values(state=State.UNCERTAIN.value, changed=now))
            note = "the process that was releasing it ended before the answer came"
            audit.write(
                connection,
                [
                    Operation(OperationName.RELEASE, OperationResult.UNCERTAIN, who, name, number, note=note)
                    for number, name in rows
                ],
                now,
            )
        return len(rows)

    def retain(self, options: RetentionOptions, uptime: Uptime) -> RetentionTurn:
        """Do one turn of retention, unless the clock cannot be believed. Raises StoreUnavailable."""
        return retention.turn(self._database, options, self._clock.now(), uptime)

    def retention(self, options: RetentionOptions, uptime: Uptime) -> RetentionState:
        """The state of retention; nothing is changed. Raises StoreUnavailable."""
        now = self._clock.now()
        with self._reading() as connection:
            return RetentionState(
                now,
                timekeeping.last_run(connection),
                timekeeping.doubt(connection, now, uptime, timedelta(days=options.longest_off_days)),
                retention.due(connection, options, now),
            )

    def resume_retention(self, uptime: Uptime, done: Operation) -> None:
        """Believe the clock as it stands now. `done` goes to the audit. Raises StoreUnavailable."""
        now = self._clock.now()
        with self._writing() as connection:
            timekeeping.mend(connection)
            timekeeping.remember(connection, now, uptime)
            audit.write(connection, [done], now)

    def purge(self, states: Sequence[State], older_than: timedelta, done: Operation) -> int:
        """Remove entries all of whose copies have been in those states for so long, with content and record. Whether
        the clock can be believed is for the caller to ask (`retention`). Returns how many. Raises
        StoreUnavailable."""
        now = self._clock.now()
        return retention.purge(self._database, states, now - older_than, done, now)

    def purgeable(
        self, states: Sequence[State], older_than: timedelta, limit: int
    ) -> tuple[int, tuple[Entry, ...]]:
        """How many entries `purge` would remove, and the oldest of them, at most `limit`. Raises StoreUnavailable."""
        query = retention.purgeable(states, self._clock.now() - older_than)
        oldest = _entries().where(entries.c.id.in_(query)).order_by(entries.c.id).limit(limit)
        with self._reading() as connection:
            number = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
            rows = connection.execute(oldest).mappings().all()
            copies = _copies(connection, [row["id"] for row in rows])
        return int(number), tuple(records.entry(row, copies.get(row["id"], ())) for row in rows)

    def stats(self) -> Stats:
        """Messages by state and bytes kept. Raises StoreUnavailable."""
        counted = select(recipients.c.state, func.count(recipients.c.entry_id.distinct())).group_by(
            recipients.c.state
        )
        with self._reading() as connection:
            found = {State(state): number for state, number in connection.execute(counted)}
            size = connection.execute(select(func.coalesce(func.sum(contents.c.stored_size), 0))).scalar_one()
        return Stats({state: found.get(state, 0) for state in State}, int(size))

    def oldest_held(self) -> datetime | None:
        """When the oldest message came that still has a held copy. Raises StoreUnavailable."""
        waiting = select(recipients.c.entry_id).where(recipients.c.state == State.HELD.value)
        with self._reading() as connection:
            query = select(func.min(entries.c.held_at)).where(entries.c.id.in_(waiting))
            found: datetime | None = connection.execute(query).scalar_one()
        return found


def _attempts(error: StoreUnavailable) -> int:
    """How many attempts there may be in all if this error ends one."""
    if isinstance(error, (CommitUnknown, StoreMoved)):
        return 2
    lost = isinstance(error.__cause__, DBAPIError) and lost_race(error.__cause__)
    return MAX_ATTEMPTS if lost else 1


def _entries() -> Select[Any]:
    return select(entries, contents.c.size).join(contents, contents.c.digest == entries.c.digest)


def _copies(connection: Connection, names: Sequence[str]) -> dict[str, tuple[Copy, ...]]:
    """The copies of each entry, in the order of the envelope."""
    rows = connection.execute(
        select(recipients)
        .where(recipients.c.entry_id.in_(names))
        .order_by(recipients.c.entry_id, recipients.c.position)
    ).mappings()
    found: dict[str, list[Copy]] = {}
    for row in rows:
        found.setdefault(row["entry_id"], []).append(records.copy(row))
    return {name: tuple(copies) for name, copies in found.items()}
