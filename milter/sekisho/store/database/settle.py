"""Before the store is opened: what a process that died left in the write-ahead log is written to the disk.

A sync that failed may have lost what it was to write, and the kernel calls those pages clean. SQLite writes such
frames once more at its next commit, as long as one process lives that knows they were refused. If all have died,
the next to open the store reads them out of the page cache as if they were on the disk, and adds to them. After a
power cut the log then ends at the hole: what was answered since is lost, or the database does not fit its log.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import NullPool
from sqlalchemy.exc import SQLAlchemyError

from sekisho.store.database.engine import connect, unavailable
from sekisho.store.database.options import StoreOptions, database_file

_LOCK_SECONDS = 0.05  # seconds to wait for the write lock
_PIECE_BYTES = 1 << 20


def settle(options: StoreOptions) -> None:
    """Write the log of a SQLite store once more, byte for byte, and sync it. Nothing is done on PostgreSQL, or where
    another process is writing: that process lives and knows which writes were refused.

    Raises StoreUnavailable if the disk does not take it.
    """
    database = database_file(options)
    # SQLite makes its log beside the real file where the path is a link.
    log = Path(f"{os.path.realpath(database)}-wal") if database is not None else None
    if log is None or not log.exists():
        return
    engine = connect(options.model_copy(update={"busy_timeout_seconds": _LOCK_SECONDS}), pool=NullPool)
    try:
        with unavailable(), ExitStack() as lock:
            try:
                lock.enter_context(engine.begin())  # the write lock: nobody adds to the log meanwhile
            except SQLAlchemyError:
                return  # locked; or what else is wrong, which the next to open it is told
            _write_again(log)
    finally:
        engine.dispose()


def _write_again(log: Path) -> None:
    """Raises OSError."""
    handle = os.open(log, os.O_RDWR | os.O_CLOEXEC)
    try:
        at = 0
        while piece := os.pread(handle, _PIECE_BYTES, at):
            at += os.pwrite(handle, piece, at)
        os.fsync(handle)
    finally:
        os.close(handle)
