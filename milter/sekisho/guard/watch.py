"""A worker's view of the guard: how far to act, and a count of what was judged.

Each judged message is counted in the current stretch of the window. Stretches that have left the window are added to
the long run. A verdict counts as severe by what was *decided*, not by what was done, so the long run is also learned
in shadow mode. What is judged while we only tag is not added to the long run: a mistake must not become the normal
share.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock

from sekisho.domains import network_of, registrable
from sekisho.events import watching
from sekisho.guard.options import GuardOptions
from sekisho.guard.switch import FOREVER, SLOTS, Switch
from sekisho.guard.window import (
    BUCKETS,
    Spread,
    Tally,
    is_jump,
    jump_size,
    max_per_sender,
)
from sekisho.judgement import Judged
from sekisho.ports import Clock, Severe, Stance
from sekisho.verdict import Disposition

LOG = logging.getLogger("sekisho.guard")
_MAX_WAITING_SENDERS = 1_000  # whose counts wait to be written to the file


class Watch:
    """Implements `ports.Guard`. `tripped` is called when this process falls back to tagging."""

    def __init__(
        self, switch: Switch, options: GuardOptions, clock: Clock, tripped: Callable[[], None] = lambda: None
    ) -> None:
        self._switch = switch
        self._options = options
        self._clock = clock
        self._tripped = tripped
        self._lock = Lock()
        self._mild = 0
        self._severe: Counter[Severe] = Counter()

    def stance(self) -> Stance:
        """How far sekisho acts now."""
        now = self._now()
        paused_until, tagging_until = self._switch.ends()
        if now < paused_until:
            return Stance.PAUSED
        return Stance.TAGGING if now < tagging_until else Stance.OPEN

    def judged(self, judged: Judged) -> None:
        """Count how severe the verdict was, whatever was done about it. What a combination or an entry of the block
        list decided is certain, and is not counted. Never waits."""
        verdicts = [each.verdict for each in judged.outcomes if each.verdict.judged]
        severe = [each for each in verdicts if each.disposition >= Disposition.QUARANTINE]
        if verdicts and not severe:
            self.count(None)
        elif any(each.by_points for each in severe):
            self.count(_severe(judged))

    def count(self, severe: Severe | None) -> None:
        """Count a judged message; None is a mild verdict. Never waits: what cannot be written now is written with a
        later message."""
        with self._lock:
            if severe is None:
                self._mild += 1
            elif severe in self._severe or len(self._severe) < _MAX_WAITING_SENDERS:
                self._severe[severe] += 1
            self._flush()

    def flush(self) -> bool:
        """Write what waits. True if nothing is left."""
        with self._lock:
            return self._flush()

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        self._switch.close()

    def _flush(self) -> bool:
        with self._switch.locked() as ours:
            if ours and (self._mild or self._severe):
                self._write(self._now())
        return not (self._mild or self._severe)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _write(self, now: float) -> None:
        number = int(now // (self._options.window_minutes * 60 / SLOTS))
        if (
            self._switch.stretch(number)[0] != number
        ):  # a new stretch begins, so an old one may leave the window
            self._forget(now, number)
            self._switch.begin_stretch(number)
        self._switch.add(number, self._mild, self._severe.total())
        self._mild, severe = 0, self._severe
        if not severe:
            return
        self._severe = Counter()
        key = self._switch.secret()
        for each, times in severe.items():
            buckets = _bucket(key, "network", each.network), _bucket(key, "author", each.organisation)
            self._switch.add_severe(number, *buckets, times)
        if self._options.enabled:
            self._judge(now, number, max(severe, key=severe.__getitem__).finding)

    def _forget(self, now: float, number: int) -> None:
        """Move the stretches that have left the window into the long run."""
        moment, long_run = self._switch.long_run()
        gone = [
            (each, spread)
            for each, spread in map(self._switch.spread, range(SLOTS))
            if (spread.mild or spread.networks) and not number - SLOTS < each <= number
        ]
        if not gone:
            return
        tagging = now < self._switch.tagging_until
        long_run = long_run.faded(now - moment, self._options) if moment else Tally()
        for each, spread in gone:
            if not tagging and each <= number:
                jump = jump_size(spread.mild * SLOTS, long_run, self._options)
                long_run += spread.tally(max(1.0, max_per_sender(jump, self._options) / SLOTS))
            self._switch.begin_stretch(int(each))
        self._switch.keep_long_run(now, long_run)

    def _judge(self, now: float, number: int, finding: str) -> None:
        stretches = [self._switch.stretch(each) for each in range(SLOTS)]
        within = [each for each, (which, *_) in enumerate(stretches) if number - SLOTS < which <= number]
        if sum(stretches[each][2] for each in within) < max(2, self._options.minimum):
            return
        if now < max(self._switch.armed_from, self._switch.tagging_until, self._switch.paused_until):
            return
        window = sum((self._switch.spread(each)[1] for each in within), Spread())
        moment, long_run = self._switch.long_run()
        long_run = long_run.faded(now - moment, self._options)
        if is_jump(window, long_run, self._options):
            self._fall_back(now, window, long_run, finding)

    def _fall_back(self, now: float, window: Spread, long_run: Tally, finding: str) -> None:
        minutes = self._options.release_minutes
        self._switch.tag_only(now + minutes * 60 if minutes else FOREVER)
        end = f"for {minutes:g} minutes" if minutes else "until an operator ends it"
        watching.GUARD_TRIPPED.write(
            LOG,
            f"suddenly much mail of many senders was to be quarantined or rejected; it is tagged at most, {end}; "
            "`sekisho resume` ends this",
            share=round(window.tally(float("inf")).share, 4),
            long_run=round(long_run.share, 4),
            window_minutes=self._options.window_minutes,
            finding=finding or None,
            minutes=minutes or None,
        )
        self._tripped()


def _severe(judged: Judged) -> Severe:
    """Whose message it is that points decide on."""
    author = judged.message.author.domain
    return Severe(
        network_of(judged.message.envelope.client.address),
        registrable(author) or author if author else "",
        max(judged.weights, key=judged.weights.__getitem__, default=""),
    )


def _bucket(key: bytes, kind: str, name: str) -> int:
    """The index of a sender's bucket. It is keyed, so no sender can choose a name that falls into a given bucket."""
    text = f"{kind} {name}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8, key=key).digest()) % BUCKETS
