"""The file that all processes share: until when we are paused, until when we only tag, and the tallies.

A look costs two system calls. Times are seconds of Unix time; 0 is never and infinity is until somebody says
otherwise, so that a pause outlives a restart, a reboot and a power cut. Tallies are changed under a lock on the file
that nobody waits for, and are not synced: a power cut may cost the last of them.

The file is not mapped: an access to a mapped file that somebody has cut, or whose blocks a full disk cannot give, ends
the process with SIGBUS. Each process remembers what stood there last. That holds, and is written again, where the file
was cut or removed; a file of ours that was put in its place is followed.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import math
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.guard.window import Tally

LOG = logging.getLogger("sekisho.guard")
MAGIC = b"sekisho1"
SIZE = 4096
SLOTS = 20
FOREVER = math.inf
_TIME = struct.Struct("<d")
_TALLY = struct.Struct("<ddd")  # when or which slot, total, severe
PAUSED, TAGGING, ARMED = 8, 16, 24
LONG_RUN = 64
WINDOW = LONG_RUN + _TALLY.size


class SwitchError(Exception):
    """The file cannot be used, and why."""


class Switch:
    """Belongs to the process that opened it; open it after the fork."""

    def __init__(self, path: Path) -> None:
        """Raises SwitchError. A file that is not there is made, for the owner of its directory."""
        self._path = path
        self._name = str(path)
        self._last = bytearray(MAGIC.ljust(SIZE, b"\0"))
        self._failing = ""  # why the file cannot be used at present
        try:
            self._fd = _open(path)
        except OSError as error:
            raise SwitchError(f"{path}: {error.strerror}") from error
        if _is_foreign(os.pread(self._fd, SIZE, 0)):
            os.close(self._fd)
            raise SwitchError(f"{path}: is not a file of sekisho's guard")
        self._identity = _identity(self._fd)
        self._content()

    def close(self) -> None:
        os.close(self._fd)

    def ends(self) -> tuple[float, float]:
        """Until when we are paused, and until when we only tag, by one look."""
        content = self._content()
        return _TIME.unpack_from(content, PAUSED)[0], _TIME.unpack_from(content, TAGGING)[0]

    @property
    def paused_until(self) -> float:
        return self._time(PAUSED)

    @property
    def tagging_until(self) -> float:
        return self._time(TAGGING)

    @property
    def armed_from(self) -> float:
        """Before this the watch does not fall back."""
        return self._time(ARMED)

    def pause(self, until: float) -> None:
        """Raises SwitchError if other processes cannot be told, or a power cut might undo it."""
        self._put(PAUSED, _TIME.pack(until))
        self._sync()
        self._must_hold()

    def tag_only(self, until: float) -> None:
        """Holds for this process at least."""
        self._put(TAGGING, _TIME.pack(until))
        self._sync()

    def resume(self, armed_from: float) -> None:
        """Act as the policy says again. Raises SwitchError as `pause`."""
        self._put(ARMED, _TIME.pack(armed_from))
        self._put(TAGGING, _TIME.pack(0.0))
        self._put(PAUSED, _TIME.pack(0.0))
        self._sync()
        self._must_hold()

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Whether the tallies are ours to change; False at once if another process is at it."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def long_run(self) -> tuple[float, Tally]:
        """When it was brought up to date, and what it was then."""
        return self._tally(LONG_RUN)

    def keep_long_run(self, moment: float, tally: Tally) -> None:
        self._put(LONG_RUN, _TALLY.pack(moment, tally.total, tally.severe))

    def slot(self, number: int) -> tuple[float, Tally]:
        """The stretch of time that a slot of the window is about, and its tally."""
        return self._tally(WINDOW + number % SLOTS * _TALLY.size)

    def keep_slot(self, number: int, tally: Tally) -> None:
        """To be called after `slot`, under the lock: the file is not looked at again."""
        at = WINDOW + number % SLOTS * _TALLY.size
        self._store(at, _TALLY.pack(float(number), tally.total, tally.severe))

    def _time(self, at: int) -> float:
        found: float = _TIME.unpack_from(self._content(), at)[0]
        return found

    def _tally(self, at: int) -> tuple[float, Tally]:
        moment, total, severe = _TALLY.unpack_from(self._content(), at)
        return moment, Tally(total, severe)

    def _content(self) -> bytearray:
        """What stands in the file; what stood there last, where that cannot be read. Never raises."""
        try:
            self._follow()
            found = os.pread(self._fd, SIZE, 0)
            if _is_ours(found):
                self._last[:] = found
            else:
                self._restore()
            self._failing = ""
        except OSError as error:
            self._say(error)
        return self._last

    def _put(self, at: int, data: bytes) -> None:
        """Write it for all processes; it holds for this one even if the file cannot be written. Never raises."""
        self._content()
        self._store(at, data)

    def _store(self, at: int, data: bytes) -> None:
        self._last[at : at + len(data)] = data
        try:
            _write(self._fd, data, at)
        except OSError as error:
            self._say(error)

    def _sync(self) -> None:
        """What was written outlives a power cut, and so does the file's name, which is its directory's content
        (fsync(2)): another process may have made it. Never raises."""
        try:
            os.fsync(self._fd)
            directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            self._say(error)

    def _must_hold(self) -> None:
        if self._failing:
            raise SwitchError(f"{self._path}: {self._failing}")

    def _follow(self) -> None:
        """Make the file at the path ours, if it is another one by now. Raises OSError."""
        try:
            there = os.lstat(self._name)
            if (there.st_dev, there.st_ino) == self._identity:
                return
        except FileNotFoundError:
            pass
        found = _open(self._path)
        try:
            if _is_foreign(os.pread(found, SIZE, 0)):
                raise OSError(errno.EEXIST, "is not a file of sekisho's guard")
            os.dup2(found, self._fd, inheritable=False)
            self._identity = _identity(found)
        finally:
            os.close(found)

    def _restore(self) -> None:
        """Write what stood there last into a file that was cut, or was just made. Raises OSError."""
        with self.locked():
            if not _is_ours(os.pread(self._fd, SIZE, 0)):
                os.posix_fallocate(self._fd, 0, SIZE)  # room on the disk that nothing else can take
                _write(self._fd, self._last, 0)

    def _say(self, error: OSError) -> None:
        if not self._failing:
            LOG.error("%s: %s; what was last read there holds", self._path, error.strerror)
        self._failing = error.strerror or str(error)


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _is_ours(content: bytes) -> bool:
    return len(content) == SIZE and content.startswith(MAGIC)


def _is_foreign(content: bytes) -> bool:
    """True if somebody else's bytes stand there: neither ours nor nothing, as in a file that was just made."""
    return not content.startswith(MAGIC) and any(content)


def _write(descriptor: int, data: bytes | bytearray, at: int) -> None:
    """Raises OSError, also for a write that a full disk cut short."""
    if os.pwrite(descriptor, data, at) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
    try:
        if os.fstat(descriptor).st_size < SIZE and os.geteuid() == 0:
            owner = path.parent.stat()  # made by the command line: the daemon must be able to open it
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
