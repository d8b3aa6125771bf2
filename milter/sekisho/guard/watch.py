"""A worker's view of the guard: how far to act, and what was judged.

Each judged message is counted into the present slot of the window; slots that have left it go into the long
run. Severe is what was *decided*, whatever was done about it, so the long run is learned in shadow too. What is
judged while we only tag is kept out of the long run: a mistake must not become what is usual.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

from sekisho.guard.options import GuardOptions
from sekisho.guard.switch import FOREVER, SLOTS, Switch
from sekisho.guard.window import Tally, jumped
from sekisho.ports import Clock, Stance

LOG = logging.getLogger("sekisho.guard")


class Watch:
    """Implements `ports.Guard`. `tripped` is called when this process falls back."""

    def __init__(
        self, switch: Switch, options: GuardOptions, clock: Clock, tripped: Callable[[], None] = lambda: None
    ) -> None:
        self._switch = switch
        self._options = options
        self._clock = clock
        self._tripped = tripped
        self._lock = Lock()
        self._pending = Tally()

    def stance(self) -> Stance:
        now = self._now()
        paused_until, tagging_until = self._switch.ends()
        if now < paused_until:
            return Stance.PAUSED
        return Stance.TAGGING if now < tagging_until else Stance.OPEN

    def count(self, severe: bool) -> None:
        """Never waits: what cannot be written now is written with a later message."""
        with self._lock:
            self._pending += Tally(1, float(severe))
            self._flush()

    def flush(self) -> bool:
        """Write what waits. True if nothing waits any more."""
        with self._lock:
            return self._flush()

    def close(self) -> None:
        self.flush()
        self._switch.close()

    def _flush(self) -> bool:
        with self._switch.locked() as ours:
            if ours and self._pending.total:
                self._write(self._now())
        return not self._pending.total

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _write(self, now: float) -> None:
        width = self._options.window_minutes * 60 / SLOTS
        number = int(now // width)
        held, tally = self._switch.slot(number)
        if held != number:  # a stretch begins: only then does another leave the window
            self._forget(now, number, width)
            tally = Tally()
        self._switch.keep_slot(number, tally + self._pending)
        severe, self._pending = self._pending.severe, Tally()
        if severe and self._options.enabled:
            self._judge(now, number)

    def _forget(self, now: float, number: int, width: float) -> None:
        """Move what has left the window into the long run, once."""
        moment, long_run = self._switch.long_run()
        gone = [
            (each, tally)
            for each, tally in map(self._switch.slot, range(SLOTS))
            if tally.total and not number - SLOTS < each <= number
        ]
        if not gone:
            return
        tagging = now < self._switch.tagging_until
        long_run = long_run.faded(now - moment, self._options) if moment else Tally()
        for each, tally in gone:
            long_run += Tally() if tagging or each > number else tally
            self._switch.keep_slot(int(each), Tally())
        self._switch.keep_long_run(now, long_run)

    def _judge(self, now: float, number: int) -> None:
        slots = [self._switch.slot(each) for each in range(SLOTS)]
        window = sum((tally for each, tally in slots if number - SLOTS < each <= number), Tally())
        moment, long_run = self._switch.long_run()
        long_run = long_run.faded(now - moment, self._options)
        quiet = now < max(self._switch.armed_from, self._switch.tagging_until, self._switch.paused_until)
        if quiet or not jumped(window, long_run, self._options):
            return
        minutes = self._options.release_minutes
        self._switch.tag_only(now + minutes * 60 if minutes else FOREVER)
        LOG.critical(
            "guard_tripped: %.1f %% of the last %g minutes' mail was to be quarantined or rejected, in the long run "
            "%.1f %%; from now on it is tagged at most, %s; `sekisho resume` ends it",
            window.share * 100,
            self._options.window_minutes,
            long_run.share * 100,
            f"for {minutes:g} minutes" if minutes else "until somebody ends it",
        )
        self._tripped()
