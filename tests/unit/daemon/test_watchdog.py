"""Which processes do not go on, by what they show and by the supervisor's own running time."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator

import pytest

from sekisho.daemon import Setup
from sekisho.daemon.child import Child
from sekisho.daemon.watchdog import Stuck, Watchdog
from sekisho.judging.in_flight import InFlight
from sekisho.wire.options import WireOptions
from sekisho.wire.server import MilterDoor

LIMIT = 25.0  # hard_deadline as shipped
TURN = 0.25
ONE, TWO = (hashlib.sha256(each).digest() for each in (b"1", b"2"))


class Bench:
    """A watchdog that looks every quarter of a second, at a process that beats or not."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.in_flight = InFlight(2)
        child.in_flight = self.in_flight
        self.watchdog = Watchdog()
        self.now = 1000.0

    def run(self, seconds: float, *, beats: bool = True) -> list[Stuck]:
        """What was found within so many seconds; ends with the first."""
        for _ in range(round(seconds / TURN)):
            self.now += TURN
            if beats:
                self.in_flight.beat()
            if found := self.watchdog.turn(self.now, [self.child]):
                return found
        return []


@pytest.fixture
def bench() -> Iterator[Bench]:
    def build() -> None:
        raise NotImplementedError

    with socket.socket() as line:
        yield Bench(
            Child(1, line, 0.0, Setup(WireOptions(), MilterDoor(WireOptions()), build), row=0, ready=True)
        )  # type: ignore[arg-type]


def test_who_moves_is_left_alone(bench: Bench) -> None:
    """A process that gives signs of life, without mail or with one message after the other, is never stuck."""
    assert not bench.run(200)
    for number in range(20):
        bench.in_flight.begin(0, ONE, float(number + 1))
        assert not bench.run(LIMIT - 5)


def test_a_process_without_a_sign_of_life_is_stuck(bench: Bench) -> None:
    """Soon after the deadline, and not before it."""
    bench.run(5)
    assert not bench.run(LIMIT, beats=False)
    (found,) = bench.run(2, beats=False)
    assert (found.child, found.cause, found.messages, found.beats) == (bench.child, "stuck", (), False)


def test_a_message_at_work_for_too_long_is_named(bench: Bench) -> None:
    """The one beyond the deadline, not the one beside it; the process that judges it still beats."""
    bench.in_flight.begin(0, ONE, 1.0)
    bench.run(LIMIT - 5)
    bench.in_flight.begin(1, TWO, 2.0)
    (found,) = bench.run(10)
    assert ([each.digest for each in found.messages], found.beats) == ([ONE], True)


def test_a_message_in_a_process_that_stands_still_is_named_too(bench: Bench) -> None:
    """The message is found first, although the last sign of life is older; it is said that there is none."""
    bench.run(5)
    bench.run(0.5, beats=False)
    bench.in_flight.begin(0, ONE, 1.0)
    (found,) = bench.run(LIMIT + 1, beats=False)
    assert ([each.digest for each in found.messages], found.beats) == ([ONE], False)


@pytest.mark.parametrize("beats", [True, False])
def test_time_in_which_the_supervisor_did_not_run_is_no_time(bench: Bench, beats: bool) -> None:
    """It slept for an hour, again and again, with a message at work: nobody is stuck for that. One that stands still
    is found all the same when the supervisor has run for long enough."""
    bench.run(5)
    bench.in_flight.begin(0, ONE, 1.0)
    for _ in range(5):
        bench.now += 3600
        assert not bench.run(1, beats=beats)
    assert bench.run(LIMIT, beats=beats)


def test_a_busy_supervisor_still_finds_it(bench: Bench) -> None:
    """Turns that take many seconds each count for one second each."""
    bench.run(5)
    turns = 0
    while not bench.watchdog.turn(bench.now, [bench.child]):
        bench.now += 10
        turns += 1
    assert LIMIT <= turns <= LIMIT + 3


def test_a_process_that_never_gets_ready_is_ended(bench: Bench) -> None:
    """After `start_timeout`, as one that did not start; a process that judges one message is at its message then, and
    no longer starts."""
    bench.child.ready = False
    (found,) = bench.run(62, beats=False)
    assert (found.cause, found.messages) == ("start", ())
    bench.watchdog = Watchdog()
    bench.run(50, beats=False)
    bench.in_flight.begin(0, ONE, 1.0)
    assert not bench.run(LIMIT - 1, beats=False)
    (found,) = bench.run(2, beats=False)
    assert (found.cause, [each.digest for each in found.messages]) == ("stuck", [ONE])
    assert found.beats  # it has only its message to show


def test_who_is_being_ended_is_not_found_again(bench: Bench) -> None:
    """One kill, one count."""
    bench.child.cause = "stuck"
    assert not bench.run(200, beats=False)
