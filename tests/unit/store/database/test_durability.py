"""What `hold` promises when the power, the disk or the process does not last."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.store.kit import SetClock, hold

from sekisho.ports import StoreUnavailable
from sekisho.store.database import NotDurable, StoreOptions
from sekisho.store.database.engine import READING, _prepare_sqlite
from sekisho.store.database.settle import settle
from sekisho.store.quarantine import Quarantine

ONLY = "sqlite"
RAW = b"Subject: x\r\n\r\n" + bytes(range(256)) * 50

HOLDER = """
    import os, sys
    from sekisho.store.database import StoreOptions
    from sekisho.store.quarantine import Quarantine
    from tests.unit.store.kit import SetClock, hold
    store = Quarantine.open(StoreOptions(url=sys.argv[1]), SetClock())
    number = int(sys.argv[2])
    while number < int(sys.argv[3]):
        raw = b"Subject: %d\\r\\n\\r\\n" % number + os.urandom(3000) * 5
        name = hold(store, raw, ["a@x", "b@x"])
        os.write(1, f"HELD {number} {name}\\n".encode())
        number += 1
"""


def run_holder(url: str, first: int, last: int, *before: str) -> subprocess.Popen[bytes]:
    """A process that holds messages and writes a line after each."""
    program = [sys.executable, "-c", textwrap.dedent(HOLDER), url, str(first), str(last)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen([*before, *program], stdout=subprocess.PIPE, env=environment)


@pytest.mark.slow
def test_kill_at_any_moment_loses_nothing_and_leaves_nothing_half(options: StoreOptions) -> None:
    """A worker killed while it holds: what it was told is kept is whole, all else whole or absent."""
    told: set[str] = set()
    for round_ in range(6):
        holder = run_holder(options.url, round_ * 1000, round_ * 1000 + 1000)
        assert holder.stdout is not None
        for _ in range(3 + round_ * 2):
            told.add(holder.stdout.readline().split()[2].decode())
        holder.send_signal(signal.SIGKILL)
        rest, _ = holder.communicate()
        told |= {line.split()[2].decode() for line in rest.splitlines() if len(line.split()) == 3}
        store = Quarantine.open(options, SetClock())
        entries = store.list(limit=10_000)
        assert told <= {entry.id for entry in entries}
        for entry in entries:
            assert len(entry.copies) == 2
            assert len(store.content(entry.id)) == entry.size
        store.close()
    with closing(sqlite3.connect(options.url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def traced(trace: Path, calls: str, url: str, number: int) -> None:
    """Hold that many messages and write the system calls to `trace`, with the paths of the descriptors."""
    holder = run_holder(url, 0, number, "strace", "-f", "-y", "-e", f"trace={calls}", "-o", str(trace))
    holder.communicate(timeout=60)
    assert holder.returncode == 0


@pytest.mark.slow
@needs_strace
def test_the_log_is_synced_before_hold_returns(options: StoreOptions, tmp_path: Path) -> None:
    """Between the last write to the write-ahead log and the caller's next step stands a sync of that log."""
    trace = tmp_path / "trace"
    traced(trace, "pwrite64,fsync,fdatasync,write", options.url, 5)
    dirty, told = True, 0
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r"pwrite64\(\d+<[^>]*-wal>", line):
            dirty = True
        elif re.search(r"f(data)?sync\(\d+<[^>]*-wal>\)\s*= 0", line):
            dirty = False
        elif '"HELD ' in line:
            told += 1
            assert not dirty
            dirty = True  # the next message must be synced by itself
    assert told == 5


@pytest.mark.slow
@needs_strace
def test_the_name_of_a_new_database_is_synced(tmp_path: Path) -> None:
    """The directory is synced after the file is made: a file without a name is no store."""
    trace = tmp_path / "trace"
    traced(trace, "fsync", f"sqlite:///{tmp_path}/q.db", 1)
    assert re.search(rf"fsync\(\d+<{re.escape(str(tmp_path))}>\)\s*= 0", trace.read_text(errors="replace"))


def test_the_database_is_no_strangers_business(options: StoreOptions) -> None:
    """Whatever the umask, others may not read the held mail."""
    before = os.umask(0)
    try:
        store = Quarantine.open(options, SetClock())
        hold(store, RAW, ["a@x"])
    finally:
        os.umask(before)
    path = options.url.removeprefix("sqlite:///")
    assert [os.stat(path + suffix).st_mode & 0o007 for suffix in ("", "-wal", "-shm")] == [0, 0, 0]
    store.close()


def test_every_connection_is_durable(store: Quarantine) -> None:
    """Write-ahead log and full synchronisation hold on each connection of the pool."""
    engine = store._database.engine.execution_options(**READING)
    with engine.connect() as one, engine.connect() as two:
        for connection in (one, two):
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_a_database_that_cannot_be_durable_is_refused(options: StoreOptions) -> None:
    """SQLite that will not use the write-ahead log (here: in memory) is an error in plain words."""
    connection = sqlite3.connect(":memory:")
    with pytest.raises(NotDurable, match="journal_mode=memory"):
        _prepare_sqlite(options)(connection, None)
    connection.close()


