"""What `hold` promises on PostgreSQL when the server does not last."""

from __future__ import annotations

import signal

import pytest
from lab.cluster import Cluster
from sqlalchemy import create_engine, text
from tests.unit.store.kit import SetClock, hold

from sekisho.ports import CommitUnknown, StoreUnavailable
from sekisho.store.database import NotDurable, StoreOptions, postgresql
from sekisho.store.database.engine import connect
from sekisho.store.database.transactions import Database
from sekisho.store.quarantine import Quarantine

ONLY = "postgresql"
RAW = b"Subject: x\r\n\r\nbody\r\n"


def test_a_crash_of_the_server_loses_nothing(store: Quarantine, cluster: Cluster) -> None:
    """What was held is there after the server crashed; while it is down the store is unavailable."""
    held = [hold(store, RAW + bytes([number]), ["a@x"]) for number in range(20)]
    cluster.stop("immediate")
    try:
        with pytest.raises(StoreUnavailable):
            hold(store, RAW, ["a@x"])
    finally:
        cluster.start()
    assert sorted(entry.id for entry in store.list()) == sorted(held)
    assert store.content(hold(store, RAW, ["a@x"])) == RAW


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_does_not_sync_is_refused(
    options: StoreOptions, cluster: Cluster, setting: str
) -> None:
    """A server that would lose commits in a power cut is an error at start, in plain words."""
    cluster.do(f"ALTER SYSTEM SET {setting} = off")
    cluster.stop()
    cluster.start()
    try:
        with pytest.raises(NotDurable, match=f"'{setting}': 'off'"):
            Quarantine.open(options, SetClock())
    finally:
        cluster.do(f"ALTER SYSTEM RESET {setting}")
        cluster.stop()
        cluster.start()


def test_a_database_that_commits_lazily_is_overruled(options: StoreOptions, cluster: Cluster) -> None:
    """synchronous_commit=off as the database's default does not reach our connections."""
    name = options.url.split("@/")[1].split("?")[0]
    cluster.do(f"ALTER DATABASE {name} SET synchronous_commit = off")
    engine = connect(options)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    engine.dispose()


def test_a_lock_that_lasts_is_unavailable_and_keeps_nothing(options: StoreOptions) -> None:
    """A table that somebody else keeps locked is StoreUnavailable; afterwards the store works again."""
    store = Quarantine.open(options.model_copy(update={"busy_timeout_seconds": 0.2}), SetClock())
    other = create_engine(options.url.replace("postgresql://", "postgresql+psycopg://"))
    with other.begin() as connection:
        connection.execute(text("LOCK TABLE recipients IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            hold(store, RAW, ["a@x"])
    assert store.list() == ()
    assert store.content(hold(store, RAW, ["a@x"])) == RAW
    store.close()
    other.dispose()


def test_a_server_that_falls_silent_is_unavailable(
    options: StoreOptions, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its processes are stopped: nothing answers on connections that stay open. A hold fails, one whose commit was
    on its way is not known to have failed, and both work again when the server goes on."""
    monkeypatch.setattr(postgresql, "STATEMENT_SECONDS", 1)
    options = options.model_copy(update={"busy_timeout_seconds": 0.5})
    store, database = Quarantine.open(options, SetClock()), Database(options)
    hold(store, RAW, ["a@x"])

    def silent_commit() -> None:
        with database.writing() as connection:
            connection.execute(text("UPDATE recipients SET address = address"))
            cluster.signal(signal.SIGSTOP)

    try:
        with pytest.raises(CommitUnknown, match="no answer in time"):
            silent_commit()
        with pytest.raises(StoreUnavailable):
            hold(store, RAW, ["b@x"])
    finally:
        cluster.signal(signal.SIGCONT)
    assert store.content(hold(store, RAW, ["b@x"])) == RAW
    with database.writing() as connection:
        assert connection.execute(text("SELECT count(*) FROM recipients")).scalar() == 2
    database.close()
    store.close()


def test_a_read_only_database_is_unavailable(options: StoreOptions, cluster: Cluster) -> None:
    """A standby, or a database set read-only, is StoreUnavailable."""
    Quarantine.open(options, SetClock()).close()
    name = options.url.split("@/")[1].split("?")[0]
    cluster.do(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    store = Quarantine.open(options, SetClock())
    with pytest.raises(StoreUnavailable, match="read-only"):
        hold(store, RAW, ["a@x"])
    assert store.list() == ()
    store.close()
