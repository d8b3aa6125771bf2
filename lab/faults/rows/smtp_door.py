"""The SMTP door under load: processes that are killed, and reloads."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from functools import partial

from lab.faults.row import Trial, row
from lab.faults.rows.kill import gone, hit
from lab.faults.sender import Sender
from lab.faults.site import Site, children
from lab.ledger import Entry
from lab.smtp_door import AFTER, BEFORE

MUST = "0 lost, 0 held twice, 0 unjudged; what was delivered twice is counted"
_RESTARTS = 3
_KILLS = 20
_WORKERS = 2
_PER_SECOND = 12
_RELOADS = 4


def balance(trial: Trial, site: Site) -> None:
    """Every copy must be somewhere, and no copy may be held twice. If a process dies between the next hop's reply and
    ours, the MTA in front sends the message again, and it is delivered twice (RFC 1047)."""
    account = site.settle()
    trial.accounts.append(account)
    held: Counter[Entry] = account.ledger.quarantined
    twice = Counter({entry: count - 1 for entry, count in held.items() if count > 1})
    trial.see("0 lost", not account.lost, account.words(account.lost))
    trial.see("0 held twice", not twice, account.words(twice))
    trial.see("0 unjudged", not account.unjudged, account.words(account.unjudged))
    trial.see("nobody gave up", not account.given_up, account.words(account.given_up))
    trial.note(f"{(account.doubled + account.repeated).total()} delivered twice")


def killed(trial: Trial, position: str) -> None:
    """Kill workers one by one, and then the supervisor, and start it again as its unit does."""
    with trial.site(door=position) as site:
        half = max(1, trial.size // 2)
        with site.load(half, per_second=_PER_SECOND, patience=240) as load:
            done = _kill_workers(site, load)
        trial.note(f"{done} workers killed")
        trial.see("workers were killed", done)
        with site.load(half, per_second=_PER_SECOND, patience=240) as load:
            done = 0
            while done < _RESTARTS and _busy(site, load):
                time.sleep(0.5)
                orphans = children(site.daemon.pid)
                site.daemon.kill()
                done += 1
                site.daemon.start()
                trial.wait("no process of the dead one stays", partial(gone, orphans), 60)
        trial.note(f"{done} supervisors killed")
        trial.wait("ready again", site.ready)
        balance(trial, site)


def _busy(site: Site, load: Sender) -> bool:
    """True while mail is on its way to the door: at the sender, or in the queue in front of it."""
    return bool(load.open or site.postfix.queued())


def _kill_workers(site: Site, load: Sender) -> int:
    """Kill one of two workers again and again. Returns how many were killed."""
    rng, done = random.Random(1), 0
    while done < _KILLS and _busy(site, load):
        time.sleep(rng.uniform(0.1, 0.6))
        if len(site.workers()) == _WORKERS:
            done += hit(site.workers, signal.SIGKILL, rng) > 0
    return done


@row(
    "smtp-after-kill", "SMTP door after the queue: workers and supervisor are killed (-9) under load", MUST, 3
)
def after_kill(trial: Trial) -> None:
    killed(trial, AFTER)


@row(
    "smtp-before-kill",
    "SMTP door before the queue: workers and supervisor are killed (-9) under load",
    MUST,
    3,
)
def before_kill(trial: Trial) -> None:
    killed(trial, BEFORE)


@row(
    "smtp-reload",
    "SMTP door before the queue: reloads under load",
    "no sender hears a 4xx; 0 lost, 0 doubled",
)
def reloaded(trial: Trial) -> None:
    with trial.site(door=BEFORE) as site:
        with site.load(trial.size, per_second=30) as load:
            for _ in range(_RELOADS):
                before = site.logged("workers ready")
                os.kill(site.daemon.pid, signal.SIGHUP)
                trial.wait("the new generation serves", lambda: site.logged("workers ready") > before)  # noqa: B023
        trial.balance(site)
        deferred = sum(count for code, count in load.replies.items() if 400 <= code < 500 or code == 0)
        trial.see("no 4xx", not deferred, dict(load.texts))
