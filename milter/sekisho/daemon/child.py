"""A child process as the supervisor sees it, and how it is forked.

Supervisor and child have the two ends of a socket pair of type SOCK_SEQPACKET (each word is one packet). The child
sends READY, the supervisor sends DRAIN, and each of them sees the death of the other as the end of the connection. A
child closes the ends that belong to earlier children; otherwise these would never see it.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sekisho.daemon.setup import Setup
from sekisho.events import lifecycle
from sekisho.judging.in_flight import InFlight
from sekisho.processes import RestartCause

LOG = logging.getLogger("sekisho.daemon")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
STATUS_LATER = 69  # EX_UNAVAILABLE: something needed is not there yet
STATUS_OURS = 70  # EX_SOFTWARE: an error of ours
_SHORTAGES = {
    errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.ENOBUFS,
    errno.EINTR, errno.EIO, errno.EROFS, errno.EBUSY, errno.ETIMEDOUT,
}  # fmt: skip
_MAX_WORDS = 64  # read at once at most; the rest is read at the next turn


class Closable(Protocol):
    """A socket, a file, or a thread that can be ended."""

    def close(self) -> None:
        """Close or end it."""


@dataclass(eq=False, slots=True)
class Child:
    """One child process.

    `line` is our end of the socket pair, `born` its start (monotonic seconds), `setup` the configuration that it has.
    `row` is its index on the scoreboard (workers only). `in_flight` shows its messages in progress. `cause` is set
    if the supervisor ends it for a failure, `stopped` if it ends it because the daemon ends."""

    pid: int
    line: socket.socket
    born: float
    setup: Setup
    row: int | None = None
    maintenance: bool = False
    in_flight: InFlight | None = None
    ready: bool = False
    draining: bool = False
    cause: RestartCause | None = None
    stopped: bool = False

    def tell(self, word: bytes) -> None:
        """Send a word to the child. Does nothing if the child is gone."""
        with contextlib.suppress(OSError):
            self.line.send(word)

    def stop(self) -> None:
        """End it at once, because the daemon ends."""
        self.stopped = True
        self.kill()

    def kill(self, cause: RestartCause | None = None) -> None:
        """End it at once (SIGKILL). The child is not reaped yet, so the process id is still its own."""
        self.cause = self.cause or cause
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def heard(self) -> Iterator[tuple[bytes, list[int]]]:
        """The words that the child has sent, each with the file descriptors that came with it."""
        for _ in range(_MAX_WORDS):
            try:
                word, handed, _, _ = socket.recv_fds(self.line, 64, 2)
            except OSError:
                return
            if not word:
                return
            yield word, handed


def fork(
    body: Callable[[socket.socket], None], inherited: Iterable[Closable], born: float, setup: Setup
) -> Child:
    """Run `body(line)` in a new process. It ends with status 0; with 69 if `body` raises because something is missing
    that may come back (see `is_shortage`); or with 70 if `body` raises anything else.

    `inherited` are sockets and files of the supervisor that the child must not keep. `born` is the present monotonic
    time in seconds. Raises OSError if the machine has no process or no descriptor for us; nothing is left open then.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        pid = os.fork()
        if pid == 0:
            _be_child(body, theirs, [ours, *inherited], before)
    except OSError:
        ours.close()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
    ours.setblocking(False)
    return Child(pid, ours, born, setup)


def _be_child(
    body: Callable[[socket.socket], None],
    line: socket.socket,
    foreign: Iterable[Closable],
    mask: Iterable[int],
) -> None:
    """Never returns."""
    status = STATUS_OURS
    try:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        for each in foreign:
            each.close()
        faulthandler.enable()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        body(line)
        status = 0
    except BaseException as error:
        status = STATUS_LATER if is_shortage(error) else STATUS_OURS
        lifecycle.PROCESS_FAILED.failed(LOG, error)
    finally:
        logging.shutdown()
        os._exit(status)


def is_shortage(error: BaseException) -> bool:
    """True if the error, or its cause, says that the machine is short of a resource: later it may succeed."""
    if isinstance(error.__cause__, OSError):
        error = error.__cause__
    if isinstance(error, OSError):
        return error.errno in _SHORTAGES
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "new thread" in str(error))


def cause_of(code: int) -> RestartCause:
    """Why a process that was ready is replaced, by its exit status (`code`); a negative one is a signal."""
    if code < 0:
        return RestartCause.KILLED
    return RestartCause.CRASH if code else RestartCause.OTHER


def how(code: int) -> str:
    """How a process ended, for the log, by its exit status (`code`): `signal 9` or `status 70`."""
    return f"signal {-code}" if code < 0 else f"status {code}"
