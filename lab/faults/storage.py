"""Where a row puts the store: a directory of its own, on a small disk or with the shim; and what is in the store."""

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
    """Make the daemon's user the owner of these files or directories."""
    account = pwd.getpwnam(USER)
    for path in paths:
        os.chown(path, account.pw_uid, account.pw_gid)


def remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink()


def placed(site: Site, directory: Path) -> Path:
    """Put the store into this directory, which is made; returns the path of the database."""
    directory.mkdir(exist_ok=True)
    own(directory)
    url = f"sqlite:///{directory / FILE}"
    site.daemon.settings = merged(site.daemon.settings, {"store": {"url": url}})
    return directory / FILE


def shimmed(trial: Trial) -> tuple[Site, Shim]:
    """A site whose store has the shim: its file calls fail, wait or kill as `Shim.follow` says."""
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
    """A small file system in memory. Raises Untried if mounting is not allowed."""
    directory.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(directory)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise Untried("a file system cannot be mounted here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def fill(directory: Path) -> Path:
    """Fill the disk; returns the file that must be removed to make room."""
    filler = directory / "filler"
    with filler.open("ab", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return filler


def errors(site: Site) -> float:
    """How many messages got a failure of the store, by the metrics."""
    return site.metric("sekisho_errors_total", stage="store")


def _held(site: Site) -> float:
    """How many messages the store has taken, by the metrics."""
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
    """Between `harm` and `mend`, mail that is quarantined for some of its recipients gets 451 and nothing is stored;
    afterwards it is stored. (Mail that is quarantined for all of its recipients waits in Postfix's hold queue, also a
    retry of the other mail for one recipient.) `change` is applied to that mail. `some`: a part of it may be stored."""
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
    """All processes of the daemon are stopped (SIGSTOP) during the block."""
    pids = [*children(site.daemon.pid), site.daemon.pid]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def put_aside(site: Site, database: Path) -> Path:
    """Record the content of the store's files as they are now (as after a power cut), before the row harms them. If
    that mail is missing later, the operator has removed it, not sekisho. No process may write meanwhile. Returns the
    copy."""
    aside = Path(tempfile.mkdtemp(dir=site.place))
    for part in files(database):
        (aside / part.name).write_bytes(part.read_bytes())
    site.put_away += copies_in(aside / database.name)
    return aside / database.name


def files(database: Path) -> list[Path]:
    """The files of a database that exist."""
    every = [database.with_name(database.name + suffix) for suffix in ("", "-wal", "-shm")]
    return [each for each in every if each.exists()]


def copies_in(database: Path) -> list[tuple[str, str]]:
    """Mark and recipient of every copy in a store. Raises LabError if the file is damaged."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute(_TAKEN).fetchall()
    except sqlite3.Error as error:
        raise LabError(f"{database}: {error}") from error
    return [(sender.partition("@")[0], address) for sender, address in rows]
