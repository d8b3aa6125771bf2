"""Processes that are killed or stopped, at random, while mail comes in."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from lab.faults import hooks
from lab.faults.mails import with_field
from lab.faults.row import Trial, row
from lab.faults.sender import Sender
from lab.faults.site import Site, children
from lab.place import wait_until

_PAUSE = (0.1, 0.9)  # seconds between two kills
MUST = "0 lost, 0 doubled, 0 unjudged; ready again"


def hit(victims: Callable[[], list[int]], number: int, rng: random.Random) -> int:
    """Send a signal to one of the processes. Returns its process id, or 0 if there is none."""
    found = victims()
    if not found:
        return 0
    with suppress(ProcessLookupError):
        os.kill(victim := rng.choice(found), number)
        return victim
    return 0


def kills(sender: Sender, victims: Callable[[], list[int]], most: int, seed: int = 0) -> int:
    """Kill one of the victims again and again while mail comes in, `most` times at most. Returns how many were
    killed."""
    rng = random.Random(seed)
    done: set[int] = set()  # a process that needs time to die may get two signals
    while sender.open and len(done) < most:
        time.sleep(rng.uniform(*_PAUSE))
        done.add(hit(victims, signal.SIGKILL, rng))
        done.discard(0)
    return len(done)


def named(site: Site, name: str) -> list[int]:
    """Postfix's processes of this name."""
    return [pid for pid in children(site.postfix.pid) if command(pid) == name]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def stopped(pid: int, seconds: float) -> None:
    """Stop a process for so many seconds. If it is killed meanwhile, the row sees it."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)


def see_ready(trial: Trial, site: Site, workers: int = 2) -> None:
    """All workers and the maintenance process must be there again."""
    trial.wait("ready again", site.ready)
    trial.wait("all workers are there", lambda: site.metric("sekisho_workers", state="ready") == workers)


@row("kill-worker", "a worker is killed (-9) again and again under load", MUST, weight=2)
def kill_worker(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=60, cuts=0.02, patience=240) as load:
        # Only one of the two workers at a time: on a busy machine none would live long enough to serve.
        done = kills(load, lambda: workers if len(workers := site.workers()) == 2 else [], 40)
        trial.note(f"{done} killed")
        see_ready(trial, site)
        trial.balance(site)
        counted = site.metric("sekisho_worker_restarts_total")
        trial.see("every kill is counted", counted >= done, f"{counted:g} of {done}")
        trial.see("a log line for each", site.logged("worker_died") >= done, site.logged("worker_died"))


@row(
    "kill-maintenance",
    "the maintenance process is killed (-9) under load",
    MUST + "; metrics are served again",
)
def kill_maintenance(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=60, cuts=0.02) as load:
        done = kills(load, lambda: [pid for pid in (site.maintenance(),) if pid], 8)
        trial.note(f"{done} killed")
        see_ready(trial, site)
        trial.balance(site)
        judged = site.metric("sekisho_messages_total")
        trial.see("counters outlive it", judged >= trial.size, f"{judged:g} of {trial.size}")
        trial.see("a log line for each", site.logged("maintenance_died") >= done)


@row(
    "kill-supervisor",
    "the supervisor is killed (-9) under load and started again by its unit",
    MUST,
    weight=2,
)
def kill_supervisor(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=40, cuts=0.02) as load:
        done = 0
        for _ in range(5):
            if not load.open:
                break
            time.sleep(1)
            orphans = children(site.daemon.pid)
            site.daemon.kill()
            done += 1
            site.daemon.start()
            trial.wait("no process of the dead one stays", partial(gone, orphans), 60)
        trial.note(f"{done} killed")
        see_ready(trial, site)
        trial.balance(site)


def alive(pids: list[int]) -> list[int]:
    """The processes that still run (without zombies)."""
    return [pid for pid in pids if _state(pid) not in ("", "Z")]


def gone(pids: list[int]) -> bool:
    return not alive(pids)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@row("kill-smtpd", "Postfix's smtpd is killed (-9) under load", MUST)
def kill_smtpd(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=60, cuts=0.02) as load:
        done = kills(load, lambda: named(site, "smtpd"), 25)
        trial.note(f"{done} killed")
        see_ready(trial, site)
        account = trial.balance(site)
        trial.note(f"{account.repeated.total()} copies twice, since the sender heard no answer (RFC 1047)")
        trial.see("no worker died", site.metric("sekisho_worker_restarts_total") == 0)


@row("kill-cleanup", "Postfix's cleanup is killed (-9) under load", MUST)
def kill_cleanup(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=60, cuts=0.02) as load:
        done = kills(load, lambda: named(site, "cleanup"), 25)
        trial.note(f"{done} killed")
        see_ready(trial, site)
        trial.balance(site)
        trial.see("no worker died", site.metric("sekisho_worker_restarts_total") == 0)


@row(
    "kill-everything",
    "worker, maintenance, supervisor, smtpd and cleanup are killed (-9) in turn",
    MUST,
    weight=3,
)
def kill_everything(trial: Trial) -> None:
    rng = random.Random(7)
    with trial.site() as site, site.load(trial.size, per_second=30, cuts=0.03, patience=240) as load:
        victims = (
            site.workers,
            lambda: [pid for pid in (site.maintenance(),) if pid],
            lambda: named(site, "smtpd"),
            lambda: named(site, "cleanup"),
        )
        done = supervisors = 0
        while load.open and done < 60:
            time.sleep(rng.uniform(0.2, 0.8))
            if rng.random() < 0.08:
                site.daemon.kill()
                supervisors += 1
                site.daemon.start()
            done += bool(hit(rng.choice(victims), signal.SIGKILL, rng))
        trial.note(f"{done + supervisors} killed, {supervisors} supervisors among them")
        see_ready(trial, site)
        trial.balance(site)


@row("stop-worker", "a worker is stopped (SIGSTOP) for 2 s and goes on", MUST + "; no worker is lost")
def stop_worker(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=60) as load:
        rng = random.Random(1)
        for _ in range(4):
            if load.open and (found := site.workers()):
                stopped(rng.choice(found), 2.0)
        see_ready(trial, site)
        trial.balance(site)
        lost = site.metric("sekisho_worker_restarts_total")
        trial.see("no worker is lost", lost == 0, f"{lost:g}")


@row(
    "stop-worker-at-work",
    "a worker is stopped (SIGSTOP) with mail in progress and stays so",
    MUST + "; the watchdog kills it and logs it",
)
def stop_worker_at_work(trial: Trial) -> None:
    limits = {"wire": {"soft_deadline": 2.0, "hard_deadline": 4.0}}
    with trial.site(limits, hook=hooks.SLOW) as site:
        with site.load(trial.size, per_second=40, patience=240) as load:
            sender = site.sender(sessions=8, patience=240)
            sender.offer(with_field(each, "X-Slow", "1.5") for each in site.mails(8))
            wait_until(lambda: site.metric("sekisho_sessions_in_progress") >= 8, "mail is at work", 60)
            victims = site.workers()
            for victim in victims:
                os.kill(victim, signal.SIGSTOP)
            trial.wait("the watchdog kills it", lambda: len(alive(victims)) < len(victims), 60)
            for victim in victims:  # one of them may have had no message in progress
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGCONT)
            see_ready(trial, site)
            stuck = site.metric("sekisho_worker_restarts_total", cause="stuck")
            trial.see("counted as stuck", stuck >= 1, f"{stuck:g}")
            trial.see("a log line", site.logged("worker_stuck"))
        load.finish()
        trial.balance(site)


@row(
    "stop-workers-idle",
    "all workers are stopped (SIGSTOP) with no mail in progress",
    MUST + "; not ready within 15 s",
)
def stop_workers_idle(trial: Trial) -> None:
    with trial.site() as site:
        primed = site.mails(1)[0]
        site.send(primed)
        victims = site.workers()
        for victim in victims:
            os.kill(victim, signal.SIGSTOP)
        try:
            trial.wait("not ready", lambda: not site.ready(), 15)
        finally:
            for victim in victims:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGCONT)
        see_ready(trial, site)
        with site.load(trial.size) as load:
            load.finish()
        trial.balance(site)


@row(
    "stop-worker-idle",
    "one of two workers is stopped (SIGSTOP) with no mail in progress, and stays so",
    MUST + "; the watchdog replaces it, and nothing else",
)
def stop_worker_idle(trial: Trial) -> None:
    limits = {"wire": {"soft_deadline": 4.0, "hard_deadline": 8.0}}
    with trial.site(limits) as site:
        primed = site.mails(1)[0]
        site.send(primed)
        victim = site.workers()[0]
        os.kill(victim, signal.SIGSTOP)
        trial.wait("the watchdog kills it", lambda: gone([victim]))
        with site.load(trial.size, per_second=60) as load:
            see_ready(trial, site)
            load.finish()
        trial.balance(site)
        lost = site.metric("sekisho_worker_restarts_total")
        stuck = site.metric("sekisho_worker_restarts_total", cause="stuck")
        trial.see("one worker is lost, as stuck", (lost, stuck) == (1, 1), f"{lost:g}, {stuck:g} as stuck")
        trial.see("a log line", site.logged("worker_stuck"))


@row(
    "stop-everything",
    "supervisor, workers and maintenance process are stopped (SIGSTOP) for twice the hard deadline and go on",
    MUST + "; no process is lost",
)
def stop_everything(trial: Trial) -> None:
    limits = {"wire": {"soft_deadline": 4.0, "hard_deadline": 8.0}}
    with trial.site(limits) as site, site.load(trial.size, per_second=20, patience=240) as load:
        before = children(site.daemon.pid)
        for each in (site.daemon.pid, *before):
            os.kill(each, signal.SIGSTOP)
        time.sleep(16)
        for each in (site.daemon.pid, *before):
            os.kill(each, signal.SIGCONT)
        load.finish()
        see_ready(trial, site)
        trial.balance(site)
        trial.see("no process is lost", set(before) <= set(children(site.daemon.pid)))
        trial.see("none is said to be stuck", not site.logged("worker_stuck"), site.logged("worker_stuck"))


@row(
    "stop-maintenance",
    "the maintenance process is stopped (SIGSTOP) for 5 s",
    MUST + "; mail goes on meanwhile",
)
def stop_maintenance(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=60) as load:
        maintenance = site.maintenance()
        assert maintenance, "there is no maintenance"
        os.kill(maintenance, signal.SIGSTOP)
        before = load.answered
        trial.see("mail goes on", load.tell(lambda: load.answered >= before + 20 or not load.open, 30))
        time.sleep(5)
        with suppress(ProcessLookupError):
            os.kill(maintenance, signal.SIGCONT)
        see_ready(trial, site)
        trial.balance(site)


@row("stop-supervisor", "the supervisor is stopped (SIGSTOP) for 5 s", MUST + "; mail goes on meanwhile")
def stop_supervisor(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=60) as load:
        os.kill(site.daemon.pid, signal.SIGSTOP)
        try:
            before = load.answered
            trial.see("mail goes on", load.tell(lambda: load.answered >= before + 20 or not load.open, 30))
            time.sleep(5)
        finally:
            os.kill(site.daemon.pid, signal.SIGCONT)
        see_ready(trial, site)
        trial.balance(site)
        lost = site.metric("sekisho_worker_restarts_total")
        trial.see("no worker is lost", lost == 0, f"{lost:g}")


@row("stop-postfix", "smtpd and cleanup are stopped (SIGSTOP) for 2 s and go on", MUST)
def stop_postfix(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=60) as load:
        for name in ("smtpd", "cleanup", "smtpd", "cleanup"):
            if load.open and (found := named(site, name)):
                stopped(found[0], 2.0)
        see_ready(trial, site)
        trial.balance(site)
        wait_until(lambda: site.metric("sekisho_sessions_in_progress") >= 0, "metrics", 30)
