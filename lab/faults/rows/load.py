"""Too much mail, mail that looks like a mistake of ours, and changes under load."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from lab.faults import hooks
from lab.faults.row import Trial, row
from lab.faults.rows.kill import see_ready
from lab.faults.rows.targets import see_no_refusal
from lab.faults.site import Site, children
from lab.milter_client import Client, ClosedError
from lab.program import as_user

# Judging takes a fixed time in this daemon, so its capacity is known: WORKERS * THREADS / TAKES messages per second.
_TAKES, _THREADS, _WORKERS = 0.25, 2, 2
_CAPACITY = _WORKERS * _THREADS / _TAKES
_TIMES = 20
_MAX_SESSIONS = 600  # at once; Postfix has a limit of processes, too
_LIMITS = {"workers": _WORKERS, "threads": _THREADS, "soft_deadline": 3.0, "hard_deadline": 6.0}
_BACK = 5.0  # seconds within which a message must be answered as usual again


class Flood:
    """Messages by raw milter sessions, so many per second, whatever the replies are. `finals` counts the replies,
    `lost` the sessions without one, `turned` those that were not begun because too many were open. `seconds` are the
    times of accepted messages."""

    def __init__(self, socket: Path, per_second: float, seconds: float) -> None:
        self._address = f"unix:{socket}"
        self._gap = 1 / per_second
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._open = threading.BoundedSemaphore(_MAX_SESSIONS)
        self.finals: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.turned = 0
        self.seconds: list[float] = []

    def run(self) -> None:
        """Send until the time is over, and wait until every session has ended."""
        number, threads = 0, []
        begun = time.monotonic()
        while (now := time.monotonic()) < self._end:
            time.sleep(max(0.0, begun + number * self._gap - now))
            number += 1
            if self._open.acquire(blocking=False):
                threads.append(threading.Thread(target=self._one, args=(number,)))
                threads[-1].start()
            else:
                self.turned += 1
        for each in threads:
            each.join()

    def _one(self, number: int) -> None:
        begun = time.monotonic()
        try:
            with Client(self._address, timeout=60) as client:
                client.connect()
                client.helo()
                fields = ((b"From", b" a@example.org"), (b"X-Number", b" %d" % number))
                reply = client.message(fields)
            final = reply.text.decode("latin-1")[:4].strip() or reply.final.decode()
            with self._lock:
                self.finals[final] += 1
                if reply.accepted:
                    self.seconds.append(time.monotonic() - begun)
        except (OSError, ClosedError, AssertionError) as error:
            with self._lock:
                self.lost[type(error).__name__] += 1
        finally:
            self._open.release()


@row(
    "flood",
    f"{_TIMES} times the capacity for a minute",
    "bounded queue: every session is answered, 451 only by rule (counted as overload or deadline); no worker killed; "
    f"what is accepted is answered within the hard deadline; as usual within {_BACK:g} s; 0 lost, 0 doubled",
    weight=0.2,
)
def flood(trial: Trial) -> None:
    _raise_descriptors()
    with trial.site({"wire": _LIMITS}, hook=hooks.every(_TAKES)) as site:
        with site.load(trial.size, sessions=2, per_second=2, patience=300) as load:
            water = Flood(site.daemon.socket, _TIMES * _CAPACITY, 60)
            water.run()
            _see_back(trial, site)
            _see_flood(trial, site, water)
            load.finish()
        see_ready(trial, site)
        trial.balance(site)


def _see_back(trial: Trial, site: Site) -> None:
    """Soon after the flood, a message must be answered as usual."""
    begun = time.monotonic()
    while True:
        with (
            suppress(OSError, ClosedError, AssertionError),
            Client(f"unix:{site.daemon.socket}", timeout=60) as client,
        ):
            client.connect()
            client.helo()
            if client.message(((b"From", b" a@example.org"), (b"X-After", b" yes"))).accepted:
                break
        if time.monotonic() - begun > 60:
            break
    took = time.monotonic() - begun
    trial.see(f"as usual within {_BACK:g} s", took <= _BACK, f"{took:.1f} s")


def _see_flood(trial: Trial, site: Site, water: Flood) -> None:
    answered = water.finals.total()
    trial.note(
        f"{answered + water.lost.total() + water.turned} arrivals, {water.turned} beyond {_MAX_SESSIONS} sessions"
    )
    trial.see("every session is answered", not water.lost, dict(water.lost) or "none lost")
    known = {"a", "c", "451"}
    trial.see("accepted or 451", set(water.finals) <= known, dict(water.finals))
    refused = water.finals["451"]
    trial.wait(
        "every 451 is counted as overload or deadline",
        lambda: _by_rule(site) >= refused > 0,
        30,
        lambda: f"{_by_rule(site):g} of {refused}",
    )
    trial.note(f"{refused} heard 451")
    slowest = max(water.seconds, default=0.0)
    limit = _LIMITS["hard_deadline"] + 5  # the machine is busy with the flood itself
    trial.see(
        f"accepted within {limit:g} s", slowest <= limit, f"{slowest:.1f} s, {len(water.seconds)} messages"
    )
    lost = site.metric("sekisho_worker_restarts_total")
    trial.see("no worker is killed", lost == 0, f"{lost:g}")


def _by_rule(site: Site) -> float:
    return sum(site.metric("sekisho_errors_total", stage=stage) for stage in ("overload", "deadline"))


def _raise_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# -- the guard ------------------------------------------------------------------------------------------------

_GUARD = {
    "enabled": True,
    "window_minutes": 0.1,
    "minimum": 20,
    "history": 30,
    "factor": 5.0,
    "release_minutes": 0.2,
}


@row(
    "guard",
    "suddenly most mail must be held",
    "the guard trips: tagged at most, logged, counted; it ends by itself, and mail is held again; 0 lost, 0 doubled, "
    "0 unjudged",
)
def guard(trial: Trial) -> None:
    with trial.site({"guard": _GUARD, "policy": {"points": {"lure.business": 9.0}}}) as site:
        with site.load(max(60, trial.size), ("plain",)) as load:
            load.finish()
        time.sleep(_GUARD["window_minutes"] * 60 + 1)  # so that what was judged is added to the long run
        site.send(site.mails(1, ("plain",))[0])
        with site.load(100, ("held",), per_second=30) as load:
            load.finish()
        trial.see("one sender's forgeries do not trip it", site.metric("sekisho_tagging_only") == 0)
        with site.load(100, ("mistaken",), per_second=30) as load:
            trial.wait("tagging only", lambda: site.metric("sekisho_tagging_only") == 1, 30)
            load.finish()
        trial.wait("the trip is counted", lambda: site.metric("sekisho_guard_trips_total") == 1, 10)
        trial.see("a log line", site.logged("guard_tripped"))
        tagged = sum(
            each.fields("X-Sekisho-Verdict")[0].startswith(("quarantine", "reject")) for each in site.sink
        )
        trial.see("delivered with their verdict", tagged > 0, tagged)
        trial.wait("it ends by itself", lambda: site.metric("sekisho_tagging_only") == 0, 60)
        before = len(site.copies())
        with site.load(3, ("held",)) as load:
            load.finish()
        trial.see("mail is held again", len(site.copies()) >= before + 3, len(site.copies()) - before)
        see_ready(trial, site)
        trial.balance(site)


# -- reloads --------------------------------------------------------------------------------------------------

_RELOADS, _CHANGES = 50, 100
_SESSIONS = 8
_CHANGE = """
import sys
from sekisho.cli import cli
for number in range(int(sys.argv[1])):
    words = ["list", "add", "allow", f"d{number}.example", "--config", sys.argv[2]]
    cli.main(words, standalone_mode=False)
