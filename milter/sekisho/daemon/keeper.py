"""The keeper's process: everything periodic, apart from the mail. It runs until told, or until left alone."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable
from typing import Protocol

from sekisho.wire.server import READY

RELOAD = b"L"
"""What a keeper says to the supervisor when something changed that only a new generation will see."""


class Keeper(Protocol):
    """What `compose.keeper(config, board)` returns."""

    def run(self, stop: threading.Event, reload: Callable[[], None]) -> None:
        """Work (metrics endpoint, gauges, retention) until `stop` is set, then close everything.

        `reload` asks the supervisor for a new generation, as SIGHUP would; it never raises."""


def keep(keeper: Keeper, line: socket.socket) -> None:
    """Run the keeper until the supervisor says so, is gone, or SIGTERM comes."""
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    line.send(READY)
    threading.Thread(target=_watch, args=(line, stop), name="line", daemon=True).start()

    def reload() -> None:
        with contextlib.suppress(OSError):
            line.send(RELOAD)

    keeper.run(stop, reload)


def _watch(line: socket.socket, stop: threading.Event) -> None:
    """Any word, or the line closing, means stop."""
    try:
        line.recv(1)
    finally:
        stop.set()
