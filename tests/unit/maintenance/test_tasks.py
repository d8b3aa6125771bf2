from __future__ import annotations

import pytest

from sekisho.clock import SystemClock
from sekisho.maintenance.tasks import HANGING_SECONDS, MIN_FAILURES, MaintenanceTasks
from sekisho.observers import Isolation


class Clock(SystemClock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.second = 1000.0

    def monotonic(self) -> float:
        return self.second


class Work:
    """Counts its runs; fails as long as it is told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        self.runs += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counted() -> list[str]:
    return []


@pytest.fixture
def tasks(clock: Clock, counted: list[str]) -> MaintenanceTasks:
    return MaintenanceTasks(Isolation(counted.append, "task"), clock)


def pass_by(tasks: MaintenanceTasks, clock: Clock, seconds: int) -> None:
    for _ in range(seconds):
        tasks.turn()
        clock.second += 1


@pytest.mark.parametrize("error", [RuntimeError("x"), ModuleNotFoundError("psycopg"), SystemExit(1)])
def test_a_task_that_fails_stops_no_other(
    tasks: MaintenanceTasks, clock: Clock, counted: list[str], error: BaseException
) -> None:
    """The others run as often as before; the one that fails is tried every second, counted, and named."""
    first, broken, last = Work(), Work(), Work()
    for name, work, every in (("first", first, 1.0), ("broken", broken, 15.0), ("last", last, 5.0)):
        tasks.add(name, work.run, every)
    broken.error = error
    pass_by(tasks, clock, 10)
    assert (first.runs, broken.runs, last.runs) == (10, 10, 2)
    assert counted == ["broken"] * 10
    assert tasks.failing() == ("broken",)
    broken.error = None
    pass_by(tasks, clock, 20)
    assert (first.runs, broken.runs, last.runs) == (30, 12, 6)
    assert tasks.failing() == ()


def test_one_failure_is_no_failing(tasks: MaintenanceTasks, clock: Clock) -> None:
    """Only a row of failures is told."""
    work = Work()
    tasks.add("work", work.run, 1.0)
    work.error = RuntimeError("x")
    pass_by(tasks, clock, MIN_FAILURES - 1)
    assert tasks.failing() == ()
    pass_by(tasks, clock, 1)
    assert tasks.failing() == ("work",)


def test_a_turn_that_hangs_is_told(tasks: MaintenanceTasks, clock: Clock) -> None:
    """A task that does not come back is seen by those who ask meanwhile."""
    seen: list[tuple[str, ...]] = []

    def hang() -> None:
        clock.second += HANGING_SECONDS + 1
        seen.append(tasks.failing())

    tasks.add("hangs", hang, 1.0)
    tasks.turn()
    assert seen == [("turn",)]
    assert tasks.failing() == ()
