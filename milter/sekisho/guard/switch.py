"""The file that all processes share: until when we are paused, until when we only tag, and the tallies.

Reading it costs two system calls. Times are seconds of Unix time; 0 is never, and infinity is until an operator ends
it. So a pause outlives a restart, a reboot and a power cut. Tallies are changed under a lock on the file, for which no
process waits. They are not synced: a power cut may cost the last ones.

The first page holds what is read for each message. The stretches of the window follow, each with its buckets. Earlier
versions that know only the first page read and write it in the same way: both may run at once, and their file can be
used.

The file is not mapped: if a mapped file is truncated, or a full disk cannot provide its blocks, an access ends the
process with SIGBUS. Each process remembers what it last read. If the file is truncated or removed, that is still used,
and is written again. If another file of sekisho's guard is put in its place, that file is used from then on.
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

from sekisho.events import watching
from sekisho.guard.window import BUCKETS, Spread, Tally
from sekisho.plain_errors import of_system
from sekisho.private_files import open_private

LOG = logging.getLogger("sekisho.guard")
MAGIC = b"sekisho1"
PAGE_BYTES = 4096  # of the first page
SLOTS = 8  # stretches that make the window
FOREVER = math.inf
_TIME = struct.Struct("<d")
_TALLY = struct.Struct("<ddd")  # Unix seconds, total, severe
_STRETCH = struct.Struct("<ddd")  # its number, mild, severe
_COUNT_TYPE = "H"  # a bucket counts up to 65,535 verdicts in one stretch, and stays there
_PAUSED_AT, _TAGGING_AT, _ARMED_AT, _SECRET_AT = 8, 16, 24, 32
SECRET_BYTES = 16
_LONG_RUN_AT = 64
_BUCKETS_BYTES = BUCKETS * array(_COUNT_TYPE).itemsize
_SLOT_BYTES = _STRETCH.size + 2 * _BUCKETS_BYTES
FILE_BYTES = PAGE_BYTES + SLOTS * _SLOT_BYTES


class SwitchError(Exception):
    """The file cannot be used; the text says why."""


class Switch:
    """The open file. It belongs to the process that opened it; open it after the fork."""

    def __init__(self, path: Path) -> None:
        """Open the file. A missing one is made, for the owner of its directory. Raises SwitchError."""
        self._path = path
        self._name = str(path)
        self._last = bytearray(MAGIC.ljust(FILE_BYTES, b"\0"))
        self._failing = ""  # why the file cannot be used now; empty if it can
        try:
            self._fd = _open(path)
        except OSError as error:
            raise SwitchError(f"{path}: {of_system(error)}") from error
        if _is_foreign(os.pread(self._fd, PAGE_BYTES, 0)):
            os.close(self._fd)
            raise SwitchError(f"{path}: is not a file of sekisho's guard")
        self._identity = _identity(self._fd)
        self._refreshed()

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def ends(self) -> tuple[float, float]:
        """Until when we are paused, and until when we only tag (Unix seconds). Reads the file once."""
        content = self._refreshed()
        return _TIME.unpack_from(content, _PAUSED_AT)[0], _TIME.unpack_from(content, _TAGGING_AT)[0]

    @property
    def paused_until(self) -> float:
        """Until when nothing is judged (Unix seconds)."""
        return self._time(_PAUSED_AT)

    @property
    def tagging_until(self) -> float:
        """Until when mail is tagged at most (Unix seconds)."""
        return self._time(_TAGGING_AT)

    @property
    def armed_from(self) -> float:
        """Before this time (Unix seconds) the watch does not fall back."""
        return self._time(_ARMED_AT)

    def pause(self, until: float) -> None:
        """Pause until then (Unix seconds). Raises SwitchError if other processes cannot see it, or if a power cut might
        undo it."""
        self._put(_PAUSED_AT, _TIME.pack(until))
        self._sync()
        self._raise_if_failing()

    def tag_only(self, until: float) -> None:
        """Tag at most until then (Unix seconds). If the file cannot be written, it holds for this process alone."""
        self._put(_TAGGING_AT, _TIME.pack(until))
        self._sync()

    def resume(self, armed_from: float) -> None:
        """Act as the policy says again. The watch does not fall back before `armed_from` (Unix seconds). Raises
        SwitchError as `pause` does."""
        self._put(_ARMED_AT, _TIME.pack(armed_from))
        self._put(_TAGGING_AT, _TIME.pack(0.0))
        self._put(_PAUSED_AT, _TIME.pack(0.0))
        self._sync()
        self._raise_if_failing()

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """A lock on the tallies. Gives True if this process has it, and False at once if another process has it."""
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
        """When the long run was last updated (Unix seconds), and its tally at that time."""
        return self._tally(_LONG_RUN_AT)

    def keep_long_run(self, moment: float, tally: Tally) -> None:
        """Write the long run as of `moment` (Unix seconds)."""
        self._put(_LONG_RUN_AT, _TALLY.pack(moment, tally.total, tally.severe))

    def secret(self) -> bytes:
        """The key by which senders are put into buckets, so that no sender can choose the bucket of another. Call it
        under the lock: the first call makes the key."""
        found = bytes(self._refreshed()[_SECRET_AT : _SECRET_AT + SECRET_BYTES])
        if not any(found):
            found = secrets.token_bytes(SECRET_BYTES)
            self._store(_SECRET_AT, found)
        return found

    def stretch(self, number: int) -> tuple[float, float, float]:
        """What the slot for this stretch holds: the number of its stretch, and counts of mild and severe verdicts."""
        which, mild, severe = _STRETCH.unpack(self._read_behind(_at(number), _STRETCH.size))
        return which, mild, severe

    def begin_stretch(self, number: int) -> None:
        """Empty the slot for the stretch of this number."""
        self._store(_at(number), _STRETCH.pack(float(number), 0.0, 0.0) + bytes(2 * _BUCKETS_BYTES))

    def add(self, number: int, mild: float, severe: float) -> None:
        """Add to the counts of a stretch that has begun. Call it after `stretch`, under the lock."""
        which, was_mild, was_severe = _STRETCH.unpack_from(self._last, _at(number))
        self._store(_at(number), _STRETCH.pack(which, was_mild + mild, was_severe + severe))

    def add_severe(self, number: int, network: int, organisation: int, times: int) -> None:
        """Add `times` to the counts of two buckets of the stretch; `network` and `organisation` are their indexes."""
        for kind, bucket in enumerate((network, organisation)):
            at = _at(number) + _STRETCH.size + kind * _BUCKETS_BYTES + bucket * array(_COUNT_TYPE).itemsize
            found = array(_COUNT_TYPE, self._read_behind(at, array(_COUNT_TYPE).itemsize))
            self._store(at, array(_COUNT_TYPE, [min(found[0] + times, 0xFFFF)]).tobytes())

    def spread(self, number: int) -> tuple[float, Spread]:
        """The number of the stretch in a slot, and all of its counts."""
        content = self._read_behind(_at(number), _SLOT_BYTES)
        which, mild, severe = _STRETCH.unpack_from(content)
        if not severe:
            return which, Spread(mild)
        networks = array(_COUNT_TYPE, content[_STRETCH.size : _STRETCH.size + _BUCKETS_BYTES])
        return which, Spread(mild, networks, array(_COUNT_TYPE, content[_STRETCH.size + _BUCKETS_BYTES :]))

    def _time(self, at: int) -> float:
        found: float = _TIME.unpack_from(self._refreshed(), at)[0]
        return found

    def _tally(self, at: int) -> tuple[float, Tally]:
        moment, total, severe = _TALLY.unpack_from(self._refreshed(), at)
        return moment, Tally(total, severe)

    def _read_behind(self, at: int, size: int) -> bytes:
        """Bytes from behind the first page; if they cannot be read, those that were read last. Never raises."""
        try:
            self._reopen_if_replaced()
            found = os.pread(self._fd, size, at)
            if len(found) == size:
                self._last[at : at + size] = found
            else:
                self._restore()
        except OSError as error:
            self._failed(error)
        return bytes(self._last[at : at + size])

    def _refreshed(self) -> bytearray:
        """The content of the file, after its first page was read again; if it cannot be read, the last known content.
        Never raises."""
        try:
            self._reopen_if_replaced()
            found = os.pread(self._fd, PAGE_BYTES, 0)
            if _is_ours(found):
                self._last[:PAGE_BYTES] = found
            else:
                self._restore()
            self._failing = ""
        except OSError as error:
            self._failed(error)
        return self._last

    def _put(self, at: int, data: bytes) -> None:
        """Write for all processes. If the file cannot be written, it holds for this process. Never raises."""
        self._refreshed()
        self._store(at, data)

    def _store(self, at: int, data: bytes) -> None:
        self._last[at : at + len(data)] = data
        try:
            _write(self._fd, data, at)
        except OSError as error:
            self._failed(error)

    def _sync(self) -> None:
        """Make what was written durable, and the directory too: the file may be new there (fsync(2)). Never raises."""
        try:
            os.fsync(self._fd)
            directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            self._failed(error)

    def _raise_if_failing(self) -> None:
        if self._failing:
            raise SwitchError(f"{self._path}: {self._failing}")

    def _reopen_if_replaced(self) -> None:
        """Open the file at the path, if it is no longer the one that we have open. Raises OSError."""
        try:
            there = os.lstat(self._name)
            if (there.st_dev, there.st_ino) == self._identity:
                return
        except FileNotFoundError:
            pass
        found = _open(self._path)
        try:
            if _is_foreign(os.pread(found, PAGE_BYTES, 0)):
                raise OSError(errno.EEXIST, "is not a file of sekisho's guard")
            os.dup2(found, self._fd, inheritable=False)
            self._identity = _identity(found)
        finally:
            os.close(found)

    def _restore(self) -> None:
        """Write the last known content into a file that was truncated or is new. Raises OSError."""
        with self.locked():
            found = os.pread(self._fd, FILE_BYTES, 0)
            if _is_ours(found[:PAGE_BYTES]):  # truncated behind it, or made by a version without stretches
                os.posix_fallocate(self._fd, 0, FILE_BYTES)
                if len(found) < FILE_BYTES:
                    _write(self._fd, self._last[len(found) :], len(found))
            else:
                os.posix_fallocate(self._fd, 0, FILE_BYTES)  # reserve the space on the disk
                _write(self._fd, self._last, 0)

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            watching.SWITCH_UNREADABLE.write(LOG, path=self._path, reason=of_system(error))
        self._failing = of_system(error)


def _at(number: int) -> int:
    return PAGE_BYTES + number % SLOTS * _SLOT_BYTES


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _is_ours(content: bytes) -> bool:
    return len(content) == PAGE_BYTES and content.startswith(MAGIC)


def _is_foreign(content: bytes) -> bool:
    """True if the file holds something else: neither our format nor only zeros, as a new file."""
    return not content.startswith(MAGIC) and any(content)


def _write(descriptor: int, data: bytes | bytearray, at: int) -> None:
    """Write at an offset. Raises OSError, also if a full disk cuts the write short."""
    if os.pwrite(descriptor, data, at) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _open(path: Path) -> int:
    descriptor = open_private(path)
    try:
        if os.fstat(descriptor).st_size < PAGE_BYTES and os.geteuid() == 0:
            owner = path.parent.stat()  # root's command line made it: the daemon must be able to open it
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
