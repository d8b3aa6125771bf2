"""A commit that reports an error may have been carried out: no message is held twice for that."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.store.kit import SetClock, hold

from sekisho.ports import CommitUnknown, StoreUnavailable
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine

RAW = b"Subject: x\r\n\r\nbody\r\n"
Commit = Callable[[Any], None]


def around_commits(
    store: Quarantine, monkeypatch: pytest.MonkeyPatch, *turns: Callable[[Commit, Any], None]
) -> None:
    """The next commits of the store go through `turns`, each given the real commit and the driver's connection."""
    dialect = store._database.engine.dialect
    real, left = dialect.do_commit, list(turns)

    def commit(connection: Any) -> None:
        if left:
            left.pop(0)(real, connection)
        else:
            real(connection)

    monkeypatch.setattr(dialect, "do_commit", commit)


def answer_lost(real: Commit, connection: Any) -> None:
    """The database carries the commit out, and the error says that it did not."""
    real(connection)
    if isinstance(connection.driver_connection, sqlite3.Connection):
        raise _error(sqlite3.SQLITE_IOERR_FSYNC)
    import psycopg  # noqa: PLC0415 - an extra

    connection.driver_connection.close()
    raise psycopg.OperationalError("server closed the connection unexpectedly")


def last_words(real: Commit, connection: Any) -> None:
    """The server commits, and what it says before it ends is read as the answer. The connection still looks good."""
    if isinstance(connection.driver_connection, sqlite3.Connection):
        pytest.skip("a server's")
    import psycopg  # noqa: PLC0415 - an extra

    real(connection)
    raise psycopg.errors.AdminShutdown("terminating connection due to administrator command")


def _error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as asked")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("turn", [answer_lost, last_words])
def test_one_lost_answer_is_found_out(
    store: Quarantine, monkeypatch: pytest.MonkeyPatch, turn: Callable[[Commit, Any], None]
) -> None:
    """The hold is tried once more and finds its own entry, which is no repeat: a success."""
    around_commits(store, monkeypatch, turn)
    name = hold(store, RAW, ["a@x", "b@x"])
    (entry,) = store.list()
    assert (entry.id, entry.repeats, len(entry.copies)) == (name, 0, 2)


def test_a_lost_answer_to_a_repeat_names_the_standing_entry(
    store: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeat whose count may have been committed is absorbed all the same."""
    name = hold(store, RAW, ["a@x"])
    around_commits(store, monkeypatch, answer_lost)
    assert hold(store, RAW, ["a@x"]) == name
    assert len(store.list()) == 1


def test_two_lost_answers_are_said_to_be_unknown(store: Quarantine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked learns that the message may be kept. It is, and absorbs the sender's retry."""
    around_commits(store, monkeypatch, answer_lost, answer_lost)
    with pytest.raises(CommitUnknown):
        hold(store, RAW, ["a@x"])
    (entry,) = store.list()
    assert hold(store, RAW, ["a@x"]) == entry.id
    assert len(store.list()) == 1


def test_what_fails_before_the_commit_is_not_unknown(
    store: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was kept, for certain, so the message may be held elsewhere."""
    monkeypatch.setattr("sekisho.store.quarantine.quarantine.insert_rows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        hold(store, RAW, ["a@x"])
    assert store.list() == ()


class TestSqlite:
    """What only SQLite reports. Neither needs a server."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "q.db"

    @pytest.fixture
    def own(self, path: Path) -> Quarantine:
        return Quarantine.open(StoreOptions(url=f"sqlite:///{path}", busy_timeout_seconds=5), SetClock())

    @pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR_WRITE])
    def test_a_commit_that_was_not_written_is_not_unknown(
        self, own: Quarantine, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        """A full disk, a lock or a failed write leaves no whole commit in the log."""

        def refused(_: Commit, connection: Any) -> None:
            raise _error(code)

        around_commits(own, monkeypatch, refused)
        with pytest.raises(StoreUnavailable) as caught:
            hold(own, RAW, ["a@x"])
        assert not isinstance(caught.value, CommitUnknown)
        assert own.list() == ()

    def test_a_store_that_vanishes_in_the_commit_is_unknown(
        self, own: Quarantine, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file that has the message may come back: a second copy elsewhere would be one too many."""

        def vanishing(real: Commit, connection: Any) -> None:
            real(connection)
            path.rename(path.with_suffix(".away"))

        (path.parent / f".{path.name}.lock").write_bytes(b"made\n")
        around_commits(own, monkeypatch, vanishing)
        with pytest.raises(CommitUnknown):
            hold(own, RAW, ["a@x"])
        path.with_suffix(".away").rename(path)
        own.verify()
        assert len(own.list()) == 1

    def test_a_log_that_vanishes_in_the_commit_costs_nothing(
        self, own: Quarantine, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its frames are saved, and the second try finds the entry there."""

        def vanishing(real: Commit, connection: Any) -> None:
            real(connection)
            os.unlink(f"{path}-wal")

        around_commits(own, monkeypatch, vanishing)
        name = hold(own, RAW, ["a@x"])
        (entry,) = own.list()
        assert (entry.id, entry.repeats) == (name, 0)
