"""Writes a write-ahead log that a dead process left to the disk again, before the store is opened.

If a sync fails, its data may be lost although the kernel marks the pages as clean. SQLite writes such frames again at
its next commit, as long as a process lives that knows of the failure. If all have died, the next process that opens the
store reads the frames from the page cache as if they were on the disk, and appends to them. After a power cut the log
then ends at the missing frames: later commits are lost, or the database does not fit its log.
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
        with unavailable(options), ExitStack() as lock:
            try:
                lock.enter_context(engine.begin())  # the write lock: nobody adds to the log meanwhile
            except SQLAlchemyError:
                return  # locked, or another error, which the next process that opens it gets, too
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
