"""The wall clock jumps."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime

from lab.faults.faketime import DAY, FakeClock
from lab.faults.proxy import Cutter, Proxy
from lab.faults.row import Trial, row
from lab.faults.rows.kill import see_ready
from lab.faults.rows.points import primed, see_whole, states
from lab.faults.site import Site

MUST = "mail goes on, nothing that is held expires; 0 lost, 0 doubled, 0 unjudged"
_OFTEN = {"retention": {"interval_minutes": 0.05}}
_TURNS = 4.0  # seconds in which retention runs more than once


def _see_clock(trial: Trial, site: Site, days: float) -> None:
    """The daemon must have the changed clock; otherwise the row shows nothing."""
    line = site.daemon.lines()[0][-1]
    shift = datetime.fromisoformat(line["time"]) - datetime.now(UTC)
    trial.see("the daemon's clock is the false one", abs(shift.total_seconds() / DAY - days) < 0.5, shift)


def _jump(name: str, days: float) -> None:
    ahead = days > 0
    must = MUST + ("; retention pauses and logs it" if ahead else "")

    @row(f"clock-{name}", f"the clock jumps {days:+g} days under load, and back", must)
    def run(trial: Trial) -> None:
        clock = FakeClock(trial.place)
        with trial.site(_OFTEN, environment=clock.environment) as site:
            primed(site, 5)
            with site.load(trial.size, per_second=30) as load:
                clock.shift(days * DAY)
                load.finish()
            primed(site, 2)
            _see_clock(trial, site, days)
            time.sleep(_TURNS)
            found = states(site)
            trial.see("nothing expires", not found["expired"], dict(found))
            if ahead:
                trial.wait("retention is paused", lambda: site.metric("sekisho_retention_paused") == 1, 30)
                trial.see("a log line", site.logged("retention_paused"))
            see_ready(trial, site)
            clock.shift(0)
            with site.load(trial.size // 2) as load:
                load.finish()
            time.sleep(_TURNS)
            found = states(site)
            trial.see("nothing expires afterwards", not found["expired"], dict(found))
            see_ready(trial, site)
            trial.balance(site)
            see_whole(trial, site)


_jump("forward-50-days", 50)
_jump("back-50-days", -50)


@row("clock-seconds", "the clock jumps one second forward and back, again and again, under load", MUST)
def clock_seconds(trial: Trial) -> None:
    clock = FakeClock(trial.place)
    with trial.site(_OFTEN, environment=clock.environment) as site:
        with site.load(trial.size, per_second=10) as load:
            turn = 0
            while load.open and turn < 200:
                turn += 1
                clock.shift((1, 0, -1, 0)[turn % 4])
                time.sleep(1.2)
            load.finish()
        trial.note(f"{turn} jumps")
        bad = {code: count for code, count in load.replies.items() if code == 0 or 400 <= code < 500}
        trial.see("no 4xx", not bad, bad or "none")
        lost = site.metric("sekisho_worker_restarts_total")
        trial.see("no worker is lost", lost == 0, f"{lost:g}")
        paused = site.metric("sekisho_retention_paused")
        trial.see("retention is not paused by a second", paused == 0, f"{paused:g}")
        see_ready(trial, site)
        trial.balance(site)
        see_whole(trial, site)


@row(
    "retry-another-day",
    "held mail whose answer was lost comes again after midnight, with other recipient sets",
    "one entry for each copy, the repeats counted; 0 lost, 0 doubled",
    weight=0.3,
)
def retry_another_day(trial: Trial) -> None:
    clock, cutter = FakeClock(trial.place), Cutter()
    with ExitStack() as stack:
        site = trial.site(
            environment=clock.environment,
            milter=lambda site: (
                stack.enter_context(Proxy(site.place / "proxy.sock", site.daemon.socket, cutter)).milter
            ),
        )
        stack.enter_context(site)
        cutter.arm("out", b"d", 10**6)  # the daemon keeps it, and Postfix gets no reply
        with site.load(trial.size, ("held",), begun=0, patience=240) as load:
            load.tell(lambda: load.answered >= 2 * trial.size, 120)
            clock.shift(1.2 * DAY)
            time.sleep(2.5)
            cutter.arm("", b"", 0)
            load.finish()
        trial.balance(site)
        see_whole(trial, site)
        repeats = sum(entry["repeats"] for entry in site.entries())
        trial.see("repeats are counted", repeats >= trial.size, repeats)
        see_ready(trial, site)
