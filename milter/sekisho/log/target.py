"""Where lines go. A slow, stuck or dead reader does not stop the writer.

Standard error may be shared with other programs: O_NONBLOCK is a flag of the open file description, which a shell or a
service manager may also use. So a pipe or a terminal is opened again through /proc/self/fd, which gives a description
of our own. It replaces descriptor 2 in this process, because a crash report of faulthandler must not wait either. A
socket (systemd's journal) cannot be opened again; it is written with MSG_DONTWAIT. For a regular file the flag has no
effect: because a disk may be full or slow, workers write from a separate thread.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import stat
import sys
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sekisho.log.lines import MAX_LINE_BYTES, PrivacyPort

STDERR = 2
MODE = 0o640
"""Of a log file that we make."""
_FLAGS = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class TargetName(StrEnum):
    """What kind of target lines go to, as metrics name it."""

    STDERR = "stderr"
    FILE = "file"
    SYSLOG = "syslog"
    JOURNALD = "journald"


class TargetError(Exception):
    """The target of the log cannot be opened."""


class Target(Protocol):
    """One open target. Only one thread may use it at a time."""

    name: TargetName
    atomic_bytes: int
    """A line of up to so many bytes arrives whole."""

    def frame(self, record: logging.LogRecord, line: str, privacy: PrivacyPort | None = None) -> bytes:
        """What is written for a record. `line` is its line without an end."""

    def write(self, frame: bytes) -> bool:
        """Write a frame. True when all of it was taken. False if the target takes no more now: call again with the same
        frame. Raises OSError if the target refuses it: the line is lost."""

    def wait(self, seconds: float) -> None:
        """Wait until the target may take more, so many seconds at most."""

    def close(self) -> None:
        """Close it."""

    def forked(self) -> None:
        """Call it in a child after the fork."""


class StreamTarget:
    """Standard error, or a file."""

    def __init__(self, path: Path | None = None) -> None:
        """Standard error (None), or a file. Raises OSError if the file cannot be opened."""
        self.path = path
        self.name = TargetName.STDERR if path is None else TargetName.FILE
        self._fd = STDERR if path is None else _open(path)
        self._written = 0  # bytes of the current line that are written already
        self._torn = False
        self._inspect()

    def frame(self, record: logging.LogRecord, line: str, privacy: PrivacyPort | None = None) -> bytes:
        """The line with its end."""
        return line.encode("utf-8", "backslashreplace") + b"\n"

    def write(self, line: bytes) -> bool:
        """Write a line. True when the whole line is written. False if the target takes no more now: call again with the
        same line. Raises OSError if the target refuses it: the line is lost."""
        try:
            self._follow_rotation()
            if self._torn:  # the beginning of a refused line was written: the next line must not continue it
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
        """Wait until the target can take more, so many seconds at most."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.poll(seconds * 1000)

    def close(self) -> None:
        """Close the file. Standard error stays open."""
        if self._socket is not None:
            self._socket.detach()
        if self.path is not None and self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def forked(self) -> None:
        """Call it in a child after the fork: a line that is written in part belongs to the parent."""
        self._written, self._torn = 0, False

    def _inspect(self) -> None:
        """Find out what kind of file the descriptor is."""
        found = os.fstat(self._fd)
        self._identity = found.st_dev, found.st_ino
        mode = found.st_mode
        self.atomic_bytes = select.PIPE_BUF if stat.S_ISFIFO(mode) else MAX_LINE_BYTES
        """A line of up to so many bytes is written whole: a pipe may split a longer one (pipe(7))."""
        self._socket = socket.socket(fileno=self._fd) if stat.S_ISSOCK(mode) else None
        waits = not os.get_blocking(self._fd) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
        self._ask_first = not waits

    def _send(self, data: bytes) -> int:
        if self._socket is not None:
            return self._socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        if self._ask_first:  # another user's pipe, which we may not open again
            poll = select.poll()
            poll.register(self._fd, select.POLLOUT)
            if not poll.poll(0):
                raise BlockingIOError
            data = data[: select.PIPE_BUF]
        return os.write(self._fd, data)

    def _follow_rotation(self) -> None:
        """Open the new file if the log was rotated. Raises OSError."""
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
        self._inspect()


def own_stderr() -> int:
    """Descriptor 2, with an open file description of its own if possible. A closed standard stream becomes /dev/null:
    otherwise the next file that is opened would get its number, and output would go there."""
    while (lowest := os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)) <= STDERR:
        os.set_inheritable(lowest, True)
    os.close(lowest)
    if sys.stderr is None:
        sys.stderr = os.fdopen(STDERR, "w", buffering=1, errors="backslashreplace", closefd=False)
    mode = os.fstat(STDERR).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        try:
            fresh = os.open(f"/proc/self/fd/{STDERR}", os.O_WRONLY | _FLAGS)
        except OSError:  # another user's, or a pipe without a reader: see `_ask_first`
            return STDERR
        os.dup2(fresh, STDERR)
        os.close(fresh)
    return STDERR


def _open(path: Path) -> int:
    """Open a target for writing. A named pipe is opened for reading too: without a reader the open would fail, and in
    this way the pipe keeps lines until a reader comes. Raises OSError."""
    try:
        pipe = stat.S_ISFIFO(path.stat().st_mode)
    except FileNotFoundError:
        pipe = False
    if pipe:
        return os.open(path, os.O_RDWR | _FLAGS)
    flags = os.O_WRONLY | os.O_APPEND | _FLAGS
    try:
        made = os.open(path, flags | os.O_CREAT | os.O_EXCL, MODE)
    except FileExistsError:
        return os.open(path, flags | os.O_CREAT, MODE)
    os.fchmod(made, MODE)  # whatever the umask: the group may read it
    return made