"""


class Watcher:
    """Watches the daemon's processes: the largest number of them, and their largest memory together."""

    def __init__(self, site: Site) -> None:
        self._pid = site.daemon.pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.most = 0
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            self.most = max(self.most, len(children(self._pid)))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def memory(site: Site) -> float:
    """MB of all processes of the daemon; shared memory counts once."""
    total = 0
    for pid in (site.daemon.pid, *children(site.daemon.pid)):
        with suppress(OSError):
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total / 1024


def _settled(site: Site) -> bool:
    """True if there are two workers and the maintenance process, none of them is draining, and no reload waits."""
    whole = len(children(site.daemon.pid)) == 3 and site.maintenance() is not None
    return whole and site.metric("sekisho_config_reload_waiting") == 0


def _worn_in(trial: Trial, site: Site) -> float:
    """MB after the present workers have judged some mail: the same amount before and after the row's fault."""
    with site.load(trial.size, sessions=24) as load:
        load.finish()
    return memory(site)


def _see_generations(trial: Trial, site: Site, watcher: Watcher, before: float) -> None:
    watcher.close()
    trial.see("at most two generations", watcher.most <= 6, f"{watcher.most} processes beside the supervisor")
    trial.wait("the old ones have left", lambda: _settled(site), 90, lambda: children(site.daemon.pid))
    _worn_in(trial, site)
    # A reload that waited for the last sessions may happen only now, with two generations for a while.
    trial.wait(
        "memory is back",
        lambda: _settled(site) and memory(site) <= before * 1.1,
        saw=lambda: (
            f"{before:.0f} MB before, {memory(site):.0f} after, {len(children(site.daemon.pid))} processes"
        ),
    )
    trial.note(f"{before:.0f} MB before, {memory(site):.0f} after")


