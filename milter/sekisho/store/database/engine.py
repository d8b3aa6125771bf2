"""Connections whose commits are durable.

SQLite: write-ahead log with `synchronous=FULL`, so a commit is on the disk before it returns; every writing
transaction takes the write lock at its beginning (`BEGIN IMMEDIATE`): it may wait for the lock there, and never fails
later because another process has it. PostgreSQL: `synchronous_commit=on`, on a server that runs with `fsync`.
Both are asserted on every new connection.

It cannot see a disk that reports data as written that is only in its cache, or that SQLite is on a network file system,
which must not be used.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Pool, QueuePool, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sekisho.ports import StoreUnavailable
from sekisho.private_files import close_to_others
from sekisho.store.database import postgresql
from sekisho.store.database.files import Files, Loss, StoreMoved
from sekisho.store.database.lock import was_made
from sekisho.store.database.options import StoreOptions, database_url, missing_driver
from sekisho.store.database.reasons import reason

SYNCHRONOUS_FULL = 2
_SWITCH_RETRY_SECONDS = 0.005  # seconds between two tries to switch a new file to the write-ahead log
READING = {"sekisho_reading": True}
"""Execution option of a connection that only reads: on SQLite it does not take the write lock."""
FILES = "sekisho_files"
"""Under this name a SQLite connection's `info` has its Files."""
_REFUSED_CLASSES = ("23", "25", "40")
"""Classes of SQLSTATE with which PostgreSQL refuses a commit: a constraint, a read-only or failed transaction, a
rollback."""
_COMPLETION_UNKNOWN = "40003"
_NOT_WRITTEN = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY)


class NotDurable(StoreUnavailable):
    """The database would not keep a commit over a power cut. sekisho does not start on it."""


def connect(options: StoreOptions, *, pool: type[Pool] | None = None) -> Engine:
    """An engine without a connection yet. Raises StoreUnavailable if the file cannot be made, or if it existed and was
    removed (StoreMoved)."""
    if fault := missing_driver(options):
        raise StoreUnavailable(fault)
    url = database_url(options.url)
    sqlite = url.get_backend_name() == "sqlite"
    arguments: dict[str, Any] = {"poolclass": pool} if pool else _pooled(options)
    if sqlite:
        arguments = {"poolclass": QueuePool, "creator": _opener(url, options), **arguments}
    else:
        arguments["connect_args"] = postgresql.connect_args(options)
    with unavailable(options):
        if sqlite:
            create_file(url)
        engine = create_engine(url, hide_parameters=True, **arguments)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite(options))
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "do_connect", postgresql.connecting(options))
        event.listen(engine, "connect", _prepare_postgresql(options))
    return engine


def _pooled(options: StoreOptions) -> dict[str, Any]:
    return {
        "pool_size": options.pool_size,
        "max_overflow": 0,
        "pool_timeout": options.busy_timeout_seconds,
        "pool_pre_ping": not options.url.startswith("sqlite"),
    }


def _opener(url: URL, options: StoreOptions) -> Callable[[], sqlite3.Connection]:
    """The URL with `mode=rw`, so that SQLite opens an existing file and never makes a missing one."""
    name = f"file:{quote(url.database or '')}?mode=rw"
    patience = options.busy_timeout_seconds
    return lambda: sqlite3.connect(name, timeout=patience, uri=True, check_same_thread=False)


@contextmanager
def unavailable(options: StoreOptions) -> Iterator[None]:
    """Any failure of the database of the options, or of the disk below it, as StoreUnavailable."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreUnavailable(reason(error, options)) from error


def not_committed(error: BaseException | None) -> bool:
    """True if an error of a commit means that nothing was committed: PostgreSQL refused it, or SQLite could not write
    all of it to its log. It is uncertain after an error of a server that shuts down (class 57: libpq still reports a
    good connection), and after a failed sync: data written before it may be found after a crash."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None:
        state = getattr(error.orig, "sqlstate", None) or ""
        return state[:2] in _REFUSED_CLASSES and state != _COMPLETION_UNKNOWN
    return code == sqlite3.SQLITE_IOERR_WRITE or code & 0xFF in _NOT_WRITTEN


def create_file(url: URL) -> None:
    """Make the database file if there is none and never was one. Only its owner may read it, and its name is durable.
    The rights of other users are removed from an existing file, its log and its index. Raises StoreMoved if the file
    existed before and is gone."""
    path = Path(url.database or "")
    if not path.exists() and was_made(path):
        raise StoreMoved(
            Loss.MISSING,
            f"{path} was there and is gone: `sekisho store restore BACKUP`, or a restart makes an empty one",
        )
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        sync_directory(path.parent)
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        close_to_others(each)


def sync_directory(directory: Path) -> None:
    """Make the names in the directory durable. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("sekisho_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _prepare_sqlite(options: StoreOptions) -> Any:
    path = Path(database_url(options.url).database or "")

    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {round(options.busy_timeout_seconds * 1000)}")
        mode = _write_ahead(cursor, options.busy_timeout_seconds)
        cursor.execute(f"PRAGMA synchronous = {SYNCHRONOUS_FULL}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA trusted_schema = OFF")
        level = cursor.execute("PRAGMA synchronous").fetchone()[0]
        cursor.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # opens the log and its index
        cursor.close()
        if mode != "wal" or level != SYNCHRONOUS_FULL:
            raise NotDurable(
                f"SQLite runs with journal_mode={mode}, synchronous={level}; wal and 2 are needed"
            )
        record.info[FILES] = Files.of(path)

    return prepare


def _write_ahead(cursor: Any, patience: float) -> str:
    """Switch to the write-ahead log; returns the mode that is in force.

    While another process switches the same new file, SQLite answers "locked" at once, whatever the busy
    timeout: it would wait for itself. So the waiting is done here.
    """
    end = time.monotonic() + patience
    while True:
        try:
            return str(cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_SWITCH_RETRY_SECONDS)


def _prepare_postgresql(options: StoreOptions) -> Any:
    def prepare(connection: Any, _record: object) -> None:
        found = postgresql.prepare(connection, options)
        if any(value != "on" for value in found.values()):
            raise NotDurable(f"PostgreSQL runs with {found}; all of them must be on")

    return prepare
