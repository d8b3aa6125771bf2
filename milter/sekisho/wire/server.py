"""One worker's life: serve the shared socket, drain when told, leave.

libmilter's main() runs on a thread of its own, so that the process's first thread stays free: it reads the
control socket and takes signals. Linux gives a signal for the process to the first thread if that does not
block it, hence libmilter's own signal thread never sees SIGTERM (it would stop at once, with sessions open,
and remove the socket's file). All other threads block signals.

To leave, an idle socket is laid over the listening one (`dup2`): libmilter goes on with the sessions it has
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
from functools import partial
from typing import NoReturn

import Milter

from sekisho.ports import Clock
from sekisho.wire.allocator import give_back
from sekisho.wire.handlers import Handlers
from sekisho.wire.in_flight import Failures, InFlight
from sekisho.wire.judging_pool import JudgingPool
from sekisho.wire.options import WireOptions
from sekisho.wire.session import Sessions
from sekisho.wire.trial import ask

LOG = logging.getLogger("sekisho.wire")
NAME = "sekisho"
READY = b"R"
DRAIN = b"D"  # the daemon stops
RETIRE = b"E"  # a new generation has taken over
_EMPTY, _LATE = b"empty", b"late"  # how waiting for sessions may end, besides DRAIN
_IDLE = 310.0  # seconds; Postfix ends a session that sends nothing after 300 (smtpd_timeout)
_TICK = 0.25
_GRACE = 0.3  # a connection that libmilter has accepted but not yet shown us may still be under way
_OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Server:
    """One worker. `run` never returns."""

    def __init__(
        self,
        listener: socket.socket,
        handlers: Handlers,
        options: WireOptions,
        in_flight: InFlight,
        failures: Failures,
        clock: Clock,
        report: Callable[[int], None],
    ) -> None:
        self._listener = listener
        self._handlers = handlers
        self._options = options
        self._clock = clock
        self._in_flight = in_flight
        self._pool = JudgingPool(handlers, options, in_flight, failures, clock)
        self._sessions = Sessions(self._pool, report)
        self._leaving = False
        self._lame = ""  # why this worker is to be replaced

    def run(self, control: socket.socket) -> NoReturn:
        """Serve until `control` says drain or closes, or SIGTERM comes; then drain and leave with status 0.

        `control` gets READY once connections are taken. Status 70 if libmilter ends by itself.
        """
        faulthandler.enable()
        threading.excepthook = self._on_dead_thread
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        libmilter = self._start(control)
        control.send(READY)
        word = b""
        while libmilter.is_alive() and not word:
            word = self._told(control)
        status = 70
        if libmilter.is_alive():
            status = 0
            self._leave(control, word)
            self._in_flight.clear()
        self._handlers.close()
        logging.shutdown()
        os._exit(status)

    def _on_term(self, *_: object) -> None:
        self._leaving = True

    def _on_dead_thread(self, dead: threading.ExceptHookArgs) -> None:
        """A thread that works for as long as the process lives has ended, most likely without memory even to wait."""
        self._lame = "a thread ended"  # this needs no memory
        self._lame = f"a thread ended ({dead.exc_type.__name__})"

    def _start(self, control: socket.socket) -> threading.Thread:
        """Our threads and libmilter's, none of which takes signals."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
        try:
            give_back()
            self._pool.start(partial(ask, control, 2 * self._options.hard_deadline))
            Milter.settimeout(self._options.session_timeout)
            Milter.setconn(f"fd:{self._listener.fileno()}")
            self._sessions.register(NAME)
            gc.collect()
            gc.freeze()
            thread = threading.Thread(target=Milter.main, name="libmilter", daemon=True)
            thread.start()
            return thread
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _told(self, control: socket.socket | None, seconds: float = _TICK) -> bytes:
        """Give a sign of life and wait a little for a word from the supervisor, if it is heard. Its end of the line
        closing, SIGTERM and a worker that ran out of memory mean DRAIN."""
        self._in_flight.beat()
        readable, _, _ = select.select([control] if control else [], [], [], seconds)
        self._look()
        if self._leaving:
            return DRAIN
        return (control.recv(1) or DRAIN) if control and readable else b""

    def _look(self) -> None:
        """What the callbacks need to know without asking, and what they had no memory to say."""
        try:
            self._pool.look()
            if self._sessions.exhausted:
                self._lame = "memory ran out in a step of a message"
            if self._lame and not self._leaving:
                self._leaving = True
                LOG.error("%s; this worker leaves and is replaced", self._lame)
        except Exception:
            LOG.exception("what was to be looked at now and then could not be")

    def _leave(self, control: socket.socket, word: bytes) -> None:
        """Take no more connections and stay until the open ones have ended, or their time is over.

        Postfix connects to a milter once for each SMTP session, and fails the rest of a session whose milter is
        gone. So sessions that outlive a reload keep their worker; those that never end are ended in order.
        """
        lay_idle_over(self._listener)
        if word == RETIRE:
            word = self._linger(self._options.retire_timeout, control)
            if word == _LATE:
                LOG.warning(
                    "%d sessions outlive a reload: each ends with its next message", self._sessions.open_count
                )
                self._sessions.closing = True
                word = self._linger(_IDLE, control)
        if word == DRAIN:
            word = self._linger(self._options.drain_timeout)
        if word != _EMPTY:
            LOG.warning("left with %d sessions open: their time is over", self._sessions.open_count)

    def _linger(self, seconds: float, control: socket.socket | None = None) -> bytes:
        """Wait until no session is open, or the time is over, or the supervisor, if it is heard, says drain."""
        end = self._clock.monotonic() + seconds
        quiet_since = None
        while (now := self._clock.monotonic()) < end:
            quiet_since = None if self._sessions.open_count else quiet_since or now
            if quiet_since and now - quiet_since >= _GRACE:
                return _EMPTY
            if self._told(control, _TICK / 2) and control is not None:
                return DRAIN
        return _LATE


def lay_idle_over(listener: socket.socket) -> None:
    """Put a socket that nobody can reach in the listener's place, in this process only."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as idle:
        idle.bind("")  # Linux picks an abstract address of its own
        idle.listen(1)
        idle.setblocking(False)
        os.dup2(idle.fileno(), listener.fileno(), inheritable=False)
