"""A run of the store with all its operations, which is recorded for the power cut.

    python -m lab.faults.workload DIRECTORY CONTROL SEED

It runs with the shim. Before and after each operation it writes the state that an operator can see, as a line of JSON,
to the file `marks` in the same directory. So the trace shows what had been answered at which time. Messages are held
and read by the real code only; ids and bytes depend on the seed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event

from lab.faults.shim import Rule, full, io_error
from lab.faults.state import FAILED, GUARD, MARKS, START, STORE, State, observe, options_of
from sekisho.guard import Switch
from sekisho.held import Operation, Wanted
from sekisho.held import State as CopyState
from sekisho.judging.in_flight import Failures
from sekisho.message import Author, Client, Envelope, Headers, Message, Recipient
from sekisho.policy import ListEntry
from sekisho.ports import StoreUnavailable, Uptime
from sekisho.store.database import StoreOptions, migrations
from sekisho.store.database.engine import connect
from sekisho.store.lists import ListStore, snapshot
from sekisho.store.quarantine import Quarantine, RetentionOptions
from sekisho.verdict import Disposition, Outcome, Thresholds, Verdict

CHECKPOINT_PAGES = 40
"""There is a checkpoint of the write-ahead log after so many pages, not 1,000, so a short run has many of them."""
OLDEST = "r0001"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def monotonic(self) -> float:
        return time.monotonic()


class Workload:
    def __init__(self, directory: Path, control: Path, seed: int) -> None:
        self._directory = directory
        self._control = control
        self._rng = random.Random(seed)
        self._clock = Clock()
        self._options = options_of(directory)
        self._marks = os.open(directory / MARKS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._refused: list[str] = []
        self._remembered: list[str] = []

    def run(self) -> None:
        with self._phase("migration"):
            self._open()
            self._mark()
        with self._phase("hold"):
            for _ in range(12):
                self._hold()
        self._close()
        go_back(self._options, OLDEST)
        with self._phase("migration"):
            self._open()
            self._mark()
        with self._phase("hold"):
            self._read_and_hold()
        with self._phase("release"):
            self._release()
        with self._phase("lists"):
            self._lists()
        with self._phase("failing"):
            self._fail()
        with self._phase("dying"):
            self._die()
        with self._phase("retention"):
            self._retain()
        with self._phase("failures"):
            self._remember()
        with self._phase("guard"):
            self._switch()
        self._close()

    def _open(self) -> None:
        self._store = Quarantine.open(self._options, self._clock)
        self._list_store = ListStore.open(self._options, self._clock)

    def _close(self) -> None:
        self._list_store.close()
        self._store.close()

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self._write({"phase": name})
        yield
        self._write({"phase": ""})

    def _mark(self) -> None:
        """Write the present state to the marks; from now on it must be found after a cut."""
        seen = observe(self._store, self._list_store, self._directory)
        self._write({"state": seen | {"failed": self._remembered, "refused": self._refused}})

    def _write(self, line: State) -> None:
        os.write(self._marks, json.dumps(line).encode() + b"\n")

    def _do(self, operation: Callable[..., object], *arguments: Any, **more: Any) -> None:
        """Do the operation, and then write the mark that it was answered."""
        operation(*arguments, **more)
        self._mark()

    def _hold(self) -> None:
        """Hold a message, new or repeated, large or small, for some recipients."""
        size = self._rng.choice((300, 3_000, 3_000, 20_000, 60_000))
        people = [f"{name}@home.example" for name in self._rng.sample("abcdef", self._rng.randint(1, 3))]
        raw = b"Subject: held\r\n\r\n" + self._rng.randbytes(size)
        self._do(self._keep, raw, people)
        if self._rng.random() < 0.3:
            self._do(self._keep, raw, [*people, "late@home.example"])

    def _keep(self, raw: bytes, people: list[str]) -> str:
        return self._store.hold(*held_message(raw, people))

    def _read_and_hold(self) -> None:
        """Hold while a reader stays open: then the write-ahead log cannot be restarted."""
        with closing(sqlite3.connect(self._directory / STORE, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entries").fetchone()
            for _ in range(10):
                self._hold()
        for _ in range(10):
            self._hold()

    def _release(self) -> None:
        for entry in self._store.list(Wanted(states=(CopyState.HELD,)), limit=8):
            by = Operation("release", "ok", "admin", entry.id)
            self._do(self._store.move, entry.id, CopyState.SENDING)
            end = self._rng.choice((CopyState.RELEASED, CopyState.UNCERTAIN, CopyState.HELD))
            self._do(self._store.move, entry.id, end, only=CopyState.SENDING, done=by)

    def _lists(self) -> None:
        lists = self._list_store
        for number in range(10):
            entry = ListEntry.model_validate({"entry": f"x{number}.example", "author": "admin"})
            self._do(lists.add, [("block", entry)])
            self._do(snapshot.write, self._options, *lists.entries())
            if number % 3 == 2:
                self._do(lists.remove, "block", entry, "admin")
                self._do(snapshot.write, self._options, *lists.entries())

    def _fail(self) -> None:
        """Syncs and writes fail. A refused message may be found later; one that was answered afterwards must be."""
        for rule in (
            *(io_error("sync", "-wal", first=1, last=1) for _ in range(4)),
            io_error("write", "-wal", first=3, last=3),
            io_error("sync", STORE, first=1, last=1),
            full(9_000),
            io_error("sync", "-wal", first=1, last=2),
            io_error("sync"),
        ):
            self._refuse(rule)
            self._mark()
            for _ in range(3):
                self._hold()

    def _die(self) -> None:
        """A process gets a failed sync and is killed; another one opens the store and goes on. The process held a
        message before, because a commit that is retried in an empty log restarts the log."""
        for rule, before in (
            (io_error("sync"), 2),
            (io_error("sync", "-wal"), 1),
            (io_error("sync", first=2), 0),
        ):
            self._close()
            self._in_a_process_that_dies(rule, before)
            self._open()
            self._mark()
            for _ in range(3):
                self._hold()

    def _refuse(self, rule: Rule) -> None:
        """Try to hold a message while the rule is in force."""
        raw = b"Subject: refused\r\n\r\n" + self._rng.randbytes(30_000)
        self._refused.append(hashlib.sha256(raw).hexdigest())
        self._follow(rule)
        with suppress(StoreUnavailable):
            self._keep(raw, ["x@home.example"])
        self._follow()

    def _in_a_process_that_dies(self, rule: Rule, before: int) -> None:
        """Its connections are never closed, so the next process finds the log as the failed sync has left it."""
        held = [b"Subject: held\r\n\r\n" + self._rng.randbytes(300) for _ in range(before)]
        child = os.fork()
        if child == 0:
            _draw_ids(f"child {len(self._refused)}")
            self._open()
            for raw in held:
                self._do(self._keep, raw, ["x@home.example"])
            self._refuse(rule)
            os._exit(0)
        os.waitpid(child, 0)
        raw = b"Subject: refused\r\n\r\n" + self._rng.randbytes(30_000)
        self._refused.append(hashlib.sha256(raw).hexdigest())

    def _follow(self, *rules: Rule) -> None:
        self._control.unlink(missing_ok=True)
        if rules:
            self._control.write_text("".join(map(str, rules)))

    def _retain(self) -> None:
        options = RetentionOptions(held_days=30, closed_days=7, record_days=9, max_messages=100, min_days=0)
        for _ in range(3):
            self._clock.time += timedelta(days=12)
            for _ in range(3):
                self._hold()
            self._do(self._store.retain, options, self._uptime())
        self._do(self._store.retain, options, self._uptime())
        by = Operation("purge", "ok", "admin")
        self._do(self._store.purge, (CopyState.EXPIRED,), timedelta(0), by)

    def _uptime(self) -> Uptime:
        """The machine has not been rebooted: uptime and wall clock move together."""
        return Uptime("boot", self._clock.time.timestamp())

    def _switch(self) -> None:
        switch = Switch(self._directory / GUARD)
        for number in range(8):
            moment = START.timestamp() + number
            self._do(switch.pause, moment)
            self._do(switch.tag_only, moment + 100)
        self._do(switch.resume, START.timestamp() + 200)
        switch.close()

    def _remember(self) -> None:
        failures = Failures(str(self._directory / FAILED))
        for number in range(16):
            digest = self._rng.randbytes(32)
            failures.remember(digest, START.timestamp() + number)
            self._remembered.append(digest.hex())
            self._mark()


def go_back(options: StoreOptions, revision: str) -> None:
    """Convert the tables to those of an older version, with their content. No other process may have the store open."""
    config = Config()
    place = Path(migrations.__file__).parent
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = connect(options)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def held_message(raw: bytes, people: Sequence[str]) -> tuple[Message, dict[str, str], list[Outcome]]:
    """The arguments of `hold`."""
    verdict = Verdict(Disposition.QUARANTINE, 12.5, "points", Thresholds())
    client = Client("192.0.2.7", "mx.sender.example", "ok", "mx.sender.example", 4711, None, None)
    message = Message(
        raw=raw,
        body_start=raw.find(b"\r\n\r\n") + 4,
        digest=hashlib.sha256(raw).hexdigest(),
        envelope=Envelope(sender="a@sender.example", raw_sender="a@sender.example", client=client),
        headers=Headers(),
        author=Author(text="a@sender.example"),
        subject="held",
    )
    outcomes = [Outcome(Recipient(each, f"<{each}>", ()), verdict, verdict.disposition) for each in people]
    return message, {"words": "証拠"}, outcomes


def _fold_often(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}").close()


def _draw_ids(seed: str) -> None:
    """Make the ids of entries the same in every run, and different in each process."""
    secrets.randbits = random.Random(f"ids {seed}").getrandbits  # type: ignore[assignment]


def main() -> int:
    directory, control, seed = sys.argv[1:]
    _draw_ids(seed)
    event.listen(Engine, "connect", _fold_often)
    Workload(Path(directory), Path(control), int(seed)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
