"""The milter's side of a worker: libmilter's main loop on a thread of its own.

To drain, an idle socket takes the place of the listening one in this process (`dup2`), because libmilter has no other
way to stop listening and to go on with its sessions. main() does not return in normal operation.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable

import Milter

from sekisho.judging.judging_pool import JudgingPool
from sekisho.wire.options import WireOptions
from sekisho.wire.session import Sessions

NAME = "sekisho"


class MilterDoor:
    """Implements `daemon.Door`."""

    option = "wire.socket"

    def __init__(self, options: WireOptions) -> None:
        self.listening = options

    def front(self, listener: socket.socket, report: Callable[[int], None], pool: JudgingPool) -> MilterFront:
        """The side of one worker; `report` gets its number of sessions."""
        return MilterFront(listener, self.listening, Sessions(pool, report))


class MilterFront:
    """Implements `judging.worker.Front`."""

    def __init__(self, listener: socket.socket, options: WireOptions, sessions: Sessions) -> None:
        self._listener = listener
        self._options = options
        self._sessions = sessions

    @property
    def open_count(self) -> int:
        """The number of open sessions."""
        return self._sessions.open_count

    @property
    def closing(self) -> bool:
        """True when each session is to end at its next message."""
        return self._sessions.closing

    @closing.setter
    def closing(self, value: bool) -> None:
        self._sessions.closing = value

    @property
    def failure(self) -> str:
        """Why this worker must be replaced; empty while there is no reason."""
        return "memory ran out in a step of a message" if self._sessions.exhausted else ""

    def thread(self) -> threading.Thread:
        """Set libmilter up. Returns the thread of its main loop."""
        Milter.settimeout(self._options.session_timeout)
        Milter.setconn(f"fd:{self._listener.fileno()}")
        self._sessions.register(NAME)
        return threading.Thread(target=Milter.main, name="libmilter", daemon=True)

    def stop_listening(self) -> None:
        """Take no more connections in this process."""
        lay_idle_over(self._listener)


def lay_idle_over(listener: socket.socket) -> None:
    """Replace the listener, in this process only, by a socket that nothing connects to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as idle:
        idle.bind("")  # Linux picks an abstract address (unix(7), autobind)
        idle.listen(1)
        idle.setblocking(False)
        os.dup2(idle.fileno(), listener.fileno(), inheritable=False)
