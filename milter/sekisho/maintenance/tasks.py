"""MaintenanceTasks that are due again and again, in the maintenance process: each fails alone, and is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sekisho.observers import Isolation
from sekisho.ports import Clock

RETRY_SECONDS = 1.0
"""Seconds until a task that failed is tried again."""
FAILURES_TO_TELL = 3
"""Failures in a row after which a task is said to fail."""
HANGING_SECONDS = 120.0
"""Seconds after which a turn that does not end is said to hang."""


@dataclass(slots=True)
class MaintenanceTask:
    """`every`: seconds between two runs that succeed."""

    name: str
    call: Callable[[], object]
    every: float
    due: float = 0.0


class MaintenanceTasks:
    """What is to be done, in order. `turn` does what is due."""

    def __init__(self, isolation: Isolation, clock: Clock) -> None:
        self._isolation = isolation
        self._clock = clock
        self._tasks: list[MaintenanceTask] = []
        self._alive = clock.monotonic()

    def add(self, name: str, call: Callable[[], object], every: float) -> None:
        """Do `call` again and again, `every` so many seconds; what was added first is done first."""
        self._tasks.append(MaintenanceTask(name, call, every))

    def turn(self) -> None:
        """Never raises."""
        for task in self._tasks:
            now = self._alive = self._clock.monotonic()
            if now >= task.due:
                done = self._isolation.run(task.name, task.call)
                task.due = now + (task.every if done else RETRY_SECONDS)
        self._alive = self._clock.monotonic()

    def failing(self) -> tuple[str, ...]:
        """The tasks that fail again and again; `turn` if one of them hangs."""
        names = [task.name for task in self._tasks if self._isolation.failures(task.name) >= FAILURES_TO_TELL]
        return (*names, *(("turn",) if self._clock.monotonic() - self._alive > HANGING_SECONDS else ()))
