"""Which processes are stuck: on a message, without a sign of life, or never ready.

Each process shows signs: its messages in progress, and a number in shared memory that its control thread increments
(`InFlight.beat`). If a sign stays the same for too long, the process is stuck. Time is the running time of the
supervisor: one turn counts for at most a second. So no process is killed if all processes were stopped together, if the
machine slept, or if the supervisor got no processor time.

It cannot see a libmilter whose threads hang while Python runs: the thread that runs main() lives, and the control
thread counts. Connections are not answered then; `maintenance.readiness` reports that, but not which worker it is. It
cannot see either what stopped a process: a library call that holds the interpreter lock, a signal, or a disk that does
not answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sekisho.daemon.child import Child
from sekisho.judging.in_flight import Busy
from sekisho.processes import RestartCause

_MAX_TURN_SECONDS = 1.0  # of one turn that count; a turn usually takes 0.25 s
_SILENCE_EXTRA_SECONDS = (
    1.0  # silence is judged so much later than a stuck message, which is the better explanation
)
_START = "start"


@dataclass(frozen=True, slots=True)
class Stuck:
    """A process that must be ended, and the cause as the scoreboard counts it. `messages` are those that take too long;
    `beats` is false if the process shows no sign of life."""

    child: Child
    cause: RestartCause
    messages: tuple[Busy, ...] = ()
    beats: bool = True


class Watchdog:
    """The signs of every process, and since when they are the same. Belongs to the supervisor."""

    def __init__(self) -> None:
        self._ran = 0.0
        self._looked = float("inf")
        self._seen: dict[Child, dict[Hashable, float]] = {}

    def turn(self, now: float, children: Iterable[Child]) -> list[Stuck]:
        """Look at each process once. `now` is in monotonic seconds."""
        self._ran += max(0.0, min(now - self._looked, _MAX_TURN_SECONDS))
        self._looked = now
        before, self._seen = self._seen, {}
        for child in children:
            since = before.get(child, {})
            self._seen[child] = {sign: since.get(sign, self._ran) for sign in _signs(child)}
        found = (
            self._judge(child, seen)
            for child, seen in self._seen.items()
            if child.cause is None and not child.stopped
        )
        return [each for each in found if each is not None]

    def _judge(self, child: Child, seen: Mapping[Hashable, float]) -> Stuck | None:
        wire = child.setup.workers
        ages = {sign: self._ran - since for sign, since in seen.items()}
        if ages.get(_START, 0.0) > wire.start_timeout:
            return Stuck(child, RestartCause.START)
        messages = tuple(
            sign for sign, age in ages.items() if isinstance(sign, Busy) and age > wire.hard_deadline
        )
        silent = max((age for sign, age in ages.items() if isinstance(sign, int)), default=0.0)
        if messages:
            return Stuck(child, RestartCause.STUCK, messages, beats=silent < wire.hard_deadline / 2)
        if silent > wire.hard_deadline + _SILENCE_EXTRA_SECONDS:
            return Stuck(child, RestartCause.STUCK, beats=False)
        return None


def _signs(child: Child) -> Iterator[Hashable]:
    """Its messages, and its count of beats, or that it still starts. A process that judges one message has no beats."""
    busy = tuple(child.in_flight.busy()) if child.in_flight is not None else ()
    yield from busy
    if not child.ready and not busy:
        yield _START
    elif child.ready and child.in_flight is not None:
        yield child.in_flight.beats
