"""The file that all processes share: until when we are paused, until when we only tag, and the tallies.

Reading costs a few bytes of mapped memory. Times are seconds of Unix time; 0 is never and infinity is until
somebody says otherwise, so that a pause outlives a restart and a reboot. Tallies are changed under a lock on the
file that nobody waits for. The file has one size for ever, and its disk space is set aside, since a mapped file
that cannot grow, or is cut, kills its process.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.guard.window import Tally

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
        try:
            self._fd = _open(path)
            self._map = mmap.mmap(self._fd, SIZE)
        except (OSError, ValueError) as error:
            raise SwitchError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        if self._map[:8] not in (MAGIC, bytes(8)):
            raise SwitchError(f"{path}: is not a file of sekisho's guard")
        self._map[:8] = MAGIC

    def close(self) -> None:
        self._map.close()
        os.close(self._fd)

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
        _TIME.pack_into(self._map, PAUSED, until)

    def tag_only(self, until: float) -> None:
        _TIME.pack_into(self._map, TAGGING, until)

    def resume(self, armed_from: float) -> None:
        """Act as the policy says again."""
        _TIME.pack_into(self._map, ARMED, armed_from)
        self.tag_only(0.0)
        self.pause(0.0)

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
        _TALLY.pack_into(self._map, LONG_RUN, moment, tally.total, tally.severe)

    def slot(self, number: int) -> tuple[float, Tally]:
        """The stretch of time that a slot of the window is about, and its tally."""
        return self._tally(WINDOW + number % SLOTS * _TALLY.size)

    def keep_slot(self, number: int, tally: Tally) -> None:
        _TALLY.pack_into(
            self._map, WINDOW + number % SLOTS * _TALLY.size, float(number), tally.total, tally.severe
        )

    def _time(self, at: int) -> float:
        found: float = _TIME.unpack_from(self._map, at)[0]
        return found

    def _tally(self, at: int) -> tuple[float, Tally]:
        moment, total, severe = _TALLY.unpack_from(self._map, at)
        return moment, Tally(total, severe)


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
    try:
        if os.fstat(descriptor).st_size < SIZE:
            os.posix_fallocate(descriptor, 0, SIZE)
            if os.geteuid() == 0:  # made by the command line: the daemon must be able to open it
                owner = path.parent.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
