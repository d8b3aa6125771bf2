"""Periodic tasks of the maintenance process. A task that fails is tried again, and does not stop the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sekisho.observers import Isolation
from sekisho.ports import Clock

RETRY_SECONDS = 1.0
"""Seconds until a task that failed is tried again."""
MIN_FAILURES = 3
"""Failures in a row after which a task is reported as failing."""
HANGING_SECONDS = 120.0
"""Seconds after which a turn that does not end is reported as hanging."""


@dataclass(slots=True)
class MaintenanceTask:
    """A task: `call` is run `every` so many seconds. `due`: when it runs next, in seconds of the monotonic clock."""

    name: str
    call: Callable[[], object]
    every: float
    due: float = 0.0


class MaintenanceTasks:
    """The tasks in the order in which they run. `turn` runs those that are due."""

    def __init__(self, isolation: Isolation, clock: Clock) -> None:
        self._isolation = isolation
        self._clock = clock
        self._tasks: list[MaintenanceTask] = []
        self._alive = clock.monotonic()

    def add(self, name: str, call: Callable[[], object], every: float) -> None:
        """Add a task that runs `call` every `every` seconds. Tasks run in the order in which they were added."""
        self._tasks.append(MaintenanceTask(name, call, every))

    def turn(self) -> None:
        """Run the tasks that are due. Never raises."""
        for task in self._tasks:
            now = self._alive = self._clock.monotonic()
            if now >= task.due:
                done = self._isolation.run(task.name, task.call)
                task.due = now + (task.every if done else RETRY_SECONDS)
        self._alive = self._clock.monotonic()

    def failing(self) -> tuple[str, ...]:
        """The names of the tasks that failed `MIN_FAILURES` times in a row; also `turn` if a task hangs."""
        names = [task.name for task in self._tasks if self._isolation.failures(task.name) >= MIN_FAILURES]
        return (*names, *(("turn",) if self._clock.monotonic() - self._alive > HANGING_SECONDS else ()))
