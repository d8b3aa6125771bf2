"""Backup of a SQLite store while the daemon runs, and restore while it does not.

A backup is written by SQLite's online backup in one step: it has the state of one moment, and no writer has to stop. It
is a single file (without a log), verified and on the disk before it gets its name.

A restore checks the backup before it changes anything, and keeps the database that it replaces. The new file gets its
name by a rename after the log of the old one was removed: SQLite would use that log for the new file.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from sekisho.plain_errors import of_system
from sekisho.ports import StoreUnavailable
from sekisho.store.database.checking import structure
from sekisho.store.database.engine import sync_directory
from sekisho.store.database.lock import StoreLock, exclusive
from sekisho.store.database.migrate import revision, serves, too_new
from sekisho.store.database.options import StoreOptions, database_file
from sekisho.store.database.reasons import of_sqlite

PATIENCE_SECONDS = 5.0  # for a locked database: the driver's own default
As = Callable[[], AbstractContextManager[None]]


class BackupError(Exception):
    """The backup or restore is not possible. The text is the reason, for the operator. Nothing was changed."""


def backup(options: StoreOptions, target: Path, as_owner: As = nullcontext) -> None:
    """Write the store to `target`, which must not exist, with the store's owner and mode 0600. The store itself is
    opened within `as_owner`. Raises BackupError."""
    file = _file(options)
    if os.path.lexists(target):
        raise BackupError(f"{target} exists: a backup never overwrites a file, name a new one")
    partial = target.with_name(f".{target.name}.partial")
    with (
        _reported(file, partial, target),
        _new_file(partial) as descriptor,
        _opened(file, as_owner) as source,
    ):
        owner = file.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
        with closing(_connect(partial)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        _examine(partial, str(file))
        os.fsync(descriptor)
        os.link(partial, target)  # unlike a rename, it fails if the name was taken meanwhile
        partial.unlink()
        sync_directory(target.parent)


def restore(options: StoreOptions, source: BinaryIO, log: BinaryIO | None, now: datetime) -> Path | None:
    """Put a backup in the store's place; `log` is what stands beside a plain copy as `-wal`, if anything.

    Returns where the old database is now, None if there was none. Raises BackupError: nothing was changed.
    """
    file = _file(options)
    fresh = file.with_name(f".{file.name}.restoring")
    with _reported(Path(source.name), fresh, file), exclusive(file) as ours:
        if not ours:
            raise BackupError(f"a daemon works on {file}: systemctl stop sekisho-milter")
        with _new_file(fresh) as descriptor:
            _take(descriptor, source, log, fresh)
            _examine(fresh, source.name)
            kept = _set_aside(file, descriptor, now)
            os.fsync(descriptor)
            os.replace(fresh, file)
            sync_directory(file.parent)
    lock = StoreLock(options)
    with suppress(StoreUnavailable):  # a daemon that starts just now reports it, too
        lock.take()
        lock.mark()
    lock.close()
    return kept


def _file(options: StoreOptions) -> Path:
    file = database_file(options)
    if file is None:
        raise BackupError("this is for SQLite only")
    return Path(os.path.realpath(file))  # a link stays one


@contextmanager
def _reported(database: Path, partial: Path, target: Path) -> Iterator[None]:
    """BackupError in the place of every error. One of SQLite's is about `database`; the operator knows the file
    `partial`, which we make, as `target`."""
    try:
        yield
    except OSError as error:
        name = target if error.filename in (None, str(partial)) else error.filename
        raise BackupError(f"{name}: {of_system(error)}") from error
    except (sqlite3.Error, SQLAlchemyError) as error:
        cause = getattr(error, "orig", None) or error
        fact = of_sqlite(cause, database, PATIENCE_SECONDS).partition(":")[0]  # the mend is for a store
        raise BackupError(f"{database}: {fact}") from error
    except StoreUnavailable as error:
        raise BackupError(str(error)) from error


@contextmanager
def _new_file(path: Path) -> Iterator[int]:
    """A file for its owner alone, which is gone afterwards unless it got another name."""
    for end in ("", "-wal", "-shm", "-journal"):  # of an attempt that was cut off
        Path(f"{path}{end}").unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
        for end in ("", "-wal", "-shm", "-journal"):
            Path(f"{path}{end}").unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    name = f"file:{quote(str(path))}?mode=rw"
    connection = sqlite3.connect(name, timeout=PATIENCE_SECONDS, uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")  # reads the file: it may be no database
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@contextmanager
def _opened(file: Path, as_owner: As) -> Iterator[sqlite3.Connection]:
    """The store, with all its files opened as its owner: what SQLite makes beside it belongs to that user."""
    with as_owner():
        connection = _connect(file)
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
    with closing(connection):
        yield connection


def _examine(path: Path, shown: str) -> None:
    """Raises BackupError unless it is a whole quarantine that this version can use. `shown` is its name for the
    operator."""
    name = f"file:{quote(str(path))}?mode=ro"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(name, uri=True), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            flaws = [each.text for each in structure(connection)]
            version = None if flaws else revision(connection)
            useful = not flaws and serves(connection, version)
    finally:
        engine.dispose()
    if flaws:
        raise BackupError(f"{shown}: is damaged ({flaws[0]}): name another backup")
    if version is None:
        raise BackupError(f"{shown}: is no quarantine of sekisho")
    if not useful:
        raise BackupError(too_new(shown, version))


def _take(descriptor: int, source: BinaryIO, log: BinaryIO | None, fresh: Path) -> None:
    """Copy the backup, and bring in the log that stands beside it, if any."""
    with open(descriptor, "wb", closefd=False) as target:
        shutil.copyfileobj(source, target)
    if log is not None:
        beside = os.open(f"{fresh}-wal", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(beside, "wb") as target:
            shutil.copyfileobj(log, target)
    with closing(_connect(fresh)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _set_aside(file: Path, descriptor: int, now: datetime) -> Path | None:
    """Give the old database a dated name beside its own; the new one gets its owner and mode."""
    kept = file.with_name(f"{file.name}.{now:%Y%m%dT%H%M%SZ}")
    try:
        old = file.stat()
    except FileNotFoundError:
        owner = file.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
        _rename_logs(file, kept)
        return None
    os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, old.st_mode & 0o770)
    with suppress(sqlite3.Error), closing(_connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # closing it then removes log and index
    os.link(file, kept)
    _rename_logs(file, kept)
    return kept


def _rename_logs(file: Path, kept: Path) -> None:
    for end in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.rename(f"{file}{end}", f"{kept}{end}")
