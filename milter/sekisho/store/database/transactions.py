"""Transactions that reach the file at the path, or fail.

Before anything is written, and again after each commit, the files that the connection has open are compared with
those at the path (`files`). If they differ, the transaction counts as failed, the pool is closed, and the next
transaction opens the file at the path. Before that, data that can still be saved are saved: the frames of a log that
lost its name are written to the database through the descriptor that is still open.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, NullPool, text
from sqlalchemy.exc import SQLAlchemyError

from sekisho.events import keeping
from sekisho.ports import CommitUnknown, StoreUnavailable
from sekisho.store.database.engine import FILES, READING, connect, not_committed, unavailable
from sekisho.store.database.files import Files, Loss, StoreMoved
from sekisho.store.database.migrate import MIGRATION_LOCK_SECONDS, migrate
from sekisho.store.database.options import StoreOptions

LOG = logging.getLogger("sekisho.store")


class Database:
    """The store's database. Belongs to the process that opened it; any of its threads may use it."""

    def __init__(self, options: StoreOptions, on_loss: Callable[[], None] = lambda: None) -> None:
        """`on_loss` is called each time that the open files are found not to be those at the path."""
        self._options = options
        self._on_loss = on_loss
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        self._lost: Loss | None = None
        self._losses = 0
        self.engine = connect(options)

    @classmethod
    def open(cls, options: StoreOptions, on_loss: Callable[[], None] = lambda: None) -> Database:
        """Migrate the tables and connect. Raises StoreUnavailable (NotDurable is one) or SchemaError."""
        migrate(options)
        return cls(options, on_loss)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is durable in the file at the path when the block is left. Raises StoreUnavailable, or
        CommitUnknown if it may have been carried out all the same. Raises RuntimeError after a fork."""
        self._ready()
        committing = False
        try:
            with unavailable(self._options), self.engine.connect() as connection, self._watched(connection):
                with connection.begin():
                    _check(connection, locked=True)
                    yield connection
                    committing = True
                _check(connection)
        except StoreUnavailable as error:
            if not committing or not_committed(error.__cause__):
                raise
            raise CommitUnknown(f"{error}; it may have been committed") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads and waits for no lock. Raises StoreUnavailable, and RuntimeError after a
        fork."""
        self._ready()
        with (
            unavailable(self._options),
            self.engine.connect().execution_options(**READING) as connection,
            self._watched(connection),
        ):
            _check(connection)
            yield connection

    def verify(self) -> None:
        """Check that the open files are those at the path, and open the store again if they were not. A database that
        was truncated is checked first, which may take minutes. Raises StoreUnavailable (StoreMoved is one), and
        RuntimeError after a fork."""
        if self._lost is Loss.DAMAGED:
            self._reopen_damaged()
        with self.reading():
            return

    def _ready(self) -> None:
        """Raises RuntimeError after a fork: a connection that two processes share damages the database."""
        if os.getpid() != self._pid:
            raise RuntimeError("the quarantine was opened before the fork")
        if self._lost is Loss.DAMAGED:
            raise StoreUnavailable("the store was cut, and is looked through before it is used again")
        if self._lost is not None:
            self._reopen()

    def _reopen(self) -> None:
        """Make sure that the file at the path is a store of ours. It is never created. A message waits for
        this, and no longer than for a locked database."""
        patience = self._options.busy_timeout_seconds
        if not self._mutex.acquire(timeout=patience):
            raise StoreUnavailable("the store is being opened again")
        try:
            if self._lost is not None:
                self._come_back(patience)
                self._opened()
        finally:
            self._mutex.release()

    def _reopen_damaged(self) -> None:
        """Read all of it through first. Without the mutex: a thread that finds its connection lost must not wait."""
        losses = self._losses
        self._come_back(MIGRATION_LOCK_SECONDS)
        _look_through(self._options)
        with self._mutex:
            if self._losses == losses:
                self._opened()

    def _come_back(self, patience: float) -> None:
        try:
            migrate(self._options, patience)
        except StoreMoved:
            self._on_loss()
            raise

    def _opened(self) -> None:
        keeping.STORE_OPEN.write(LOG)
        self._lost = None

    @contextmanager
    def _watched(self, connection: Connection) -> Iterator[None]:
        """Raise StoreMoved in the place of a database error if the cause is that the files were removed or replaced."""
        try:
            yield
        except StoreMoved as moved:
            self._leave(connection, moved)
            raise
        except SQLAlchemyError as error:
            try:
                _check(connection)
            except StoreMoved as moved:
                self._leave(connection, moved)
                raise moved from error
            raise

    def _leave(self, connection: Connection, moved: StoreMoved) -> None:
        """Save the frames of the log if possible, and close all connections."""
        with self._mutex:
            self._losses += 1
            self._on_loss()
            keeping.STORE_MOVED.write(LOG, reason=moved)
            with suppress(SQLAlchemyError, OSError, sqlite3.Error):
                _save(connection, moved.loss)
            self._lost = moved.loss
            connection.invalidate()
            self.engine.dispose()


def _check(connection: Connection, *, locked: bool = False) -> None:
    if connection.invalidated:  # lost: to ask for its files would connect again
        return
    files: Files | None = connection.info.get(FILES)
    if files is not None:
        files.check(locked=locked)


def _save(connection: Connection, loss: Loss) -> None:
    """Write the log's frames into the database that belongs to it, even if that has no name any more.

    A database that was replaced leaves its log and index at the path, where SQLite would take them for the new
    one's. They are removed once their frames are in the old file, else set aside.
    """
    files: Files | None = connection.info.get(FILES)
    if files is None or loss is Loss.DAMAGED or not files.index_is_ours():
        return
    raw: Any = connection.connection.driver_connection
    if raw.in_transaction:
        raw.rollback()
    busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if loss is Loss.LOG:
        keeping.STORE_SAVED.write(
            LOG, f"the frames of its log {'could not be saved' if busy else 'are in the database now'}"
        )
        return
    for name in files.ours_to_clear():
        if busy and name == files.log_path:
            os.rename(name, f"{name}.of-another-database")
        else:
            os.unlink(name)


def _look_through(options: StoreOptions) -> None:
    """Raises StoreMoved if the database is damaged, StoreUnavailable if it cannot be read."""
    engine = connect(options, pool=NullPool)
    try:
        with unavailable(options), engine.connect().execution_options(**READING) as connection:
            answer = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
    finally:
        engine.dispose()
    if answer != "ok":
        raise StoreMoved(Loss.DAMAGED, f"the database is damaged: {answer}")
