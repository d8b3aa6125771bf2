from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from sekisho.maintenance.readiness import Readiness, SocketProbe


class Socket:
    """Answers a share of the connections; remembers how many were made at once."""

    def __init__(self) -> None:
        self.share = 1.0
        self.tries: list[int] = []
        self.counted = [0, 0]

    def ask(self, tries: int) -> int:
        self.tries.append(tries)
        return int(tries * self.share)

    def count(self, answered: int, unanswered: int) -> None:
        self.counted[0] += answered
        self.counted[1] += unanswered


@pytest.fixture
def there() -> Socket:
    return Socket()


@pytest.fixture
def milter(there: Socket) -> SocketProbe:
    return SocketProbe(there.ask, there.count)


def test_not_before_a_whole_round_was_answered(there: Socket, milter: SocketProbe) -> None:
    """At the start nothing is known, and unknown is not ready; then one round is enough."""
    assert not milter.answers
    milter.turn(2)
    assert milter.answers
    assert there.tries == [1, 4]


def test_nobody_answers(there: Socket, milter: SocketProbe) -> None:
    """One round without any answer is enough. Then a single connection is made at a time, and the first answer is
    followed by a whole round."""
    milter.turn(2)
    there.share = 0.0
    milter.turn(2)
    assert not milter.answers
    for _ in range(3):
        milter.turn(2)
    assert there.tries[2:] == [4, 1, 1, 1]
    there.share = 1.0
    milter.turn(2)
    assert milter.answers
    assert there.tries[6:] == [1, 4]
    assert there.counted == [10, 7]


def test_one_worker_of_two_hangs(there: Socket, milter: SocketProbe) -> None:
    """Half of the connections unanswered in one round may be chance, twice is not; it is ready again only when all
    are answered."""
    milter.turn(2)
    there.share = 0.5
    milter.turn(2)
    assert milter.answers
    milter.turn(2)
    assert not milter.answers
    there.share = 0.75
    for _ in range(3):
        milter.turn(4)
    assert not milter.answers
    there.share = 1.0
    milter.turn(4)
    assert milter.answers


def readiness(
    milter: SocketProbe, told: Callable[[tuple[str, ...]], object], state: dict[str, bool], workers: list[int]
) -> Readiness:
    checks = {"store": lambda: state["store"], "maintenance": lambda: state["maintenance"]}
    return Readiness(milter, lambda: workers[0], checks, told)


def test_every_reason_is_named(there: Socket, milter: SocketProbe, caplog: pytest.LogCaptureFixture) -> None:
    """All that keeps us from being ready is told at once, in one order; a change is said once in the log."""
    caplog.set_level(logging.INFO)
    state, workers, told = {"store": False, "maintenance": False}, [0], []
    there.share = 0.0
    looked = readiness(milter, told.append, state, workers)
    looked.start()
    assert looked.reasons() == ("workers", "milter", "store", "maintenance")
    there.share, workers[0] = 1.0, 2
    state.update(store=True, maintenance=True)
    looked._look()
    looked._look()
    looked.close()
    assert looked.reasons() == ()
    assert told[0] == ("workers", "milter", "store", "maintenance")
    assert told[-1] == ()
    events = [record.message for record in caplog.records if record.name == "sekisho.maintenance"]
    assert events == ["not_ready", "ready_again"]


def test_whoever_asks_never_waits(milter: SocketProbe, there: Socket) -> None:
    """While a round hangs, the answer is what the one before showed."""
    go, entered = threading.Event(), threading.Event()
    looked = readiness(milter, lambda _: None, {"store": True, "maintenance": True}, [2])
    looked._look()

    def hang(tries: int) -> int:
        entered.set()
        go.wait(60)
        return tries

    milter._ask = hang
    thread = threading.Thread(target=looked._look)
    thread.start()
    assert entered.wait(60)
    assert looked.reasons() == ()
    go.set()
    thread.join()
