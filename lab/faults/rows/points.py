"""A process is killed (-9) at a given point of a hold, a release, a run of retention, or a migration."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from lab.faults.proxy import Cutter, Proxy
from lab.faults.row import Trial, row
from lab.faults.rows.kill import alive, see_ready
from lab.faults.site import Site
from lab.faults.trace import Point, run_into, trap
from lab.place import LabError, wait_until
from lab.program import ROOT, as_user

MUST = "0 lost, 0 doubled, 0 unjudged; one entry for each held copy; ready again"
_ONE = {"wire": {"workers": 1}}
_ROUNDS = 3  # kills at each point


def _wal(site: Site) -> Path:
    return site.daemon.store.with_name(site.daemon.store.name + "-wal")


HOLD: dict[str, Callable[[Site], Point]] = {
    "before-write": lambda site: Point("before the first write", "pwrite64", _wal(site)),
    "in-write": lambda site: Point("between two writes", "pwrite64", _wal(site), when=4),
    "before-sync": lambda site: Point("before the sync", "fdatasync", _wal(site)),
    "after-commit": lambda site: Point("after the sync", "fdatasync", _wal(site), after=True),
}


def _hold(name: str, make: Callable[[Site], Point]) -> None:
    @row(
        f"kill-hold-{name}", f"a worker is killed (-9) in a hold, {name.replace('-', ' ')}", MUST, weight=0.2
    )
    def run(trial: Trial) -> None:
        with trial.site(_ONE) as site:
            primed(site)
            done = sum(_killed(trial, site, make(site)) for _ in range(_ROUNDS))
            trial.see("killed at the point", done == _ROUNDS, f"{done} of {_ROUNDS}")
            trial.wait("ready again", site.ready)
            trial.balance(site)
            see_whole(trial, site)


for _name, _make in HOLD.items():
    _hold(_name, _make)


def primed(site: Site, count: int = 3) -> None:
    """Hold `count` messages, so that the store is open and its write-ahead log exists."""
    with site.load(count, ("held",)) as load:
        load.finish()


def _killed(trial: Trial, site: Site, point: Point) -> bool:
    """Kill the worker at the point of the next hold, and let the sender retry."""
    wait_until(lambda: len(site.workers()) == 1, "the worker is there", 60)
    primed(site, 1)  # so that this worker's connection is open and has written once
    (worker,) = site.workers()
    with (
        trap(worker, point, trial.place / "trace") as each,
        site.load(2, ("held",), begun=0, sessions=1) as load,
    ):
        with suppress(LabError):
            wait_until(each.sprung, f"killed {point.name}", 30)
        wait_until(lambda: not alive([worker]) or not load.open, "the worker is gone", 30)
    load.finish()
    return worker not in site.workers()


def see_whole(trial: Trial, site: Site) -> None:
    """The database must be undamaged, and each copy must have one row."""
    with closing(sqlite3.connect(f"file:{site.daemon.store}?mode=ro", uri=True)) as database:
        found = database.execute("PRAGMA integrity_check").fetchall()
    trial.see("the database is sound", found == [("ok",)], found[:3])
    copies = Counter((mark, recipient) for mark, recipient, _ in site.copies())
    twice = [each for each, count in copies.items() if count > 1]
    trial.see("one entry for each copy", not twice, f"{len(copies)} copies, {len(twice)} twice {twice[:3]}")


@row(
    "kill-hold-before-reply",
    "a worker is killed (-9) in a hold, before Postfix gets its reply",
    MUST,
    weight=0.2,
)
def before_reply(trial: Trial) -> None:
    cutter = Cutter()
    with ExitStack() as stack:
        site = trial.site(_ONE, milter=lambda site: _behind(stack, site, cutter))
        stack.enter_context(site)
        primed(site)
        for _ in range(_ROUNDS):
            wait_until(lambda: len(site.workers()) == 1, "the worker is there", 60)
            (worker,) = site.workers()
            cutter.arm("out", b"d", 1, lambda worker=worker: _kill(worker))  # type: ignore[misc]
            with site.load(2, ("held",), sessions=1) as load:
                load.finish()
        done = cutter.cuts["out", b"d"]
        trial.see("killed at the point", done == _ROUNDS, f"{done} of {_ROUNDS}")
        trial.wait("ready again", site.ready)
        trial.balance(site)
        see_whole(trial, site)


def _behind(stack: ExitStack, site: Site, cutter: Cutter) -> str:
    return stack.enter_context(Proxy(site.place / "proxy.sock", site.daemon.socket, cutter)).milter


def _kill(pid: int) -> None:
    subprocess.run(["/bin/kill", "-9", str(pid)], check=False)


# -- release ------------------------------------------------------------------------------------------------

_SMTP = "sendto"
RELEASE: dict[str, Callable[[Site], Point]] = {
    "before write": lambda site: Point("before the copy is marked", "pwrite64", _wal(site)),
    "before sync": lambda site: Point("before the mark is synced", "fdatasync", _wal(site)),
    "after commit": lambda site: Point("after the copy is marked", "fdatasync", _wal(site), after=True),
    "before DATA": lambda site: Point("before the message is sent", _SMTP, when=5),
    "before the answer": lambda site: Point("after the message is sent", _SMTP, when=5, after=True),
    "after the answer": lambda site: Point("after the answer is heard", _SMTP, when=6),
    "before the second sync": lambda site: Point("before the end is synced", "fdatasync", _wal(site), when=2),
    "after the second sync": lambda site: Point(
        "after the end is synced", "fdatasync", _wal(site), when=2, after=True
    ),
}


@row(
    "kill-release",
    f"`quarantine release` is killed (-9) at {len(RELEASE)} points",
    "each copy is held, or delivered once, or reported as `uncertain`; none is sent twice",
    weight=0.5,
)
def kill_release(trial: Trial) -> None:
    quick = {"release": {"timeout_seconds": 1.0, "uncertain_after_minutes": 0.14}}
    with trial.site(quick) as site:
        primed(site, 3 * len(RELEASE))
        names = [entry["id"] for entry in site.entries()]
        for (name, make), record in zip(RELEASE.items(), names, strict=False):
            killed = run_into(make(site), trial.place / "trace", *_release(site, record))
            trial.see(f"killed {name}", killed)
        wait_until(lambda: "sending" not in states(site), "nothing is being sent any more", 120)
        before = states(site)
        trial.note(f"{before['uncertain']} uncertain")
        for record in names:  # the operator tries again for everything that can be sent
            with suppress(LabError):
                site.daemon.cli("quarantine", "release", record, "--reason", "other")
        trial.balance(site)
        trial.see("nothing is stuck", set(states(site)) <= {"released", "uncertain"}, dict(states(site)))
        see_whole(trial, site)


def _release(site: Site, record: str) -> tuple[list[str], dict[str, object]]:
    program = site.daemon.program
    assert program
    words = ("quarantine", "release", record, "--reason", "test", "--config", str(site.daemon.config))
    options = {"env": program.environment, "cwd": site.daemon.directory, **as_user()}
    return program.command(*words), options


def states(site: Site) -> Counter[str]:
    """How many copies are in each state, read from the file, because a command takes longer."""
    with closing(sqlite3.connect(f"file:{site.daemon.store}?mode=ro", uri=True)) as database:
        return Counter(dict(database.execute("SELECT state, count(*) FROM recipients GROUP BY state")))


# -- retention ----------------------------------------------------------------------------------------------

RETENTION: dict[str, Callable[[Site], Point]] = {
    "before-write": lambda site: Point("before the first write", "pwrite64", _wal(site)),
    "in-write": lambda site: Point("between two writes", "pwrite64", _wal(site), when=5),
    "before-sync": lambda site: Point("before the sync", "fdatasync", _wal(site)),
    "after-commit": lambda site: Point("after the sync", "fdatasync", _wal(site), after=True),
}
_ALLOWED = 100  # the smallest value of the option


@row(
    "kill-retention",
    f"the maintenance process is killed (-9) at {len(RETENTION)} points of retention",
    "0 lost, each copy expires once, and retention is completed",
    weight=0.5,
)
def kill_retention(trial: Trial) -> None:
    often = {"max_messages": _ALLOWED, "min_days": 0.0, "interval_minutes": 0.05}
    with trial.site({"retention": often}) as site:
        primed(site, _ALLOWED)
        done = 0
        for make in RETENTION.values():
            wait_until(lambda: site.maintenance() is not None, "the maintenance process is there", 60)
            maintenance = site.maintenance()
            assert maintenance
            with trap(maintenance, make(site), trial.place / "trace") as each:
                primed(site, 12)  # more than are allowed
                with suppress(LabError):
                    wait_until(each.sprung, "killed in retention", 60)
                done += each.sprung()
        trial.see("killed at every point", done == len(RETENTION), f"{done} of {len(RETENTION)}")
        see_ready(trial, site, workers=2)
        trial.wait("retention is completed", lambda: states(site)["held"] <= 3 * _ALLOWED, 60)
        trial.balance(site)
        see_whole(trial, site)
        told = [each for each in history(site) if each[0] == "expire"]
        twice = [each for each, count in Counter(told).items() if count > 1]
        trial.see("no entry expires twice", not twice, f"{len(told)} expired, {len(twice)} twice")


def history(site: Site) -> list[tuple[str, str]]:
    """The operation and the entry of each line of the audit."""
    with closing(sqlite3.connect(f"file:{site.daemon.store}?mode=ro", uri=True)) as database:
        return database.execute("SELECT operation, entry_id FROM operations").fetchall()


# -- migration ----------------------------------------------------------------------------------------------

_OLD = "r0001"
_DOWNGRADE = f"""
import sys
from pathlib import Path
import sekisho.store.database.migrations
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
config = Config()
config.set_main_option("script_location", str(Path(sekisho.store.database.migrations.__file__).parent))
config.set_main_option("path_separator", "os")
with create_engine(sys.argv[1]).begin() as connection:
    config.attributes["connection"] = connection
    command.downgrade(config, {_OLD!r})
