"""When reloads take place, and when a process that is missing is forked."""

from __future__ import annotations

import signal
import socket

import pytest

from sekisho.daemon import Setup
from sekisho.daemon.child import Child, is_shortage
from sekisho.daemon.places import Places, growing
from sekisho.daemon.reloads import Reloads
from sekisho.wire.options import WireOptions
from sekisho.wire.server import MilterDoor


def setup() -> Setup:
    def build() -> None:
        raise NotImplementedError

    return Setup(WireOptions(), MilterDoor(WireOptions()), build)  # type: ignore[arg-type]


def test_many_signals_are_one_reload() -> None:
    """A reload is due at once; those that were asked for before it began are the same one, and one asked for after
    that is another."""
    reloads = Reloads()
    assert not reloads.due(100.0)
    for number in range(100):
        reloads.ask(100.0 + number / 100)
    assert reloads.due(101.0)
    reloads.begin()
    assert not reloads.due(1000.0)
    reloads.ask(102.0)
    assert reloads.due(102.0)


def test_a_refused_reload_comes_again_ever_later_until_it_succeeds() -> None:
    """One second, then more each time, thirty at most; an operator who asks again begins anew."""
    reloads = Reloads()
    waits = []
    now = 0.0
    for _ in range(40):
        reloads.begin()
        waits.append(reloads.refused(now))
        assert not reloads.due(now)
        now += waits[-1]
        assert reloads.due(now)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1.0, 30.0)
    reloads.ask(now)
    reloads.begin()
    assert reloads.refused(now) == 1.0


def test_the_wait_between_deaths_has_an_end() -> None:
    """However often a child dies young, its successor comes after thirty seconds at most."""
    assert [growing(times) for times in (0, 1, 2, 3)] == [0.0, 0.0, 0.4, 0.8]
    assert growing(10_000) == 30.0


def test_a_worker_that_died_of_its_mail_is_replaced_at_once() -> None:
    """Such a message is judged apart from then on. To wait would let twenty of them stop all mail for minutes."""
    with socket.socket() as line:
        child = Child(1, line, 0.0, setup())
        places = Places(1, child.setup, [])
        for _ in range(20):
            places.children, places.due = [child], []
            places.lost(child, 1.0, -signal.SIGSEGV, at_work=True)
            assert places.due == [1.0]
        for _ in range(3):
            places.children, places.due = [child], []
            places.lost(child, 1.0, -signal.SIGSEGV)
        assert places.due == [1.0 + growing(3)]


def test_who_is_refused_is_planned_anew() -> None:
    """A fork that fails leaves the place to be filled, later each time; one that succeeds fills it."""
    places = Places(1, setup(), due=[0.0])

    def refuse(_: Places) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    now = 0.0
    for _ in range(20):
        places.fill(refuse, now)
        (due,) = places.due
        assert now < due <= now + 30.0
        now = due
    assert places.refused
    places.fill(lambda _: None, now)
    assert places.due == []
    assert not places.failed


@pytest.mark.parametrize(
    ("code", "refused"), [(69, True), (-signal.SIGKILL, True), (70, False), (-signal.SIGSEGV, False)]
)
def test_how_a_new_worker_died_says_whether_another_try_helps(code: int, refused: bool) -> None:
    """Killed, most likely for its memory, or short of something: later it may succeed."""
    with socket.socket() as line:
        child = Child(1, line, 0.0, setup())
        places = Places(1, child.setup, [child])
        places.lost(child, 1.0, code)
    assert (places.refused, places.failed) == (refused, not refused)


def test_what_a_shortage_is() -> None:
    """Memory, processes, threads, descriptors, space, a disk that turned read-only; also where it is only the cause of
    what was raised."""
    for error in (
        MemoryError(),
        OSError(28, "full"),
        OSError(30, "read-only"),
        RuntimeError("can't start new thread"),
    ):
        assert is_shortage(error)
    wrapped = ValueError("the guard's file")
    wrapped.__cause__ = OSError(24, "Too many open files")
    assert is_shortage(wrapped)
    for other in (PermissionError(13, "no"), FileNotFoundError(2, "no"), RuntimeError("as asked")):
        assert not is_shortage(other)
