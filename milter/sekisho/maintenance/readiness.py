"""Tells whether mail would be accepted now, and if not, why. Belongs to the maintenance process.

- `workers`: no worker is ready for connections.
- `milter` (of the SMTP door: `smtp`): our own socket does not answer. Every few seconds a round of several connections
  is made at once, as an MTA makes them, and each must be answered within two seconds. Workers share the socket, and a
  worker that hangs takes its share of the connections, so all must be answered. We are not ready after two rounds in a
  row with an unanswered connection, or after one round without any answer.
- Other reasons, by callables that the caller passes.

The result is kept, so a client of /readyz never waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial

from sekisho.events import watching
from sekisho.judging import probe
from sekisho.processes import ReadyReason

LOG = logging.getLogger("sekisho.maintenance")
ANSWER_SECONDS = 2.0
"""Seconds within which a negotiation must be answered."""
ROUND_SECONDS = 5.0
"""Seconds between two rounds while the socket answers."""
RETRY_SECONDS = 0.2
"""Seconds between two rounds while it does not."""
MAX_CONNECTIONS = 16
"""Connections of one round, at most; up to that, two for each worker."""
MAX_GAPS = 2
"""Rounds in a row with an unanswered connection that make us not ready."""


class SocketProbe:
    """Tests our own socket. `ask(tries)` makes connections and gives how many were answered;
    `count(answered, unanswered)` counts them. `reason` is what is said while it does not answer."""

    def __init__(
        self,
        ask: Callable[[int], int],
        count: Callable[[int, int], object],
        reason: ReadyReason = ReadyReason.MILTER,
    ) -> None:
        self.reason = reason
        self._ask = ask
        self._count = count
        self._gaps = 0
        self.answers = False

    def turn(self, workers: int) -> None:
        """Make one round of connections; `workers` is the number of workers. While the socket does not answer, a round
        is a single connection, since unanswered ones fill the socket's queue, in which real mail waits."""
        if not self.answers and self._made(1) == 0:
            return
        tries = min(MAX_CONNECTIONS, max(2, 2 * workers))
        answered = self._made(tries)
        self._gaps = self._gaps + 1 if answered < tries else 0
        if self._gaps == 0 or answered == 0 or self._gaps >= MAX_GAPS:
            self.answers = self._gaps == 0

    def _made(self, tries: int) -> int:
        answered = self._ask(tries)
        self._count(answered, tries - answered)
        return answered


class Readiness:
    """Checks every few seconds, in a thread of its own.

    `workers` gives the number of ready workers. `checks` has the other reasons, each with a function that gives True
    while the reason does not apply. `tell` gets the reasons after each check.
    """

    def __init__(
        self,
        probed: SocketProbe,
        workers: Callable[[], int],
        checks: Mapping[ReadyReason, Callable[[], bool]],
        tell: Callable[[tuple[ReadyReason, ...]], object],
    ) -> None:
        self._probed = probed
        self._workers = workers
        self._checks = dict(checks)
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="readiness", daemon=True)
        self._said: tuple[ReadyReason, ...] = ()

    def start(self) -> None:
        """Check once, then start the thread that goes on checking."""
        self._look()
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(ANSWER_SECONDS * 2)

    def reasons(self) -> tuple[ReadyReason, ...]:
        """The reasons why mail would not be accepted now; empty if it would."""
        found = {
            ReadyReason.WORKERS: self._workers() > 0,
            self._probed.reason: self._probed.answers,
            **{name: check() for name, check in self._checks.items()},
        }
        return tuple(name for name, good in found.items() if not good)

    def _work(self) -> None:
        while not self._stop.wait(ROUND_SECONDS if self._probed.answers else RETRY_SECONDS):
            self._look()

    def _look(self) -> None:
        try:
            self._probed.turn(self._workers())
            reasons = self.reasons()
            self._say(reasons)
            self._tell(reasons)
        except Exception as error:
            watching.READINESS_UNKNOWN.failed(LOG, error)

    def _say(self, reasons: tuple[ReadyReason, ...]) -> None:
        if reasons == self._said:
            return
        self._said = reasons
        if reasons:
            watching.NOT_READY.write(LOG, reasons=reasons)
        else:
            watching.READY_AGAIN.write(LOG)


def of_socket(own: probe.OwnSocket, count: Callable[[int, int], object]) -> SocketProbe:
    """A probe of the real socket."""
    return SocketProbe(partial(_asked, own), count, own.reason)


def _asked(own: probe.OwnSocket, tries: int) -> int:
    return probe.answered(own.where, own.talk, tries, ANSWER_SECONDS)
