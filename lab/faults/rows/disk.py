"""The disk of the store: full, read-only, failing, slow; and resources that a process runs out of."""

from __future__ import annotations

import base64
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from lab.faults.mails import Mail
from lab.faults.row import Trial, row
from lab.faults.rows.kill import MUST, alive, see_ready
from lab.faults.shim import Rule, full, io_error, read_only, slow
from lab.faults.storage import errors, fill, placed, remove, shimmed, small_disk, suffer
from lab.program import as_user

HELD_BACK = (
    "0 lost, 0 doubled, 0 unjudged; 451 while it lasts, counted; held mail is taken as soon as it is over"
)
_STEPS = (0, 100, 2_000, 5_000, 9_000, 20_000, 60_000)


def bulky(mail: Mail) -> Mail:
    """The mail with so large a body that the write-ahead log must grow, even if it is long and its blocks are
    reused."""
    noise = base64.encodebytes(random.Random(mail.mark).randbytes(3_000_000)).replace(b"\n", b"\r\n")
    return replace(mail, raw=mail.raw + noise)


@row("disk-full", "the store's file system is full, then has room", HELD_BACK)
def disk_full(trial: Trial) -> None:
    site = trial.site()
    with small_disk(site.place / "store", "size=60m") as disk:
        placed(site, disk)
        with site, site.load(trial.size, per_second=40):
            for turn in range(3):
                filler = disk / "filler"
                suffer(trial, site, partial(fill, disk), filler.unlink, f"time {turn + 1}", bulky, some=True)
            see_ready(trial, site)
            trial.balance(site)


@row("disk-full-at-each-step", "the disk takes so many bytes more, in seven steps, then has room", HELD_BACK)
def disk_full_steps(trial: Trial) -> None:
    site, shim = shimmed(trial)
    with site, site.load(trial.size, per_second=30):
        for step in _STEPS:
            failed = errors(site)
            shim.follow(full(after=step))
            site.sender(sessions=4).offer(site.mails(24, ["held"]))
            trial.wait(f"full after {step} bytes: counted", lambda: errors(site) > failed, 60)  # noqa: B023
            shim.follow()
        see_ready(trial, site)
        trial.balance(site)


@row("disk-read-only", "the kernel turns the store's file system read-only (EROFS)", HELD_BACK)
def disk_read_only(trial: Trial) -> None:
    _rules(trial, [read_only()])


@row("disk-error-on-write", "writes of the log, of the database, then of everything fail (EIO)", HELD_BACK)
def disk_error_on_write(trial: Trial) -> None:
    _rules(trial, [io_error("write", "-wal"), io_error("write")])


@row(
    "disk-error-on-sync",
    "syncs of the log, then of everything fail (EIO)",
    HELD_BACK + "; nothing is answered 250 on a failed sync",
)
def disk_error_on_sync(trial: Trial) -> None:
    _rules(trial, [io_error("sync", "-wal"), io_error("sync")])


@row("disk-error-now-and-then", "every third sync of the log fails (EIO), every fifth write", MUST)
def disk_error_at_times(trial: Trial) -> None:
    site, shim = shimmed(trial)
    with site, site.load(trial.size, per_second=40) as load:
        turn = 0
        while load.open and turn < 40:
            turn += 1
            shim.follow(io_error("sync", "-wal", 3, 3), io_error("write", "-wal", 25, 25))
            time.sleep(0.3)
        shim.follow()
        trial.wait("the store failed", lambda: errors(site) > 0, 10)
        see_ready(trial, site)
        trial.balance(site)


def _rules(trial: Trial, rules: list[Rule]) -> None:
    """Apply one rule after the other, each twice, under load."""
    site, shim = shimmed(trial)
    with site, site.load(trial.size, per_second=30):
        for each in [*rules, *rules]:
            suffer(trial, site, partial(shim.follow, each), shim.follow, str(each).strip())
        see_ready(trial, site)
        trial.balance(site)


