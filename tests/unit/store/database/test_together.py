"""A new SQLite file, opened by several processes at once."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from tests.unit.store.kit import SetClock

from sekisho.store.database import StoreOptions, migrate
from sekisho.store.database.engine import connect
from sekisho.store.quarantine import Quarantine

ONLY = "sqlite"
FORKS = multiprocessing.get_context("fork")


ROUNDS = 30


def opened_together(directory: Path, together: Barrier) -> None:
    for turn in range(ROUNDS):
        together.wait()
        store = Quarantine.open(StoreOptions(url=f"sqlite:///{directory}/{turn}.db"), SetClock())
        assert store.list() == ()
        store.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_eight_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Thirty times over, none of eight workers fails on a file that nobody has opened before."""
    migrate(
        StoreOptions(url=f"sqlite:///{tmp_path}/first.db")
    )  # what is imported late is there before the forks
    together = FORKS.Barrier(8, timeout=60)
    workers = [FORKS.Process(target=opened_together, args=(tmp_path, together)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8


def test_a_file_in_use_is_waited_for(tmp_path: Path) -> None:
    """A writer on a file that has no write-ahead log yet is waited for. (SQLite itself would not wait.)"""
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    opened: list[Quarantine] = []
    waiting = threading.Thread(
        target=lambda: opened.append(Quarantine.open(StoreOptions(url=f"sqlite:///{path}"), SetClock()))
    )
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    other.execute("COMMIT")
    waiting.join()
    other.close()
    (store,) = opened
    assert store.list() == ()
    store.close()


def test_a_file_that_stays_locked_is_unavailable(tmp_path: Path) -> None:
    """The wait ends after the configured time, as a store that is not there."""
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    engine = connect(StoreOptions(url=f"sqlite:///{path}", busy_timeout_seconds=0.1))
    with pytest.raises(OperationalError, match="database is locked"):
        engine.connect()
    other.close()
    engine.dispose()
