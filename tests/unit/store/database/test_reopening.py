"""A store that was lost is opened again, and no message waits for it longer than for a locked database."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.store.kit import SetClock, hold

from sekisho.ports import StoreUnavailable
from sekisho.store.database import StoreOptions, transactions
from sekisho.store.database.files import Loss
from sekisho.store.database.transactions import Database
from sekisho.store.quarantine import Quarantine

ONLY = "sqlite"


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/q.db", busy_timeout_seconds=0.5)


def test_a_replaced_store_that_somebody_still_writes_is_not_waited_for(
    options: StoreOptions, tmp_path: Path
) -> None:
    """An operator puts a copy in its place and works on it in one long transaction. Each of sixteen messages hears
    soon that the store is down; the watchdog would kill the worker after 25 seconds."""
    path, copy = tmp_path / "q.db", tmp_path / "copy.db"
    store = Quarantine.open(options, SetClock())
    hold(store, b"Subject: x\r\n\r\n", ["a@x"])
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    shutil.move(copy, path)

    def seconds(number: int) -> float:
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            hold(store, b"Subject: %d\r\n\r\n" % number, ["a@x"])
        return time.monotonic() - begun

    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(16) as pool:
        other.execute("BEGIN EXCLUSIVE")
        assert max(pool.map(seconds, range(16))) < 20
        other.execute("ROLLBACK")
    hold(store, b"Subject: after\r\n\r\n", ["a@x"])
    store.close()


def test_nobody_waits_while_a_cut_store_is_read_through(
    options: StoreOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read a large database through takes minutes. Who has a connection from before fails meanwhile, at once."""
    data = Database.open(options)
    reading, finish = threading.Event(), threading.Event()
    look_through = transactions._look_through

    def slow(options: StoreOptions) -> None:
        reading.set()
        assert finish.wait(60)
        look_through(options)

    monkeypatch.setattr(transactions, "_look_through", slow)

    with ThreadPoolExecutor(1) as pool:
        try:
            with pytest.raises(StoreUnavailable), data.writing():  # noqa: PT012 - the end of the block raises
                data._lost = Loss.DAMAGED  # as another thread has found
                looked = pool.submit(data.verify)
                assert reading.wait(60)
                (tmp_path / "q.db-wal").unlink()
        finally:
            finish.set()
        assert not isinstance(looked.exception(60), AssertionError)
    data.verify()
    data.close()
