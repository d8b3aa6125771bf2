"""The file of the store while the daemon runs: removed, replaced, truncated, damaged, of another user or version."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from lab.faults.row import Trial, row
from lab.faults.rows.kill import MUST, see_ready
from lab.faults.sender import Sender
from lab.faults.site import Site
from lab.faults.storage import copies_in, files, nobody_writes, own, placed, put_aside, remove, suffer
from lab.faults.workload import OLDEST, go_back
from lab.place import LabError
from sekisho.store.database import StoreOptions

PAGE = 4096
SPOILT = b"\xa5" * PAGE
NOTICED = MUST + "; no message answered 250 is in files that cannot be reached"


@row("store-unlinked", "the database, its log and index are removed under load; then a restart", NOTICED)
def store_unlinked(trial: Trial) -> None:
    _harm(trial, lambda database: remove(files(database)))


@row(
    "store-replaced", "a copy made earlier is moved into the database's place under load, no restart", NOTICED
)
def store_replaced(trial: Trial) -> None:
    _harm(trial, _replace, restart=False)


@row(
    "store-truncated",
    "the database is truncated to two pages under load; moved away, then a restart",
    NOTICED,
)
def store_truncated(trial: Trial) -> None:
    _harm(trial, lambda database: os.truncate(database, 2 * PAGE))


@row(
    "store-corrupted",
    "every page but the first is overwritten under load; moved away, then a restart",
    NOTICED,
)
def store_corrupted(trial: Trial) -> None:
    _harm(trial, _overwrite)


@row("store-log-removed", "the write-ahead log and its index are removed under load, no restart", NOTICED)
def store_log_removed(trial: Trial) -> None:
    _harm(trial, lambda database: remove(files(database)[1:]), restart=False)


def _harm(trial: Trial, harm: Callable[[Path], object], restart: bool = True) -> None:
    """Under load: record what is in the store, do the harm, and see that nothing more is lost."""
    site = trial.site()
    database = placed(site, site.place / "store")
    with site, site.load(trial.size, per_second=30) as load:
        load.tell(lambda: load.answered >= 30 or not load.open, 60)
        with nobody_writes(site):
            aside = put_aside(site, database)
            harm(database)
        probe = _probe(site)
        trial.note(f"what is to be stored heard {dict(probe.replies)} after it, ready: {site.ready()}")
        if restart:
            _begin_anew(site, database, aside)
        trial.see("then it is stored", probe.finish(150), dict(probe.replies))
        see_ready(trial, site)
        trial.balance(site)


def _probe(site: Site) -> Sender:
    """Send mail that must be stored (quarantined for some recipients only, so Postfix cannot hold it). Returns when
    each message has had one reply."""
    probe = site.sender(sessions=2, patience=200)
    probe.offer(site.mails(6, ["mixed"]))
    probe.tell(lambda: probe.answered >= 6, 120)
    return probe


def _begin_anew(site: Site, database: Path, aside: Path) -> None:
    """What an operator without a backup does: stop, move the damaged files away, start. Mail that was answered before
    the damage was noticed is in those files: they have overwritten pages, but a complete write-ahead log."""
    site.daemon.stop()
    away = site.place / "away"
    away.mkdir()
    for each in files(database):
        shutil.move(each, away)
    _fill_in(away / database.name, aside)
    with suppress(LabError):  # mail that can still be read there is not lost
        site.put_away += copies_in(away / database.name)
    site.daemon.start()


def _fill_in(database: Path, aside: Path) -> None:
    """Restore the earlier pages where `_overwrite` has damaged them and nothing was written since."""
    if not database.exists():
        return
    with database.open("r+b") as stream, aside.open("rb") as before:
        for at in range(0, database.stat().st_size, PAGE):
            stream.seek(at)
            if stream.read(PAGE) == SPOILT:
                before.seek(at)
                stream.seek(at)
                stream.write(before.read(PAGE))


def _replace(database: Path) -> None:
    """Replace the database by an empty one, like a backup from before the first message."""
    new = database.with_name("restored.db")
    with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(new)) as copy:
        old.backup(copy)
        for table in ("recipients", "entries", "contents"):
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
    own(new)
    remove(files(database)[1:])
    new.replace(database)


def _overwrite(database: Path) -> None:
    size = database.stat().st_size
    with database.open("r+b") as stream:
        stream.seek(PAGE)
        stream.write(SPOILT * (size // PAGE - 1))


@row(
    "store-of-root",
    "the store's files belong to root and a restart follows; then they are given back",
    MUST + "; the daemon does not start and logs the reason; Postfix answers 451 meanwhile",
)
def store_of_root(trial: Trial) -> None:
    site = trial.site()
    database = placed(site, site.place / "store")
    with site, site.load(trial.size, per_second=30) as load:
        load.tell(lambda: load.answered >= 20 or not load.open, 60)
        site.daemon.stop()
        for each in files(database):
            os.chown(each, 0, 0)
            each.chmod(0o600)
        try:
            site.daemon.start()
            trial.see("the daemon does not start", False)
        except LabError as refusal:
            trial.see("the daemon does not start and says so", "Permission denied" in str(refusal))
        own(*files(database))
        site.daemon.start()
        see_ready(trial, site)
        trial.balance(site)


@row(
    "store-older", "an older sekisho's tables are found at start, mail in them", MUST + "; all of it is kept"
)
def store_older(trial: Trial) -> None:
    site = trial.site()
    database = placed(site, site.place / "store")
    with site, site.load(trial.size, per_second=30) as load:
        load.tell(lambda: load.answered >= 30 or not load.open, 60)
        site.daemon.stop()
        go_back(StoreOptions(url=f"sqlite:///{database}"), OLDEST)
        own(*files(database))
        site.daemon.start()
        see_ready(trial, site)
        trial.balance(site)


@row(
    "store-newer",
    "a newer sekisho's tables are found at start; then the mark of the newer version is removed",
    MUST + "; the daemon does not start and logs the reason; Postfix answers 451 meanwhile",
)
def store_newer(trial: Trial) -> None:
    site = trial.site()
    database = placed(site, site.place / "store")
    with site, site.load(trial.size, per_second=30) as load:
        load.tell(lambda: load.answered >= 30 or not load.open, 60)
        site.daemon.stop()
        before = _version(database, "r9999")
        try:
            site.daemon.start()
            trial.see("the daemon does not start", False)
        except LabError as refusal:
            trial.see("the daemon does not start and says so", "r9999" in str(refusal), str(refusal)[-200:])
        _version(database, before)
        site.daemon.start()
        see_ready(trial, site)
        trial.balance(site)


def _version(database: Path, name: str) -> str:
    """Set the version of the tables; returns what it was."""
    with closing(sqlite3.connect(database)) as connection:
        before = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        connection.execute("UPDATE alembic_version SET version_num = ?", (name,))
        connection.commit()
    own(*files(database))
    return str(before)


@row(
    "store-locked",
    "another program locks the database for 30 s under load",
    MUST + "; 451 meanwhile, counted",
)
def store_locked(trial: Trial) -> None:
    site = trial.site()
    database = placed(site, site.place / "store")
    with site, site.load(trial.size, per_second=30):
        with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as other:
            lock = partial(other.execute, "BEGIN IMMEDIATE")
            suffer(trial, site, lock, partial(_unlock, other), "locked")
        see_ready(trial, site)
        trial.balance(site)


def _unlock(other: sqlite3.Connection) -> None:
    time.sleep(25)  # together with the time of the probe, half a minute
    other.execute("ROLLBACK")
