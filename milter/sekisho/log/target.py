"""Where lines go, written so that a reader who is slow, stuck or gone does not stop the writer.

Standard error belongs to others, too: O_NONBLOCK is a flag of the open file description, which a shell or a
supervisor may share. So a pipe or a terminal is opened anew through /proc/self/fd, which gives a description of
our own, and that takes the place of descriptor 2 in this process: a crash report of faulthandler must not wait
either. A socket (systemd's journal) cannot be opened anew: each send asks not to wait. A regular file knows no
such flag; a full or slow disk is why workers write from a thread of their own.
"""

from __future__ import annotations

import os
import select
import socket
import stat
import sys
from enum import StrEnum
from pathlib import Path

from sekisho.log.lines import LINE

STDERR = 2
_FLAGS = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class TargetName(StrEnum):
    """What kind of target lines go to, as metrics name it."""

    STDERR = "stderr"
    FILE = "file"


class TargetError(Exception):
    """The log cannot be written where it should be."""


class Target:
    """One open place for lines. Belongs to one writer at a time."""

    def __init__(self, path: Path | None = None) -> None:
        """Standard error, or a file. Raises OSError if the file cannot be opened."""
        self.path = path
        self._fd = STDERR if path is None else _open(path)
        self._written = 0  # bytes of the line at work that are out already
        self._torn = False
        self._take()

    @property
    def name(self) -> TargetName:
        """What kind of target it is."""
        return TargetName.STDERR if self.path is None else TargetName.FILE

    def write(self, line: bytes) -> bool:
        """True when the whole line is out. False: nothing more is taken now, and the same line must come again.
        Raises OSError where the target refuses it: the line is lost."""
        try:
            self._follow_rotation()
            if self._torn:  # a refused line left its beginning: the next one must not be glued to it
                self._send(b"\n")
                self._torn = False
            while self._written < len(line):
                self._written += self._send(line[self._written :])
        except BlockingIOError:
            return False
        except OSError:
            self._torn = self._torn or self._written > 0
            self._written = 0
            raise
        self._written = 0
        return True

    def wait(self, seconds: float) -> None:
        """Wait until it may take more."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.poll(seconds * 1000)

    def close(self) -> None:
        """Close the file; standard error stays open."""
        if self._socket is not None:
            self._socket.detach()
        if self.path is not None and self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def forked(self) -> None:
        """In a child: what the parent had written in part is the parent's."""
        self._written, self._torn = 0, False

    def _take(self) -> None:
        """What can be known of the descriptor once."""
        found = os.fstat(self._fd)
        self._identity = found.st_dev, found.st_ino
        mode = found.st_mode
        self.whole = select.PIPE_BUF if stat.S_ISFIFO(mode) else LINE
        """Bytes of a line that surely stay together: a pipe tears a longer one when it has less room."""
        self._socket = socket.socket(fileno=self._fd) if stat.S_ISSOCK(mode) else None
        waits = not os.get_blocking(self._fd) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
        self._ask_first = not waits

    def _send(self, data: bytes) -> int:
        if self._socket is not None:
            return self._socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        if self._ask_first:  # another user's pipe, which we may not open anew
            poll = select.poll()
            poll.register(self._fd, select.POLLOUT)
            if not poll.poll(0):
                raise BlockingIOError
            data = data[: select.PIPE_BUF]
        return os.write(self._fd, data)

    def _follow_rotation(self) -> None:
        """After a rotation the descriptor is that of the new file."""
        if self.path is None or self._written:
            return
        try:
            found = os.stat(self.path)
            if (found.st_dev, found.st_ino) == self._identity:
                return
        except FileNotFoundError:
            pass
        fresh = _open(self.path)
        os.close(self._fd)
        self._fd = fresh
        self._torn = False
        self._take()


def own_stderr() -> int:
    """Descriptor 2, on a description of our own where there can be one. Closed standard streams become /dev/null,
    or the next file that is opened would be written to as if it were one."""
    while (lowest := os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)) <= STDERR:
        os.set_inheritable(lowest, True)
    os.close(lowest)
    if sys.stderr is None:
        sys.stderr = os.fdopen(STDERR, "w", buffering=1, errors="backslashreplace", closefd=False)
    mode = os.fstat(STDERR).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        try:
            fresh = os.open(f"/proc/self/fd/{STDERR}", os.O_WRONLY | _FLAGS)
        except OSError:  # not ours to open, or nobody reads it: see `_ask_first`
            return STDERR
        os.dup2(fresh, STDERR)
        os.close(fresh)
    return STDERR


def _open(path: Path) -> int:
    """A named pipe is opened for reading as well: without a reader it could not be opened at all, and this way
    it keeps lines for the reader to come."""
    try:
        pipe = stat.S_ISFIFO(path.stat().st_mode)
    except FileNotFoundError:
        pipe = False
    if pipe:
        return os.open(path, os.O_RDWR | _FLAGS)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _FLAGS, 0o640)
