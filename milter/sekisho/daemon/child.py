"""A process of ours seen from the supervisor, and how it is forked.

Supervisor and child hold the two ends of a socket pair: the child writes READY, the supervisor DRAIN, and
either learns of the other's death by the line closing. A child closes its elder siblings' ends, or they would
never learn.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sekisho.wire.slots import Slots

LOG = logging.getLogger("sekisho.daemon")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
STATUS_OURS = 70  # EX_SOFTWARE


@dataclass(eq=False, slots=True)
class Child:
    """`row` is the place on the board (workers only); `cause` is set when the supervisor itself ends it."""

    pid: int
    line: socket.socket
    born: float
    row: int | None = None
    slots: Slots | None = None
    ready: bool = False
    draining: bool = False
    cause: str | None = None

    def tell(self, word: bytes) -> None:
        """Say it, if anybody is there to hear."""
        with contextlib.suppress(OSError):
            self.line.send(word)

    def kill(self, cause: str | None = None) -> None:
        """End it at once. The child is not reaped yet, so the number is still its own."""
        self.cause = self.cause or cause
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def heard(self) -> bytes:
        """What it wrote since, empty if nothing or if it is gone."""
        try:
            return self.line.recv(64)
        except OSError:
            return b""


def fork(body: Callable[[socket.socket], None], inherited: Iterable[socket.socket], born: float) -> Child:
    """Run `body(line)` in a new process, which ends with status 0, or 70 if it raises.

    `inherited` are sockets of the supervisor that the child must not keep.
    """
    ours, theirs = socket.socketpair()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    pid = os.fork()
    if pid == 0:
        _be_child(body, theirs, [ours, *inherited], before)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    ours.setblocking(False)
    return Child(pid, ours, born)


def _be_child(
    body: Callable[[socket.socket], None],
    line: socket.socket,
    foreign: Iterable[socket.socket],
    mask: Iterable[int],
) -> None:
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
    except BaseException:
        LOG.exception("a process of ours ended by an error")
    finally:
        logging.shutdown()
        os._exit(status)
