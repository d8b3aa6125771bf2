from __future__ import annotations

import logging

import pytest

from sekisho.evidence import NOTHING
from sekisho.judgement import Examined, Judged, Judgement
from sekisho.message import Envelope, read
from sekisho.observers import Isolation, Observers
from sekisho.ports import Stance
from sekisho.verdict import Action, Reply


class Recorder:
    """Notes what it is told of, unless it fails. Implements `ports.Observer`."""

    def __init__(self, fails: bool = False) -> None:
        self.told: list[object] = []
        self.fails = fails

    def judged(self, judged: Judged) -> None:
        self._note(judged)

    def crashed(self, stage: str, error: Exception) -> None:
        self._note(stage)

    def stance(self) -> Stance:
        return Stance.OPEN

    def _note(self, what: object) -> None:
        if self.fails:
            raise RuntimeError("a defect of an observer")
        self.told.append(what)


class Watcher:
    """Fails as long as it is told to."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.seen: list[object] = []

    def look(self, what: object) -> None:
        if self.error is not None:
            raise self.error
        self.seen.append(what)


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name == "sekisho.observers"]


@pytest.mark.parametrize("error", [RuntimeError("x"), MemoryError(), SystemExit(3), OSError(28, "full")])
def test_a_failure_is_counted_each_time_and_said_once(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    """Every call is tried; the log has the first failure of a row, and the first success after it."""
    caplog.set_level(logging.INFO)
    counted: list[str] = []
    isolation, watcher = Isolation(counted.append), Watcher()
    assert isolation.run("journal", watcher.look, 1)
    watcher.error = error
    assert [isolation.run("journal", watcher.look, 2) for _ in range(3)] == [False] * 3
    assert isolation.failures("journal") == 3
    watcher.error = None
    assert [isolation.run("journal", watcher.look, 3) for _ in range(2)] == [True, True]
    assert watcher.seen == [1, 3, 3]
    assert counted == ["journal"] * 3
    assert events(caplog) == ["observer_failed", "observer_works_again"]
    assert isolation.failures("journal") == 0
    watcher.error = error
    isolation.run("journal", watcher.look, 4)
    assert events(caplog)[2:] == ["observer_failed"]


def test_a_call_that_works_does_not_hide_one_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Of two calls of the same observer one fails for good: that is not said to work again."""
    caplog.set_level(logging.INFO)
    isolation, watcher = Isolation(), Watcher()
    watcher.error = RuntimeError("x")
    for _ in range(3):
        isolation.run("metrics", watcher.look, 1)
        isolation.run("metrics", str, 1)
    assert events(caplog) == ["observer_failed"]
    assert isolation.failures("metrics") == 3


def test_a_count_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Where even the metrics cannot count, the failure is still said, and still stays alone."""

    def count(_: str) -> None:
        raise OSError("gone")

    watcher = Watcher()
    watcher.error = RuntimeError("x")
    Isolation(count).alone("guard", watcher.look)(1)
    assert events(caplog) == ["observer_failed"]


JUDGED = Judged(
    Judgement(Examined(read(b"", Envelope()), NOTHING, {}, 0.0), {}, ()), Action(Reply.ACCEPT), {}
)


def test_every_observer_is_told_whatever_the_others_do() -> None:
    """One that fails is counted by what it is, and the next is told all the same."""
    counted: list[str] = []
    guard, broken, last = Recorder(fails=True), Recorder(fails=True), Recorder()
    observers = Observers((broken, last), guard, Isolation(counted.append))
    observers.judged(JUDGED)
    observers.crashed("spf", IndexError())
    assert last.told == [JUDGED, "spf"]
    assert counted == ["guard", "recorder", "recorder"]  # of a crash the guard is not told