@row(
    "disk-slow",
    "every sync takes 2 s",
    MUST + "; no answer is later than Postfix waits, no worker is lost",
    weight=0.1,
)
def disk_slow(trial: Trial) -> None:
    site, shim = shimmed(trial)
    with site:
        shim.follow(slow(2000))
        sender = site.sender(sessions=4, patience=240)
        sender.offer(site.mails(min(trial.size, 24)))
        trial.see("all is answered", sender.finish(300), dict(sender.replies))
        trial.see("no connection is lost", not sender.replies[0], dict(sender.replies))
        late = max(sender.seconds, default=0.0)
        trial.see("in less than the 30 s that Postfix waits", late < 30, f"{late:.1f} s")
        shim.follow()
        trial.see("no worker is lost", site.metric("sekisho_worker_restarts_total") == 0)
        see_ready(trial, site)
        trial.balance(site)


@row("inodes-out", "the store's file system has no inode left when the daemon starts", HELD_BACK)
def inodes_out(trial: Trial) -> None:
    site = trial.site()
    with small_disk(site.place / "store", "size=20m,nr_inodes=24") as disk:
        placed(site, disk)
        with site, site.load(trial.size, per_second=30):
            site.daemon.stop()
            taken = _take_inodes(disk)
            site.daemon.start("healthz")
            suffer(trial, site, lambda: None, partial(remove, taken), "no inode")
            see_ready(trial, site)
            trial.balance(site)


def _take_inodes(disk: Path) -> list[Path]:
    taken = []
    for number in range(100):
        try:
            (disk / f"inode{number}").touch()
        except OSError:
            break
        taken.append(disk / f"inode{number}")
    return taken


def limited(pids: list[int], what: str, soft: Callable[[int], int]) -> Callable[[], None]:
    """Lower a soft limit of these processes; `what` is its name in prlimit(1). Returns a function that undoes it."""
    before = {pid: _limit(pid, what) for pid in pids}
    for pid in pids:
        _limit(pid, what, str(soft(pid)))

    def undo() -> None:
        for pid, limit in before.items():
            if alive([pid]):
                _limit(pid, what, limit)

    return undo


def _limit(pid: int, what: str, soft: str = "") -> str:
    """The soft limit; it is set first if `soft` is given. This is done as the daemon's user, who may do it."""
    words = ["prlimit", "--pid", str(pid), f"--{what}={soft}:" if soft else f"--{what}"]
    words += [] if soft else ["--output=SOFT", "--noheadings"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, **as_user())  # type: ignore[call-overload]
    return str(done.stdout.strip())


def _descriptors(pid: int) -> int:
    return max(int(each) for each in os.listdir(f"/proc/{pid}/fd")) + 1


def _address_space(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize() + 4_000_000


@row("descriptors-out", "workers and maintenance process have no descriptor left for 4 s, twice", MUST)
def descriptors_out(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=40):
        for _ in range(2):
            maintenance = [pid for pid in (site.maintenance(),) if pid]
            undo = limited(site.workers() + maintenance, "nofile", _descriptors)
            time.sleep(4)
            undo()
            see_ready(trial, site)
        trial.balance(site)


@row("memory-out", "the workers may have 4 MB more for 4 s, twice, while mail of 4 MB comes in", MUST)
def memory_out(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=40):
        for turn in range(2):
            undo = limited(site.workers(), "as", _address_space)
            site.sender(sessions=3).offer(map(bulky, site.mails(6, ["held", "plain"])))
            time.sleep(4)
            undo()
            see_ready(trial, site)
            trial.note(f"time {turn + 1}: {site.metric('sekisho_worker_restarts_total'):g} workers replaced")
        trial.balance(site)


@row(
    "fork-refused",
    "the supervisor may not fork (EAGAIN) while a worker dies and a reload is ordered",
    MUST + "; the supervisor stays",
)
def fork_refused(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=30):
        supervisor = site.daemon.pid
        undo = limited([supervisor], "nproc", lambda _: 1)
        os.kill(site.workers()[0], signal.SIGKILL)
        os.kill(supervisor, signal.SIGHUP)
        time.sleep(4)
        undo()
        stays = bool(alive([supervisor]))
        trial.see("the supervisor stays", stays)
        if not stays:
            site.daemon.kill()
            site.daemon.start()
        see_ready(trial, site)
        trial.balance(site)
