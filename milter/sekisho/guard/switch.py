"""The file that all processes share: until when we are paused, until when we only tag, and the tallies.

A look costs two system calls. Times are seconds of Unix time; 0 is never and infinity is until somebody says
otherwise, so that a pause outlives a restart, a reboot and a power cut. Tallies are changed under a lock on the file
that nobody waits for, and are not synced: a power cut may cost the last of them.

The first page is what a look reads. Behind it stand the stretches of the window, each with its buckets. Versions that
knew the first page alone read and write it as we do: both may run side by side, and their file is taken over.

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
import secrets
import struct
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.guard.window import BUCKETS, Spread, Tally
from sekisho.private_files import open_private

LOG = logging.getLogger("sekisho.guard")
MAGIC = b"sekisho1"
SIZE = 4096
SLOTS = 8
FOREVER = math.inf
_TIME = struct.Struct("<d")
_TALLY = struct.Struct("<ddd")  # when, total, severe
_STRETCH = struct.Struct("<ddd")  # which one, mild, severe
_COUNTS = "H"  # of a bucket; more than 65,535 of one sender in one stretch count no more
PAUSED, TAGGING, ARMED, SECRET = 8, 16, 24, 32
SECRET_BYTES = 16
LONG_RUN = 64
_KIND = BUCKETS * array(_COUNTS).itemsize
_SLOT = _STRETCH.size + 2 * _KIND
WHOLE = SIZE + SLOTS * _SLOT


class SwitchError(Exception):
    """The file cannot be used, and why."""


class Switch:
    """Belongs to the process that opened it; open it after the fork."""

    def __init__(self, path: Path) -> None:
        """Raises SwitchError. A file that is not there is made, for the owner of its directory."""
        self._path = path
        self._name = str(path)
        self._last = bytearray(MAGIC.ljust(WHOLE, b"\0"))
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
        """Close the file."""
        os.close(self._fd)

    def ends(self) -> tuple[float, float]:
        """Until when we are paused, and until when we only tag, by one look."""
        content = self._content()
        return _TIME.unpack_from(content, PAUSED)[0], _TIME.unpack_from(content, TAGGING)[0]

    @property
    def paused_until(self) -> float:
        """In seconds of Unix time; 0: not paused."""
        return self._time(PAUSED)

    @property
    def tagging_until(self) -> float:
        """In seconds of Unix time; 0: not only tagging."""
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
        """Write the long run down, as it is at `moment` (seconds of Unix time)."""
        self._put(LONG_RUN, _TALLY.pack(moment, tally.total, tally.severe))

    def secret(self) -> bytes:
        """The key by which senders are put into buckets, so that none can aim at another's. To be called under the
        lock: the first to ask makes it."""
        found = bytes(self._content()[SECRET : SECRET + SECRET_BYTES])
        if not any(found):
            found = secrets.token_bytes(SECRET_BYTES)
            self._store(SECRET, found)
        return found

    def stretch(self, number: int) -> tuple[float, float, float]:
        """Which stretch of time the slot of this number is about, and its mild and severe verdicts."""
        which, mild, severe = _STRETCH.unpack(self._look(_at(number), _STRETCH.size))
        return which, mild, severe

    def begin_stretch(self, number: int) -> None:
        """Empty the slot of this stretch of time. To be called under the lock."""
        self._store(_at(number), _STRETCH.pack(float(number), 0.0, 0.0) + bytes(2 * _KIND))

    def add(self, number: int, mild: float, severe: float) -> None:
        """Count into a stretch that has begun. To be called after `stretch`, under the lock."""
        which, was_mild, was_severe = _STRETCH.unpack_from(self._last, _at(number))
        self._store(_at(number), _STRETCH.pack(which, was_mild + mild, was_severe + severe))

    def add_severe(self, number: int, network: int, organisation: int, times: int) -> None:
        """The same for the buckets of severe verdicts."""
        for kind, bucket in enumerate((network, organisation)):
            at = _at(number) + _STRETCH.size + kind * _KIND + bucket * array(_COUNTS).itemsize
            found = array(_COUNTS, self._look(at, array(_COUNTS).itemsize))
            self._store(at, array(_COUNTS, [min(found[0] + times, 0xFFFF)]).tobytes())

    def spread(self, number: int) -> tuple[float, Spread]:
        """The stretch of a slot, and all that it saw."""
        content = self._look(_at(number), _SLOT)
        which, mild, severe = _STRETCH.unpack_from(content)
        if not severe:
            return which, Spread(mild)
        networks = array(_COUNTS, content[_STRETCH.size : _STRETCH.size + _KIND])
        return which, Spread(mild, networks, array(_COUNTS, content[_STRETCH.size + _KIND :]))

    def _time(self, at: int) -> float:
        found: float = _TIME.unpack_from(self._content(), at)[0]
        return found

    def _tally(self, at: int) -> tuple[float, Tally]:
        moment, total, severe = _TALLY.unpack_from(self._content(), at)
        return moment, Tally(total, severe)

    def _look(self, at: int, size: int) -> bytes:
        """A piece behind the first page; what stood there last, where it cannot be read. Never raises."""
        try:
            self._follow()
            found = os.pread(self._fd, size, at)
            if len(found) == size:
                self._last[at : at + size] = found
            else:
                self._restore()
        except OSError as error:
            self._say(error)
        return bytes(self._last[at : at + size])

    def _content(self) -> bytearray:
        """What stands in the file; what stood there last, where that cannot be read. Never raises."""
        try:
            self._follow()
            found = os.pread(self._fd, SIZE, 0)
            if _is_ours(found):
                self._last[:SIZE] = found
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
            found = os.pread(self._fd, WHOLE, 0)
            if _is_ours(found[:SIZE]):  # cut behind that, or of a version that had no more
                os.posix_fallocate(self._fd, 0, WHOLE)
                if len(found) < WHOLE:
                    _write(self._fd, self._last[len(found) :], len(found))
            else:
                os.posix_fallocate(self._fd, 0, WHOLE)  # room on the disk that nothing else can take
                _write(self._fd, self._last, 0)

    def _say(self, error: OSError) -> None:
        if not self._failing:
            LOG.error("%s: %s; what was last read there holds", self._path, error.strerror)
        self._failing = error.strerror or str(error)


def _at(number: int) -> int:
    return SIZE + number % SLOTS * _SLOT


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
    descriptor = open_private(path)
    try:
        if os.fstat(descriptor).st_size < SIZE and os.geteuid() == 0:
            owner = path.parent.stat()  # made by the command line: the daemon must be able to open it
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
