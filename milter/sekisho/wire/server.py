"""One worker's life: serve the shared socket, drain when told, leave.

libmilter's main() runs on a thread of its own, so that the process's first thread stays free: it reads the
control socket and takes signals. Linux gives a signal for the process to the first thread if that does not
block it, hence libmilter's own signal thread never sees SIGTERM (it would stop at once, with sessions open,
and remove the socket's file). All other threads block signals.

To drain, an idle socket is laid over the listening one (`dup2`): libmilter goes on with the sessions it has
and gets no new ones, while the siblings keep the real socket. main() never returns in an orderly life; the
process leaves by `os._exit` when its last session has closed or the time is up.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from typing import NoReturn

import Milter

from sekisho.ports import Clock
from sekisho.wire.allocator import give_back
from sekisho.wire.desk import Desk
from sekisho.wire.handlers import Handlers
from sekisho.wire.options import WireOptions
from sekisho.wire.session import Door
from sekisho.wire.slots import Failures, Slots

LOG = logging.getLogger("sekisho.wire")
NAME = "sekisho"
READY = b"R"
DRAIN = b"D"
_TICK = 0.1
_GRACE = 0.3  # a connection that libmilter has accepted but not yet shown us may still be under way
_OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Server:
    """One worker. `run` never returns."""

    def __init__(
        self,
        listener: socket.socket,
        handlers: Handlers,
        options: WireOptions,
        slots: Slots,
        failures: Failures,
        clock: Clock,
        report: Callable[[int], None],
    ) -> None:
        self._listener = listener
        self._handlers = handlers
        self._options = options
        self._clock = clock
        self._desk = Desk(handlers, options, slots, failures, clock)
        self._door = Door(self._desk, report)
        self._leaving = False

    def run(self, control: socket.socket) -> NoReturn:
        """Serve until `control` says drain or closes, or SIGTERM comes; then drain and leave with status 0.

        `control` gets READY once connections are taken. Status 70 if libmilter ends by itself.
        """
        faulthandler.enable()
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        libmilter = self._start()
        control.send(READY)
        while libmilter.is_alive() and not self._told_to_leave(control):
            pass
        status = self._drain() if libmilter.is_alive() else 70
        self._handlers.close()
        logging.shutdown()
        os._exit(status)

    def _on_term(self, *_: object) -> None:
        self._leaving = True

    def _start(self) -> threading.Thread:
        """Our threads and libmilter's, none of which takes signals."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
        try:
            give_back()
            self._desk.start()
            Milter.settimeout(self._options.session_timeout)
            Milter.setconn(f"fd:{self._listener.fileno()}")
            self._door.register(NAME)
            gc.collect()
            gc.freeze()
            thread = threading.Thread(target=Milter.main, name="libmilter", daemon=True)
            thread.start()
            return thread
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _told_to_leave(self, control: socket.socket) -> bool:
        """Wait a little for a word from the supervisor; its end of the line closing is one, too."""
        readable, _, _ = select.select([control], [], [], _TICK)
        self._look()
        told = bool(readable) and control.recv(1) in (DRAIN, b"")
        if self._door.exhausted:
            LOG.error("memory ran out at the end of a message; this worker leaves and is replaced")
        return self._leaving or told or self._door.exhausted

    def _look(self) -> None:
        try:
            self._desk.look()
        except Exception:
            LOG.exception("what was to be looked at now and then could not be")

    def _drain(self) -> int:
        lay_idle_over(self._listener)
        end = self._clock.monotonic() + self._options.drain_timeout
        quiet_since = None
        while (now := self._clock.monotonic()) < end:
            quiet_since = None if self._door.sessions else quiet_since or now
            if quiet_since and now - quiet_since >= _GRACE:
                return 0
            select.select([], [], [], _TICK / 2)
        LOG.warning("left with %d sessions open: drain_timeout is over", self._door.sessions)
        return 0


def lay_idle_over(listener: socket.socket) -> None:
    """Put a socket that nobody can reach in the listener's place, in this process only."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as idle:
        idle.bind("")  # Linux picks an abstract address of its own
        idle.listen(1)
        idle.setblocking(False)
        os.dup2(idle.fileno(), listener.fileno(), inheritable=False)
