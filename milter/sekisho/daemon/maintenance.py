"""The maintenance process: everything that is periodic, apart from mail. It runs until the supervisor tells it to stop
or is gone."""

from __future__ import annotations

import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Protocol

from sekisho.judging.worker import READY

_BEAT_SECONDS = 0.5  # seconds between two signs of life


class MaintenancePort(Protocol):
    """The work of the maintenance process. `maintenance.Maintenance` implements it."""

    def run(self, stop: threading.Event) -> None:
        """Work (metrics endpoint, gauges, retention) until `stop` is set, and close everything then."""


def run_maintenance(maintenance: MaintenancePort, line: socket.socket, beat: Callable[[], None]) -> None:
    """Run until the supervisor sends a word, is gone, or SIGTERM comes. `beat` gives a sign of life.

    The sign shows that the process runs, not that its tasks make progress: a task may take long. Readiness watches the
    tasks.
    """
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    line.send(READY)
    threading.Thread(target=_watch, args=(line, stop, beat), name="line", daemon=True).start()
    maintenance.run(stop)


def _watch(line: socket.socket, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Any word, or the end of the connection, means stop. Signs of life are given until the process ends."""
    heard = [line]
    while True:
        beat()
        if heard and select.select(heard, [], [], _BEAT_SECONDS)[0]:
            heard = []
            stop.set()
        elif not heard:
            time.sleep(_BEAT_SECONDS)
