"""Processes that judge one message each, for messages that were at work when a worker died (`wire.trial`).

A worker asks, the supervisor forks. Only few run at once, so that a crowd of suspects leaves the processors to
the workers; the others wait. A process that dies over its message, or is stuck on it, has shown that the message
is to blame: it is remembered, and the worker that waits is told.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sekisho.daemon.child import Child, Closable, fork
from sekisho.daemon.setup import Setup
from sekisho.ports import Clock
from sekisho.wire import trial
from sekisho.wire.in_flight import Failures, InFlight

LOG = logging.getLogger("sekisho.daemon")
MAX_RUNNING = 4
MAX_WAITING = 256  # two descriptors each; who is refused gets a 451 and comes again


@dataclass(eq=False, slots=True)
class TrialRequest:
    """A message to be judged: where the answer goes, the sheet it stands on, and by which configuration."""

    seat: socket.socket
    sheet: BinaryIO
    setup: Setup
    since: float

    @property
    def abandoned(self) -> bool:
        """True if nobody waits any more."""
        try:
            return self.seat.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def answer(self, word: bytes) -> None:
        """Tell who waits, if anybody does, and let go of it."""
        with contextlib.suppress(OSError):
            self.seat.send(word, socket.MSG_DONTWAIT)
        self.seat.close()
        self.sheet.close()


class Trials:
    """The running ones and the waiting ones. Belongs to the supervisor."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[Child, TrialRequest] = {}
        self._waiting: list[TrialRequest] = []
        self._refused = False

    @property
    def children(self) -> Iterator[Child]:
        """The processes that judge one message each."""
        yield from self._running

    @property
    def open(self) -> Iterator[Closable]:
        """What a child that is forked for something else must not keep."""
        for asked in (*self._running.values(), *self._waiting):
            yield from (asked.seat, asked.sheet)

    def ask(self, handed: list[int], setup: Setup) -> None:
        """Take the two descriptors of a worker; fewer arrive where we may open no more."""
        if len(handed) != 2:
            for each in handed:
                os.close(each)
            return
        seat = socket.socket(fileno=handed[0])
        asked = TrialRequest(seat, os.fdopen(handed[1], "r+b"), setup, self._clock.monotonic())
        if len(self._waiting) >= MAX_WAITING:
            asked.answer(trial.REFUSED)
        else:
            self._waiting.append(asked)

    def turn(self, failures: Failures, inherited: Callable[[], Iterable[Closable]]) -> None:
        """Fork for those that wait, as far as there is room; give up those for which it is too late."""
        now = self._clock.monotonic()
        for asked in list(self._waiting):
            if not asked.abandoned and now - asked.since <= asked.setup.wire.hard_deadline:
                continue
            self._waiting.remove(asked)
            asked.answer(trial.REFUSED)
        while self._waiting and len(self._running) < MAX_RUNNING:
            try:
                child = self._fork(self._waiting[0], failures, inherited())
            except OSError as error:
                if not self._refused:
                    LOG.error("a message cannot be judged apart: %s; it is tried again", error)
                self._refused = True
                return
            self._refused = False
            self._running[child] = self._waiting.pop(0)

    def _fork(self, asked: TrialRequest, failures: Failures, inherited: Iterable[Closable]) -> Child:
        slots = InFlight(1)
        seat, sheet, build, clock = asked.seat, asked.sheet, asked.setup.build, self._clock

        def body(_: socket.socket) -> None:
            trial.judge(seat, sheet, build, slots, failures, clock)

        foreign = [each for each in inherited if each is not seat and each is not sheet]
        child = fork(body, foreign, self._clock.monotonic(), asked.setup)
        child.slots = slots
        return child

    def ended(self, child: Child, died_over: bool) -> None:
        """It is gone. If its message did that, the worker that waits is told; else nobody could judge it."""
        self._running.pop(child).answer(trial.FAILED if died_over else trial.REFUSED)