@row(
    "reload-50",
    f"{_RELOADS} reloads under load, with sessions that stay open",
    "no 4xx, at most two generations, memory back to start + 10 %; 0 lost, 0 doubled, 0 unjudged",
)
def reload_50(trial: Trial) -> None:
    with trial.site({"wire": {"drain_timeout": 3.0}}) as site:
        before = _worn_in(trial, site)
        watcher = Watcher(site)
        # A session lasts for six seconds, twice the drain_timeout, and a reload waits for those of the one before.
        lasts = max(2, trial.size * 6 // (60 * _SESSIONS))
        with site.load(trial.size, per_second=trial.size / 60, sessions=_SESSIONS, per_session=lasts) as load:
            for _ in range(_RELOADS):
                os.kill(site.daemon.pid, signal.SIGHUP)
                time.sleep(1)
            load.finish()
        see_no_refusal(trial, load)
        trial.note(f"{site.logged('reloaded')} reloads")
        _see_generations(trial, site, watcher, before)
        see_ready(trial, site)
        trial.balance(site)


@row(
    "list-changes-100",
    f"{_CHANGES} list changes in a minute under load, with sessions that stay open",
    "no 4xx, at most two generations, all changes in force, memory back to start + 10 %; 0 lost, 0 doubled",
)
def list_changes_100(trial: Trial) -> None:
    with trial.site({"wire": {"drain_timeout": 3.0}}) as site:
        before = _worn_in(trial, site)
        watcher = Watcher(site)
        with site.load(trial.size, per_second=trial.size / 50, sessions=24, per_session=1000) as load:
            begun = time.monotonic()
            _change(site)
            trial.note(f"{_CHANGES} changes in {time.monotonic() - begun:.0f} s")
            load.finish()
        see_no_refusal(trial, load)
        trial.wait(
            "the last change is known to the daemon",
            lambda: site.logged(f"version {_CHANGES}") > 0 or _listed(site) >= _CHANGES,
            60,
        )
        _see_generations(trial, site, watcher, before)
        see_ready(trial, site)
        trial.balance(site)


def _change(site: Site) -> None:
    """Change the lists as the daemon's user, in one process: a hundred starts of Python would be too much load."""
    program = site.daemon.program
    assert program
    paced = _CHANGE.replace("    words", "    __import__('time').sleep(0.4)\n    words")
    done = subprocess.run(
        [program.python, "-c", paced, str(_CHANGES), str(site.daemon.config)],
        env=program.environment,
        cwd=site.daemon.directory,
        capture_output=True,
        text=True,
        check=False,
        **as_user(),  # type: ignore[call-overload]
    )
    assert not done.returncode, done.stderr[-400:]


def _listed(site: Site) -> int:
    return site.daemon.cli("list", "list", "--format", "json").count('"entry"')
