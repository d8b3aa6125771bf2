"""Processes that judge one message each, for messages that were in progress when a worker died (`judging.trial`).

A worker asks, and the supervisor forks. Only few run at once, so that many suspects do not take the processors from the
workers; the others wait. If a process dies over its message, or is stuck on it, the message is to blame: it is noted as
failed, and the worker that waits is told.
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
from sekisho.events import lifecycle
from sekisho.judging import trial
from sekisho.judging.in_flight import Failures, InFlight
from sekisho.ports import Clock

LOG = logging.getLogger("sekisho.daemon")
MAX_RUNNING = 4
MAX_WAITING = 256  # two descriptors each; if there are more, the message gets a 451 and is sent again


@dataclass(eq=False, slots=True)
class TrialRequest:
    """A message to be judged: the socket for the answer, the memory that holds it (`judging.trial`), the configuration,
    and the time of the request (monotonic seconds)."""

    seat: socket.socket
    sheet: BinaryIO
    setup: Setup
    since: float

    @property
    def abandoned(self) -> bool:
        """True if the worker no longer waits."""
        try:
            return self.seat.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def answer(self, word: bytes) -> None:
        """Send the answer to the worker, if it still waits, and close everything."""
        with contextlib.suppress(OSError):
            self.seat.send(word, socket.MSG_DONTWAIT)
        self.seat.close()
        self.sheet.close()


class Trials:
    """The running and the waiting requests. Belongs to the supervisor."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[Child, TrialRequest] = {}
        self._waiting: list[TrialRequest] = []
        self._refused = False

    @property
    def children(self) -> Iterator[Child]:
        """The processes that judge now."""
        yield from self._running

    @property
    def open(self) -> Iterator[Closable]:
        """The sockets and files that other children must not keep."""
        for asked in (*self._running.values(), *self._waiting):
            yield from (asked.seat, asked.sheet)

    def ask(self, handed: list[int], setup: Setup) -> None:
        """Take a request: the two file descriptors that a worker sent. Fewer arrive if this process may open no more;
        then they are closed, and the worker gets no answer."""
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
        """Fork for waiting requests, as far as there is room. Refuse those that wait too long or are abandoned."""
        now = self._clock.monotonic()
        for asked in list(self._waiting):
            if not asked.abandoned and now - asked.since <= asked.setup.workers.hard_deadline:
                continue
            self._waiting.remove(asked)
            asked.answer(trial.REFUSED)
        while self._waiting and len(self._running) < MAX_RUNNING:
            try:
                child = self._fork(self._waiting[0], failures, inherited())
            except OSError as error:
                if not self._refused:
                    lifecycle.TRIAL_REFUSED.write(LOG, reason=error.strerror or error)
                self._refused = True
                return
            self._refused = False
            self._running[child] = self._waiting.pop(0)

    def _fork(self, asked: TrialRequest, failures: Failures, inherited: Iterable[Closable]) -> Child:
        in_flight = InFlight(1)
        seat, sheet, build, clock = asked.seat, asked.sheet, asked.setup.build, self._clock

        def body(_: socket.socket) -> None:
            trial.judge(seat, sheet, build, in_flight, failures, clock)

        foreign = [each for each in inherited if each is not seat and each is not sheet]
        child = fork(body, foreign, self._clock.monotonic(), asked.setup)
        child.in_flight = in_flight
        return child

    def ended(self, child: Child, died_over: bool) -> None:
        """A process has ended. The worker is told that the message failed (`died_over`), or that it could not be
        judged."""
        self._running.pop(child).answer(trial.FAILED if died_over else trial.REFUSED)
