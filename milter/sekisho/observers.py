"""Isolates observers (journal, metrics, guard, recorder): their failures never change a reply.

The same holds for the periodic tasks of the maintenance process: one that fails does not stop the others.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

from sekisho.events import watching
from sekisho.judgement import Judged
from sekisho.ports import Guard, Observer

LOG = logging.getLogger("sekisho.observers")
_FAILED = {"observer": watching.OBSERVER_FAILED, "task": watching.TASK_FAILED}
_WORKS_AGAIN = {"observer": watching.OBSERVER_WORKS_AGAIN, "task": watching.TASK_WORKS_AGAIN}


class ObserverName(StrEnum):
    """The names under which failures of observers are counted."""

    JOURNAL = "journal"  # the line of a message
    METRICS = "metrics"  # their files cannot be written
    GUARD = "guard"  # the count of severe verdicts
    RECORDER = "recorder"  # any other observer of verdicts


class Isolation:
    """Runs calls and catches their exceptions.

    Each failure is counted by `count(name)`; a failure of `count` is ignored. Of several failures in a row, the log has
    the first with its exception, and then the first success. Every call is tried, even after failures.
    """

    def __init__(self, count: Callable[[str], None] = lambda _: None, what: str = "observer") -> None:
        """`what` is the log's word for the owner of the calls: `observer` or `task`."""
        self._count = count
        self._what = what
        self._failing: dict[tuple[str, str], int] = {}
        self._lock = Lock()

    def run(self, name: str, call: Callable[..., object], /, *args: object, **options: object) -> bool:
        """Run the call. True if it did not raise. A failure is counted under `name`."""
        try:
            call(*args, **options)
        except BaseException as error:  # a panic of a Rust library is no Exception
            self._failed(name, call, error)
            return False
        if self._failing:
            self._worked(name, call)
        return True

    def alone(self, name: str, call: Callable[..., object]) -> Callable[..., None]:
        """A function that runs the call and never raises."""

        def isolated(*args: object) -> None:
            self.run(name, call, *args)

        return isolated

    def failures(self, name: str) -> int:
        """How often in a row the calls under a name have failed; the largest number of all calls."""
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
                _FAILED[self._what].failed(LOG, error, **{self._what: key[0]}, call=key[1])

    def _worked(self, name: str, call: Callable[..., object]) -> None:
        with self._lock:
            key = name, _name_of(call)
            failures = self._failing.pop(key, 0)
        if failures:
            _WORKS_AGAIN[self._what].write(LOG, **{self._what: key[0]}, call=key[1], failures=failures)


@dataclass(frozen=True, slots=True)
class Observers:
    """All observers of judgements, the guard first, each isolated from the others. Implements `ports.Observer`; never
    raises. `isolation` counts a failure as `guard` or `recorder`."""

    recorders: Sequence[Observer] = ()
    guard: Guard | None = None
    isolation: Isolation = field(default_factory=Isolation)

    def judged(self, judged: Judged) -> None:
        """Pass a judgement to all observers."""
        if self.guard is not None:
            self.isolation.run(ObserverName.GUARD, self.guard.judged, judged)
        for each in self.recorders:
            self.isolation.run(ObserverName.RECORDER, each.judged, judged)

    def crashed(self, stage: str, error: Exception) -> None:
        """Pass a crash to the recorders. `stage` is the name of a check, `images` or `store`."""
        for each in self.recorders:
            self.isolation.run(ObserverName.RECORDER, each.crashed, stage, error)


def _name_of(call: Callable[..., object]) -> str:
    return str(getattr(call, "__name__", type(call).__name__))
