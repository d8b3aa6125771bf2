"""The file `.NAME.lock` beside a SQLite database: which processes use the database, and whether it ever existed.

- Each process of the daemon that may write to the store holds a shared lock on it as long as it lives, even while the
  store fails. `store restore` needs the exclusive lock, so it refuses while a daemon runs.
- The word `made` in the file says that a daemon has had a database there. If the database is missing, it was removed: a
  running daemon never makes a new one in its place. A start of the daemon does, and writes a line to the log.

The name does not begin with the database's name, so `rm quarantine.db*` does not remove it.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.events import keeping
from sekisho.plain_errors import of_system
from sekisho.ports import StoreUnavailable
from sekisho.private_files import open_private
from sekisho.store.database.options import StoreOptions, database_file

LOG = logging.getLogger("sekisho.store")
MADE = b"made\n"


def lock_file(database: Path) -> Path:
    """The path of the lock file of a database."""
    return database.parent / f".{database.name}.lock"


def was_made(database: Path) -> bool:
    """True if a daemon has had a database at that path."""
    try:
        return lock_file(database).read_bytes() == MADE
    except OSError:
        return False


def never_made(options: StoreOptions) -> bool:
    """True if there is no SQLite database and never was one, so nothing was ever stored. False if that is unknown."""
    file = database_file(options)
    try:
        return file is not None and not file.exists() and not was_made(file)
    except OSError:
        return False


def start_anew(options: StoreOptions) -> None:
    """At a start of the daemon, allow to make a database again that was removed."""
    file = database_file(options)
    try:
        if file is None or (file.exists() and file.stat().st_size) or not was_made(file):
            return
        os.truncate(lock_file(file), 0)
    except OSError as error:  # the store is down, then, and says so itself
        keeping.STORE_DOWN.write(LOG, reason=f"its files cannot be looked at: {error}")
        return
    keeping.STORE_GONE.write(
        LOG,
        "it was there and is gone or empty: a new, empty one is made. If you have a backup, stop the daemon and type: "
        "sekisho store restore BACKUP",
        path=file,
    )


class StoreLock:
    """The shared lock of one process of the daemon. For PostgreSQL it does nothing."""

    def __init__(self, options: StoreOptions) -> None:
        self._database = database_file(options)
        self._descriptor: int | None = None

    def take(self) -> None:
        """Hold the lock from now on. Raises StoreUnavailable while the store is being restored."""
        if self._database is None or self._descriptor is not None:
            return
        try:
            descriptor = _open(self._database)
        except OSError as error:
            raise StoreUnavailable(f"{lock_file(self._database)}: {of_system(error)}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            restored = isinstance(error, BlockingIOError)
            raise StoreUnavailable(
                f"{self._database} is being restored" if restored else f"{self._database}: {of_system(error)}"
            ) from error
        self._descriptor = descriptor

    def mark(self) -> None:
        """Record that the database exists. Raises StoreUnavailable."""
        if self._descriptor is None or self._database is None or was_made(self._database):
            return
        try:
            os.pwrite(self._descriptor, MADE, 0)
            os.fsync(self._descriptor)
        except OSError as error:
            raise StoreUnavailable(f"{lock_file(self._database)}: {of_system(error)}") from error

    def close(self) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def exclusive(database: Path) -> Iterator[bool]:
    """True if no process of a daemon works on the database, and none will begin to meanwhile. Raises OSError."""
    descriptor = _open(database)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def in_use(database: Path) -> bool:
    """True if a daemon works on the database, or if that cannot be told. Nothing is made."""
    try:
        if not lock_file(database).exists():
            return False
        with exclusive(database) as ours:
            return not ours
    except OSError:
        return True


def _open(database: Path) -> int:
    return open_private(lock_file(database))