def test_a_locked_database_is_unavailable_and_keeps_nothing(options: StoreOptions, clock: SetClock) -> None:
    """A lock that outlasts the busy time-out is StoreUnavailable; afterwards the store works again."""
    store = Quarantine.open(options.model_copy(update={"busy_timeout_seconds": 0.2}), clock)
    other = sqlite3.connect(options.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        hold(store, RAW, ["a@x"])
    assert store.list() == ()
    other.execute("ROLLBACK")
    other.close()
    assert store.content(hold(store, RAW, ["a@x"])) == RAW
    store.close()


def test_readers_do_not_wait_for_a_writer(store: Quarantine, options: StoreOptions) -> None:
    """Lists and gauges answer while a message is being written."""
    name = hold(store, RAW, ["a@x"])
    other = sqlite3.connect(options.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert [entry.id for entry in store.list()] == [name]
    assert store.stats().bytes > 0
    other.execute("ROLLBACK")
    other.close()


def test_a_file_that_may_not_grow_is_unavailable_and_keeps_nothing(options: StoreOptions) -> None:
    """A write refused half-way (here by the process's file size limit) leaves no trace of the message."""
    store = Quarantine.open(options, SetClock())
    kept = hold(store, RAW, ["a@x"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(StoreUnavailable):
            hold(store, os.urandom(500_000), ["a@x"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [entry.id for entry in store.list()] == [kept]
    assert store.content(hold(store, RAW + b"!", ["a@x"])) == RAW + b"!"
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(where)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting needs root")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def _fill(store: Quarantine, held: dict[str, bytes]) -> None:
    for _ in range(100):
        raw = os.urandom(40_000)
        held[hold(store, raw, ["a@x"])] = raw


def test_a_full_disk_is_unavailable_and_keeps_nothing(small_disk: Path) -> None:
    """On a full disk what was held stays readable, what was refused is absent, and room helps at once."""
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 300_000)
    store = Quarantine.open(StoreOptions(url=f"sqlite:///{small_disk}/q.db"), SetClock())
    held: dict[str, bytes] = {}
    with pytest.raises(StoreUnavailable, match="full"):
        _fill(store, held)
    assert held
    assert {entry.id: store.content(entry.id) for entry in store.list(limit=1000)} == held
    filler.unlink()
    assert store.content(hold(store, RAW, ["a@x"])) == RAW
    store.close()


def test_a_read_only_disk_is_unavailable_and_keeps_nothing(small_disk: Path) -> None:
    """A file system that the kernel turned read-only is StoreUnavailable, in hold and in open."""
    options = StoreOptions(url=f"sqlite:///{small_disk}/q.db")
    store = Quarantine.open(options, SetClock())
    kept = hold(store, RAW, ["a@x"])
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreUnavailable):
        Quarantine.open(options, SetClock())
    with pytest.raises(StoreUnavailable):
        hold(store, RAW + b"!", ["a@x"])
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert [entry.id for entry in store.list()] == [kept]
    store.close()


def test_a_missing_directory_is_unavailable(tmp_path: Path) -> None:
    """A path that does not exist is said plainly when the store is opened."""
    with pytest.raises(StoreUnavailable, match="No such file"):
        Quarantine.open(StoreOptions(url=f"sqlite:///{tmp_path}/none/q.db"), SetClock())


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    """Somebody else's file is refused, and left as it was."""
    path = tmp_path / "q.db"
    path.write_bytes(b"not a database, but long enough to be looked at " * 10)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="not a database"):
        Quarantine.open(StoreOptions(url=f"sqlite:///{path}"), SetClock())
    assert path.read_bytes() == before


def test_a_failed_attempt_leaves_no_transaction_open(store: Quarantine, options: StoreOptions) -> None:
    """After an error inside a transaction the connection goes back clean; the next writer does not wait."""
    with pytest.raises(StoreUnavailable), store._writing() as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")
    other = sqlite3.connect(options.url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()


def test_the_log_behind_a_link_is_settled_too(tmp_path: Path) -> None:
    """SQLite makes its log beside the real database where the path is a link: that log is written once more."""
    real, link = tmp_path / "elsewhere" / "real.db", tmp_path / "quarantine.db"
    real.parent.mkdir()
    Quarantine.open(StoreOptions(url=f"sqlite:///{real}"), SetClock()).close()
    link.symlink_to(real)
    options = StoreOptions(url=f"sqlite:///{link}")
    store = Quarantine.open(options, SetClock())
    hold(store, b"one", ["a@x"])
    log = real.with_name("real.db-wal")
    os.utime(log, (0, 0))
    settle(options)
    assert log.stat().st_mtime > 0
    store.close()
