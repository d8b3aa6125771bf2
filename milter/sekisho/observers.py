"""What only watches the mail (journal, metrics, guard, recorder) fails alone: no reply ever changes by it.

The same holds for the periodic tasks of the maintenance process: one that fails does not stop the others.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

from sekisho.judgement import Judged
from sekisho.ports import Guard, Observer

LOG = logging.getLogger("sekisho.observers")


class ObserverName(StrEnum):
    """What a failure of an observer is counted as."""

    JOURNAL = "journal"  # the line of a message
    METRICS = "metrics"  # their files cannot be written
    GUARD = "guard"  # the count of severe verdicts
    RECORDER = "recorder"  # another that is told of verdicts


class Isolation:
    """Runs calls whose failure must stay theirs.

    Each failure is counted by `count(name)`, where that works. The log has the first of a row of failures, with
    its exception, and the first success after them. Every call is tried, whatever happened to the one before.
    """

    def __init__(self, count: Callable[[str], None] = lambda _: None, what: str = "observer") -> None:
        """`what` the calls belong to, as the log names it."""
        self._count = count
        self._what = what
        self._failing: dict[tuple[str, str], int] = {}
        self._lock = Lock()

    def run(self, name: str, call: Callable[..., object], /, *args: object, **options: object) -> bool:
        """Call it; True if it did not raise. `name` is what it is counted as."""
        try:
            call(*args, **options)
        except BaseException as error:  # a library written in Rust panics with one that is no Exception
            self._failed(name, call, error)
            return False
        if self._failing:
            self._worked(name, call)
        return True

    def alone(self, name: str, call: Callable[..., object]) -> Callable[..., None]:
        """The call as one that never raises."""

        def isolated(*args: object) -> None:
            self.run(name, call, *args)

        return isolated

    def failures(self, name: str) -> int:
        """How often the calls under a name have failed in a row: the longest row."""
        with self._lock:
            return max((row for (of, _), row in self._failing.items() if of == name), default=0)

    def _failed(self, name: str, call: Callable[..., object], error: BaseException) -> None:
        with contextlib.suppress(BaseException):
            self._count(name)
        with self._lock:
            key = name, _name_of(call)
            self._failing[key] = self._failing.get(key, 0) + 1
            first = self._failing[key] == 1
        if first:
            with contextlib.suppress(BaseException):
                fields = {self._what: key[0], "call": key[1]}
                LOG.error(f"{self._what}_failed", exc_info=error, extra={"fields": fields})

    def _worked(self, name: str, call: Callable[..., object]) -> None:
        with self._lock:
            key = name, _name_of(call)
            failures = self._failing.pop(key, 0)
        if failures:
            fields = {self._what: key[0], "call": key[1], "failures": failures}
            LOG.warning(f"{self._what}_works_again", extra={"fields": fields})


@dataclass(frozen=True, slots=True)
class Observers:
    """All that are told of every judgement, the guard first, each by itself. Implements `ports.Observer`; never raises.
    Where one fails, `isolation` counts it as `guard` or `recorder`."""

    recorders: Sequence[Observer] = ()
    guard: Guard | None = None
    isolation: Isolation = field(default_factory=Isolation)

    def judged(self, judged: Judged) -> None:
        """Tell all of them of a judgement."""
        if self.guard is not None:
            self.isolation.run(ObserverName.GUARD, self.guard.judged, judged)
        for each in self.recorders:
            self.isolation.run(ObserverName.RECORDER, each.judged, judged)

    def crashed(self, stage: str, error: Exception) -> None:
        """Tell the recorders of a crash: a check's name, `images` or `store`."""
        for each in self.recorders:
            self.isolation.run(ObserverName.RECORDER, each.crashed, stage, error)


def _name_of(call: Callable[..., object]) -> str:
    return str(getattr(call, "__name__", type(call).__name__))
