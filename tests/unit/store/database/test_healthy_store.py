"""What others may do to a healthy store while processes have it open: none of it is taken for a loss."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.store.kit import START, SetClock, hold

from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine

ONLY = "sqlite"


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/q.db")


def test_a_log_that_another_process_empties_is_no_loss(options: StoreOptions, tmp_path: Path) -> None:
    """A checkpoint that cuts the log (`wal_checkpoint(TRUNCATE)`, as backup programs ask for) may come between two
    looks of ours, at the index and at the log."""
    losses: list[int] = []
    store = Quarantine.open(options, SetClock(START), lambda: losses.append(1))
    hold(store, b"Subject: x\r\n\r\n", ["a@x"])
    stop = threading.Event()

    def empty() -> None:
        with closing(sqlite3.connect(tmp_path / "q.db", isolation_level=None, timeout=30)) as other:
            while not stop.is_set():
                other.execute("PRAGMA user_version = 1")
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        for _ in range(400):
            store.verify()
    finally:
        stop.set()
        thread.join()
    store.close()
    assert not losses


def test_a_database_that_is_vacuumed_is_no_loss(options: StoreOptions, tmp_path: Path) -> None:
    """VACUUM makes the file smaller, in order: the index of the log knows of it."""
    losses: list[int] = []
    store = Quarantine.open(options, SetClock(START), lambda: losses.append(1))
    record = hold(store, os.urandom(2_000_000), ["a@x"])
    with closing(sqlite3.connect(tmp_path / "q.db", isolation_level=None, timeout=30)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.verify()
        before = (tmp_path / "q.db").stat().st_size
        other.execute("UPDATE contents SET data = x''")
        other.execute("VACUUM")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (tmp_path / "q.db").stat().st_size < before
    store.verify()
    assert store.get(record) is not None
    hold(store, b"Subject: after\r\n\r\n", ["a@x"])
    store.close()
    assert not losses
