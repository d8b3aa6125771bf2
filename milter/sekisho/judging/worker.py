"""One worker's life: serve the shared socket, drain when told, end.

The door's front (libmilter, or an SMTP server) runs on a thread of its own, so that the main thread is free: it reads
the control socket and takes signals. Linux gives a signal for the process to the main thread if that does not block it.
So libmilter's own signal thread never sees SIGTERM; it would stop at once, with sessions open, and remove the socket's
file. All other threads block signals.

To drain, the front stops listening in this process: it goes on with its open sessions and gets no new ones, while the
other workers keep the real socket. The process ends by `os._exit` when its last session has closed or the time is over.
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
from typing import NoReturn, Protocol

from sekisho.events import lifecycle
from sekisho.judging.allocator import give_back
from sekisho.judging.handlers import Handlers
from sekisho.judging.in_flight import Failures, InFlight
from sekisho.judging.judging_pool import JudgingPool
from sekisho.judging.options import WorkerOptions
from sekisho.judging.trial import ask
from sekisho.ports import Clock

LOG = logging.getLogger("sekisho.judging")
READY = b"R"
DRAIN = b"D"  # the daemon stops
RETIRE = b"E"  # a new generation of workers has taken over
_EMPTY, _LATE = b"empty", b"late"  # how waiting for sessions may end, besides DRAIN
_IDLE_SECONDS = 310.0  # Postfix ends a session that sends nothing after 300 seconds (smtpd_timeout)
_TICK_SECONDS = 0.25
_GRACE_SECONDS = 0.3  # the front may have accepted a connection of which it has not told yet
_OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Front(Protocol):
    """A door's side of a worker: it speaks a protocol with the MTA, and has its messages judged in the pool."""

    closing: bool
    """Set to True when each session is to end at its next message."""

    @property
    def open_count(self) -> int:
        """The number of open sessions."""

    @property
    def failure(self) -> str:
        """Why this worker must be replaced; empty while there is no reason."""

    def thread(self) -> threading.Thread:
        """Make everything ready. Returns the thread that serves, not started yet; if it ends by itself, the worker has
        failed."""

    def stop_listening(self) -> None:
        """Take no more connections in this process. Open sessions go on."""


class Worker:
    """One worker. `run` never returns."""

    def __init__(
        self,
        handlers: Handlers,
        options: WorkerOptions,
        in_flight: InFlight,
        failures: Failures,
        clock: Clock,
        front: Callable[[JudgingPool], Front],
    ) -> None:
        self._handlers = handlers
        self._options = options
        self._clock = clock
        self._in_flight = in_flight
        self._pool = JudgingPool(handlers, options, in_flight, failures, clock)
        self._front = front(self._pool)
        self._leaving = False
        self._failure = ""  # why this worker must be replaced

    def run(self, control: socket.socket) -> NoReturn:
        """Serve until `control` says drain or closes, or SIGTERM comes; then drain and end with status 0.

        READY is sent on `control` when connections are taken. If the front ends by itself, the status is 70.
        """
        faulthandler.enable()
        threading.excepthook = self._on_dead_thread
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        serving = self._start(control)
        control.send(READY)
        word = b""
        while serving.is_alive() and not word:
            word = self._told(control)
        status = 70
        if serving.is_alive():
            status = 0
            self._leave(control, word)
            self._in_flight.clear()
        self._handlers.close()
        logging.shutdown()
        os._exit(status)

    def _on_term(self, *_: object) -> None:
        self._leaving = True

    def _on_dead_thread(self, dead: threading.ExceptHookArgs) -> None:
        """A thread that must live as long as the process has ended. Probably there was no memory, not even to wait."""
        self._failure = "a thread ended"  # this needs no memory
        self._failure = f"a thread ended ({dead.exc_type.__name__})"

    def _start(self, control: socket.socket) -> threading.Thread:
        """Start our threads and the front's. They all block signals."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
        try:
            give_back()
            self._pool.start(partial(ask, control, 2 * self._options.hard_deadline))
            thread = self._front.thread()
            gc.collect()
            gc.freeze()
            thread.start()
            return thread
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _told(self, control: socket.socket | None, seconds: float = _TICK_SECONDS) -> bytes:
        """Give a sign of life, and wait `seconds` for a word from the supervisor. It is DRAIN if the supervisor has
        closed its end, if SIGTERM came, or if this worker ran out of memory. Empty if there is no word. With no
        `control` the supervisor is not read."""
        self._in_flight.beat()
        readable, _, _ = select.select([control] if control else [], [], [], seconds)
        self._look()
        if self._leaving:
            return DRAIN
        return (control.recv(1) or DRAIN) if control and readable else b""

    def _look(self) -> None:
        """Update what the front reads, and report what it had no memory to report."""
        try:
            self._pool.look()
            self._failure = self._front.failure or self._failure
            if self._failure and not self._leaving:
                self._leaving = True
                lifecycle.WORKER_FAILED.write(LOG, f"{self._failure}; this worker ends and is replaced")
        except Exception as error:
            lifecycle.WORKER_FAILED.failed(LOG, error, "its periodic work")

    def _leave(self, control: socket.socket, word: bytes) -> None:
        """Take no more connections, and wait until the open ones have ended or their time is over.

        Postfix connects to a milter once for each SMTP session. If the milter is gone, the rest of the session fails.
        So sessions that are open at a reload keep their worker; a session that does not end gets 421 at its next
        message.
        """
        self._front.stop_listening()
        if word == RETIRE:
            word = self._linger(self._options.retire_timeout, control)
            if word == _LATE:
                lifecycle.WORKER_LATE.write(
                    LOG, sessions=self._front.open_count, then="each ends at its next message"
                )
                self._front.closing = True
                word = self._linger(_IDLE_SECONDS, control)
        if word == DRAIN:
            word = self._linger(self._options.drain_timeout)
        if word != _EMPTY:
            lifecycle.WORKER_LATE.write(LOG, sessions=self._front.open_count, then="they end now")

    def _linger(self, seconds: float, control: socket.socket | None = None) -> bytes:
        """Wait until no session is open (_EMPTY), the seconds are over (_LATE), or the supervisor says DRAIN. With no
        `control` the supervisor is not read."""
        end = self._clock.monotonic() + seconds
        quiet_since = None
        while (now := self._clock.monotonic()) < end:
            quiet_since = None if self._front.open_count else quiet_since or now
            if quiet_since and now - quiet_since >= _GRACE_SECONDS:
                return _EMPTY
            if self._told(control, _TICK_SECONDS / 2) and control is not None:
                return DRAIN
        return _LATE
