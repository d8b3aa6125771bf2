"""The files of the store are taken away under processes that have them open: what was answered is at the path."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.store.kit import SetClock, hold

from sekisho.ports import StoreUnavailable
from sekisho.store.database import StoreLock, StoreOptions
from sekisho.store.database.files import StoreMoved
from sekisho.store.database.lock import lock_file, start_anew
from sekisho.store.lists import ListStore
from sekisho.store.quarantine import Quarantine

ONLY = "sqlite"
Damage = Callable[[Path, Path], None]


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/q.db", busy_timeout_seconds=5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "q.db"


@pytest.fixture
def lock(options: StoreOptions) -> Iterator[StoreLock]:
    made = StoreLock(options)
    made.take()
    yield made
    made.close()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Another store of ours, whole, with one message."""
    other = tmp_path / "backup.db"
    store = Quarantine.open(StoreOptions(url=f"sqlite:///{other}"), SetClock())
    hold(store, raw(999), ["a@x"])
    store.close()
    return other


def raw(number: int) -> bytes:
    return b"Subject: %d\r\n\r\n" % number + os.urandom(2000)


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def index_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-shm")


def unlinked(path: Path, _backup: Path) -> None:
    path.unlink()


def all_unlinked(path: Path, _backup: Path) -> None:
    for each in (path, log_of(path), index_of(path)):
        each.unlink(missing_ok=True)


