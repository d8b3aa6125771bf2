"""A process of ours seen from the supervisor, and how it is forked.

Supervisor and child hold the two ends of a socket pair that keeps words apart: the child writes READY, the
supervisor DRAIN, and either learns of the other's death by the line closing. A child closes its elder siblings'
ends, or they would never learn.
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
from sekisho.processes import RestartCause
from sekisho.wire.in_flight import InFlight

LOG = logging.getLogger("sekisho.daemon")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
STATUS_LATER = 69  # EX_UNAVAILABLE: something needed is not there yet
STATUS_OURS = 70  # EX_SOFTWARE
_SHORTAGES = {
    errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.ENOBUFS,
    errno.EINTR, errno.EIO, errno.EROFS, errno.EBUSY, errno.ETIMEDOUT,
}  # fmt: skip
_MAX_WORDS = 64  # read at one time; the rest is there at the next


class Closable(Protocol):
    """What is closed when it is of no more use: a socket, a file, a thread that runs beside others."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(eq=False, slots=True)
class Child:
    """`setup` is what it was made by, `row` the place on the board (workers only); `cause` is set when the
    supervisor itself ends it for a failure, `stopped` when it ends it because the daemon ends."""

    pid: int
    line: socket.socket
    born: float
    setup: Setup
    row: int | None = None
    slots: InFlight | None = None
    ready: bool = False
    draining: bool = False
    cause: RestartCause | None = None
    stopped: bool = False

    def tell(self, word: bytes) -> None:
        """Say it, if anybody is there to hear."""
        with contextlib.suppress(OSError):
            self.line.send(word)

    def stop(self) -> None:
        """End it at once, because the daemon ends."""
        self.stopped = True
        self.kill()

    def kill(self, cause: RestartCause | None = None) -> None:
        """End it at once. The child is not reaped yet, so the number is still its own."""
        self.cause = self.cause or cause
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def heard(self) -> Iterator[tuple[bytes, list[int]]]:
        """The words that it wrote since, each with the descriptors that came along."""
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
    """Run `body(line)` in a new process, which ends with status 0, with 69 if it raises for want of something that
    may come back, or with 70 if it raises anything else.

    `inherited` are sockets and files of the supervisor that the child must not keep. Raises OSError if the machine
    has no process or no descriptor for us; nothing is left behind then.
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
        LOG.exception("a process of ours ended by an error")
    finally:
        logging.shutdown()
        os._exit(status)


def is_shortage(error: BaseException) -> bool:
    """True if it says, itself or by its cause, that the machine is short of something: later it may succeed."""
    if isinstance(error.__cause__, OSError):
        error = error.__cause__
    if isinstance(error, OSError):
        return error.errno in _SHORTAGES
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "new thread" in str(error))


def cause_of(code: int) -> RestartCause:
    """Why a process that was ready is replaced, by its exit code; negative is a signal."""
    if code < 0:
        return RestartCause.KILLED
    return RestartCause.CRASH if code else RestartCause.OTHER


def how(code: int) -> str:
    """The same in words, for the log."""
    return f"signal {-code}" if code < 0 else f"status {code}"