"""
MIGRATION: dict[str, Callable[[Site], Point]] = {
    "before write": lambda site: Point("before the first write", "pwrite64", _wal(site)),
    "in write": lambda site: Point("between two writes", "pwrite64", _wal(site), when=6),
    "before sync": lambda site: Point("before the sync", "fdatasync", _wal(site)),
    "after commit": lambda site: Point("after the sync", "fdatasync", _wal(site), after=True),
}


@row(
    "kill-migration",
    f"a process is killed (-9) at {len(MIGRATION)} points while it brings old tables up to date",
    "the tables are the old or the new ones, the next start ends the migration, 0 lost",
    weight=0.5,
)
def kill_migration(trial: Trial) -> None:
    with trial.site() as site:
        with site.load(trial.size, ("held", "mixed")) as load:
            load.finish()
        for name, make in MIGRATION.items():
            site.daemon.stop()
            downgraded(site)
            trial.see(f"killed {name}", run_into(make(site), trial.place / "trace", *_list(site)))
            site.daemon.start()
            primed(site, 1)
        trial.balance(site)
        see_whole(trial, site)


def downgraded(site: Site) -> None:
    """Convert the store to the tables of an older version."""
    done = subprocess.run(
        [sys.executable, "-c", _DOWNGRADE, f"sqlite:///{site.daemon.store}"],
        env={"PYTHONPATH": f"{ROOT / 'milter'}"},
        capture_output=True,
        text=True,
        check=False,
        **as_user(),  # type: ignore[call-overload]
    )
    if done.returncode:
        raise LabError(f"the store could not be made an old one: {done.stderr[-300:]}")


def _list(site: Site) -> tuple[list[str], dict[str, object]]:
    program = site.daemon.program
    assert program
    options = {"env": program.environment, "cwd": site.daemon.directory, **as_user()}
    return program.command("quarantine", "list", "--config", str(site.daemon.config)), options