def replaced(path: Path, backup: Path) -> None:
    shutil.copy(backup, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def moved_aside_and_replaced(path: Path, backup: Path) -> None:
    path.rename(path.with_suffix(".old"))
    shutil.copy(backup, path)


def truncated(path: Path, _backup: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path, _backup: Path) -> None:
    os.truncate(path, 0)


def log_removed(path: Path, _backup: Path) -> None:
    log_of(path).unlink(missing_ok=True)


def log_emptied(path: Path, _backup: Path) -> None:
    os.truncate(log_of(path), 0)


def index_removed(path: Path, _backup: Path) -> None:
    index_of(path).unlink(missing_ok=True)


def log_and_index_removed(path: Path, _backup: Path) -> None:
    log_removed(path, path)
    index_removed(path, path)


GONE = [unlinked, all_unlinked, truncated, emptied, log_emptied]
SAVED = [log_removed, index_removed, log_and_index_removed]
OTHER = [replaced, moved_aside_and_replaced]

READER = """
    import sys
    from sekisho.store.database import StoreOptions
    from sekisho.store.quarantine import Quarantine
    from tests.unit.store.kit import SetClock
    store = Quarantine.open(StoreOptions(url=sys.argv[1]), SetClock())
    for entry in store.list(limit=100_000):
        store.content(entry.id)
        print(entry.id)
"""


def readable(options: StoreOptions) -> set[str]:
    """What a process of its own finds at the path, each content whole."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(READER), options.url],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("damage", SAVED)
def test_a_log_or_index_that_is_removed_costs_nothing(
    options: StoreOptions, path: Path, lock: StoreLock, damage: Damage
) -> None:
    """Everything held before and after is at the path; the removal is counted."""
    losses: list[None] = []
    store = Quarantine.open(options, SetClock(), on_loss=lambda: losses.append(None))
    lock.mark()
    told = {hold(store, raw(number), ["a@x"]) for number in range(5)}
    damage(path, path)
    told |= {hold(store, raw(number), ["a@x"]) for number in range(5, 10)}
    assert losses
    assert told == readable(options)
    store.close()
    assert told == readable(options)


@pytest.mark.slow
@pytest.mark.parametrize("damage", OTHER)
def test_a_database_that_is_replaced_is_used_from_the_next_message_on(
    options: StoreOptions, path: Path, lock: StoreLock, backup: Path, damage: Damage
) -> None:
    """What is answered from then on is in the new file, which the old one's log does not touch."""
    losses: list[None] = []
    store = Quarantine.open(options, SetClock(), on_loss=lambda: losses.append(None))
    lock.mark()
    before = {hold(store, raw(number), ["a@x"]) for number in range(5)}
    damage(path, backup)
    told = {hold(store, raw(number), ["a@x"]) for number in range(5, 10)}
    assert losses == [None]
    found = readable(options)
    assert told <= found
    assert len(found) == 6
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    if damage is moved_aside_and_replaced:
        assert readable(StoreOptions(url=f"sqlite:///{path.with_suffix('.old')}")) == before


@pytest.mark.slow
@pytest.mark.parametrize("damage", GONE)
def test_a_store_that_is_gone_is_down_until_it_is_back(
    options: StoreOptions, path: Path, lock: StoreLock, backup: Path, damage: Damage
) -> None:
    """Nothing is answered, nothing is made anew; a whole database at the path is used again."""
    losses: list[None] = []
    store = Quarantine.open(options, SetClock(), on_loss=lambda: losses.append(None))
    lock.mark()
    for number in range(5):
        hold(store, raw(number), ["a@x"])
    damage(path, backup)
    there = path.exists()
    for number in range(5, 8):
        with pytest.raises(StoreUnavailable):
            hold(store, raw(number), ["a@x"])
    assert losses
    assert path.exists() is there
    all_unlinked(path, backup)
    with pytest.raises(StoreUnavailable):
        store.verify()
    assert not path.exists()
    replaced(path, backup)
    store.verify()
    name = hold(store, raw(8), ["a@x"])
    assert name in readable(options)
    store.close()


HOLDER = """
    import os, sys
    from sekisho.ports import StoreUnavailable
    from sekisho.store.database import StoreLock, StoreOptions
    from sekisho.store.quarantine import Quarantine
    from tests.unit.store.kit import SetClock, hold
    options = StoreOptions(url=sys.argv[1])
    lock = StoreLock(options)
    lock.take()
    store = Quarantine.open(options, SetClock())
    lock.mark()
    os.write(1, b"open\\n")
    for line in sys.stdin:
        try:
            name = hold(store, b"Subject: x\\r\\n\\r\\n" + os.urandom(3000), ["a@x"])
        except StoreUnavailable as error:
            try:
                store.verify()
            except StoreUnavailable:
                pass
            name = "refused"
        os.write(1, name.encode() + b"\\n")
"""


class Holder:
    """A worker: holds a message for each line that it is told."""

    def __init__(self, options: StoreOptions) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HOLDER), options.url],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self.answer() == "open"

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def hold(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("x\n")
        return self.answer()

    def end(self) -> None:
        self.process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("damage", [*SAVED, *OTHER])
def test_several_processes_end_in_one_store(
    options: StoreOptions, path: Path, backup: Path, damage: Damage
) -> None:
    """Three workers, one of which is asked much later: each goes over to what is at the path, and nothing that any
    of them answered afterwards is lost; what was saved from a lost log is there, too."""
    workers = [Holder(options) for _ in range(3)]
    before = [each.hold() for each in workers for _ in range(4)]
    damage(path, backup)
    after = [workers[turn % 2].hold() for turn in range(20)]
    after += [workers[2].hold() for _ in range(3)]
    after += [each.hold() for each in workers]
    for each in workers:
        each.end()
    told = set(after) - {"refused"}
    assert len(told) >= 20
    assert "refused" not in after[-3:]
    found = readable(options)
    assert told <= found
    if damage in SAVED:
        assert set(before) <= found
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_new_process_makes_no_database_where_one_has_vanished(
    options: StoreOptions, path: Path, lock: StoreLock
) -> None:
    """Neither a replaced worker nor the command line hides the loss behind an empty database."""
    Quarantine.open(options, SetClock()).close()
    lock.mark()
    path.unlink()
    for opened in (Quarantine, ListStore):
        with pytest.raises(StoreMoved, match="was there and is gone"):
            opened.open(options, SetClock())
    path.touch()
    with pytest.raises(StoreMoved, match="is empty"):
        Quarantine.open(options, SetClock())
    path.unlink()
    assert not path.exists()


def test_a_start_of_the_daemon_makes_it_again_and_says_so(
    options: StoreOptions, path: Path, lock: StoreLock, caplog: pytest.LogCaptureFixture
) -> None:
    """The start is a person's decision, so that is the way back without a backup; the log names the loss."""
    Quarantine.open(options, SetClock()).close()
    lock.mark()
    start_anew(options)
    assert not caplog.records
    path.unlink()
    start_anew(options)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    Quarantine.open(options, SetClock()).close()
    assert path.exists()


def test_the_lock_file_is_private(options: StoreOptions, path: Path, lock: StoreLock) -> None:
    """Nobody else may hold a lock that keeps a store from being restored."""
    assert lock_file(path).stat().st_mode & 0o777 == 0o600


def test_an_idle_store_notices_by_being_asked(options: StoreOptions, path: Path, lock: StoreLock) -> None:
    """`verify`, which the daemon calls every few seconds, finds the loss without a message."""
    losses: list[None] = []
    store = Quarantine.open(options, SetClock(), on_loss=lambda: losses.append(None))
    lock.mark()
    store.verify()
    path.rename(path.with_suffix(".old"))
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            store.verify()
    assert len(losses) == 2
    path.with_suffix(".old").rename(path)
    store.verify()
    store.close()
