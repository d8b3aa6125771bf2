"""Where a row puts the store: a directory of its own, on a small disk or below the shim, and what it holds."""

from __future__ import annotations

import os
import pwd
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lab.faults.mails import Mail
from lab.faults.row import Trial, Untried
from lab.faults.shim import Shim
from lab.faults.site import Site, children
from lab.place import LabError
from lab.program import USER
from lab.sekisho import merged

FILE = "quarantine.db"
_TAKEN = """SELECT entries.sender, recipients.address FROM recipients JOIN entries ON entries.id = recipients.entry_id
    WHERE recipients.state IN ('held', 'sending', 'uncertain', 'expired')"""


def own(*paths: Path) -> None:
    """Give the files or directories to the daemon's user."""
    account = pwd.getpwnam(USER)
    for path in paths:
        os.chown(path, account.pw_uid, account.pw_gid)


def remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink()


def placed(site: Site, directory: Path) -> Path:
    """Let the store be in that directory, which is made; returns the database's path."""
    directory.mkdir(exist_ok=True)
    own(directory)
    url = f"sqlite:///{directory / FILE}"
    site.daemon.settings = merged(site.daemon.settings, {"store": {"url": url}})
    return directory / FILE


def shimmed(trial: Trial) -> tuple[Site, Shim]:
    """A site whose store is below the shim: its file calls fail, wait or kill as `Shim.follow` says."""
    site = trial.site()
    directory = site.place / "store"
    placed(site, directory)
    try:
        shim = Shim(site.place / "shim", directory)
    except FileNotFoundError:
        raise Untried("gcc is not installed") from None
    site.daemon.environment = {**site.daemon.environment, **shim.environment()}
    return site, shim


@contextmanager
def small_disk(directory: Path, options: str) -> Iterator[Path]:
    """A file system of its own in memory. Raises Untried where mounting is not allowed."""
    directory.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(directory)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise Untried("a file system cannot be mounted here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def fill(directory: Path) -> Path:
    """Leave no block free; returns the file to remove for room."""
    filler = directory / "filler"
    with filler.open("ab", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return filler


def errors(site: Site) -> float:
    """Messages that heard a failure of the store, as counted."""
    return site.metric("sekisho_errors_total", stage="store")


def _held(site: Site) -> float:
    """Messages that the store took, as counted."""
    return site.metric("sekisho_quarantine_operations_total", operation="hold", result="ok")


def suffer(
    trial: Trial,
    site: Site,
    harm: Callable[[], object],
    mend: Callable[[], object],
    what: str,
    change: Callable[[Mail], Mail] = lambda mail: mail,
    some: bool = False,
) -> None:
    """Between harm and mend, mail that is quarantined for some of its recipients hears 451, and nothing is stored;
    afterwards it is. (What is for all of its recipients waits in Postfix's hold queue instead, also a second try of
    that mail for one of them.) `change` is done to that mail. `some`: there may be room for a part of it."""
    failed = errors(site)
    harm()
    probe = site.sender(sessions=2)
    probe.offer(map(change, site.mails(4, ["mixed"])))
    heard = probe.tell(lambda: probe.replies[451] > 0, 120)
    before = _held(site)
    probe.tell(lambda: probe.answered >= 4, 60)
    good = heard and (some or _held(site) == before)
    trial.see(f"{what}: what is to be stored hears 451", good, f"{dict(probe.replies)} {dict(probe.texts)}")
    mend()
    trial.see(f"{what}: then it is stored", probe.finish(120), dict(probe.replies))
    trial.wait(f"{what}: counted as errors of the store", lambda: errors(site) > failed, 30)


@contextmanager
def nobody_writes(site: Site) -> Iterator[None]:
    """All processes of the daemon are stopped meanwhile, wherever they are."""
    pids = [*children(site.daemon.pid), site.daemon.pid]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def put_aside(site: Site, database: Path) -> Path:
    """Remember what the store holds as its files stand (as after a power cut): the row is about to harm them, and
    what was answered by now the operator has taken away, not we. Nobody may be writing. Returns the copy."""
    aside = Path(tempfile.mkdtemp(dir=site.place))
    for part in files(database):
        (aside / part.name).write_bytes(part.read_bytes())
    site.put_away += copies_in(aside / database.name)
    return aside / database.name


def files(database: Path) -> list[Path]:
    """The files of a database that are there."""
    every = [database.with_name(database.name + suffix) for suffix in ("", "-wal", "-shm")]
    return [each for each in every if each.exists()]


def copies_in(database: Path) -> list[tuple[str, str]]:
    """Mark and recipient of every copy that a store holds. Raises LabError on a damaged file."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute(_TAKEN).fetchall()
    except sqlite3.Error as error:
        raise LabError(f"{database}: {error}") from error
    return [(sender.partition("@")[0], address) for sender, address in rows]
