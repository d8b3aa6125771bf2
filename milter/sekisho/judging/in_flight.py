"""Shared memory between the supervisor and its workers: which message is in progress since when, and what failed.

`InFlight` belongs to one process: its signs of life, and a row for each message in progress. With it the supervisor
sees a process or a message that is stuck, and knows the digest *before* a risky stage starts. `Failures` belongs to the
whole site. It holds the digests of messages that failed: the same bytes are not judged again, and get no second 451. It
also holds suspects: messages that were in progress when a worker died. They are judged in a separate process from then
on (`trial`). Both are anonymous mapped memory, written without locks: each row has one writer, and a number is written
whole. It cannot see why something is stuck.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sekisho.judging.file_copy import FileCopy

DIGEST = 32
_ROW = struct.Struct(f"<d{DIGEST}s")
_STARTED = struct.Struct("<d")
_BEATS = struct.Struct("<q")


@dataclass(frozen=True, slots=True)
class Busy:
    """A message in progress: its SHA-256, and when it began (monotonic seconds)."""

    digest: bytes
    started: float


class InFlight:
    """The signs of one process, made by the supervisor before the fork. Times are seconds of CLOCK_MONOTONIC, which is
    the same in all processes."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._map = mmap.mmap(-1, _BEATS.size + rows * _ROW.size)

    def beat(self) -> None:
        """Give a sign of life. Only one thread may do that."""
        _BEATS.pack_into(self._map, 0, self.beats + 1)

    @property
    def beats(self) -> int:
        """How many signs of life there were so far."""
        return int(_BEATS.unpack_from(self._map, 0)[0])

    def begin(self, row: int, digest: bytes, now: float) -> None:
        """A message begins in the row with this index; `now` is in monotonic seconds."""
        at = _at(row)
        _ROW.pack_into(self._map, at, 0.0, digest)
        _STARTED.pack_into(self._map, at, now)

    def end(self, row: int) -> None:
        """The message in the row with this index is done."""
        _STARTED.pack_into(self._map, _at(row), 0.0)

    def busy(self) -> Iterator[Busy]:
        """The messages in progress."""
        for row in range(self._rows):
            started, digest = _ROW.unpack_from(self._map, _at(row))
            if started:
                yield Busy(digest, started)

    def clear(self) -> None:
        """Empty all rows: the process ends normally, and no message is to blame for it."""
        for row in range(self._rows):
            self.end(row)

    def close(self) -> None:
        """Give the memory back."""
        self._map.close()


def _at(row: int) -> int:
    return _BEATS.size + row * _ROW.size


class Failures:
    """Digests of messages that failed once, and of suspects: messages in progress when a process died.

    It is a table of fixed size. A digest belongs to one set of `WAYS` places (a set-associative cache); if the set is
    full, the oldest entry is replaced. The table is anonymous memory, shared by all processes forked after it was made.
    With a path, a file has the same content, so that a restart or a power cut does not lose it; a damaged file, or one
    of another kind, is overwritten. Entries older than `KEEP_SECONDS` no longer count. The time of a suspect is stored
    as a negative number.
    """

    MAGIC = b"sekisho-failed-1"
    ROWS = 4096
    WAYS = 8
    KEEP_SECONDS = 5 * 86400.0  # as long as senders retry (RFC 5321 section 4.5.4.1)
    _ENTRY = struct.Struct(f"<d{DIGEST}s")

    def __init__(self, path: str | None = None) -> None:
        """With a file at `path`, or in memory only. Raises OSError if the file can be neither opened nor made."""
        self._map = mmap.mmap(-1, len(self.MAGIC) + self.ROWS * self._ENTRY.size)
        self._copy = FileCopy(Path(path), self._map, self.MAGIC) if path else None

    def remember(self, digest: bytes, now: float) -> None:
        """Note that a message failed. `now` is in seconds of Unix time, because it must hold over a reboot."""
        self._write(digest, now)

    def suspect(self, digest: bytes, now: float) -> None:
        """Note that a message was in progress when a process died; `now` is in seconds of Unix time. If it is known to
        have failed, that stays."""
        if not self.knows(digest, now):
            self._write(digest, -now)

    def knows(self, digest: bytes, now: float) -> bool:
        """True if the message failed. `now` is in seconds of Unix time."""
        when = self._when(digest)
        return when > 0 and now - when < self.KEEP_SECONDS

    def suspects(self, digest: bytes, now: float) -> bool:
        """True if the message is a suspect. `now` is in seconds of Unix time."""
        when = self._when(digest)
        return when < 0 and now + when < self.KEEP_SECONDS

    def _when(self, digest: bytes) -> float:
        """The time stored for the digest (negative for a suspect); 0 if it is not in the table."""
        places = self._places(digest)
        if self._map.find(digest, self._at(places[0]), self._at(places[-1] + 1)) < 0:  # the usual case
            return 0.0
        return next((when for when, seen in map(self._read, places) if seen == digest), 0.0)

    def _write(self, digest: bytes, when: float) -> None:
        entries = [(self._read(row), row) for row in self._places(digest)]
        known = [row for (_, seen), row in entries if seen == digest]
        row = known[0] if known else min((abs(old), row) for (old, _), row in entries)[1]
        self._ENTRY.pack_into(self._map, self._at(row), when, digest)
        if self._copy is not None:
            self._copy.write(self._at(row), self._ENTRY.size)

    def _places(self, digest: bytes) -> range:
        first = int.from_bytes(digest[:4], "big") % (self.ROWS // self.WAYS) * self.WAYS
        return range(first, first + self.WAYS)

    def _at(self, row: int) -> int:
        return len(self.MAGIC) + row * self._ENTRY.size

    def _read(self, row: int) -> tuple[float, bytes]:
        when, digest = self._ENTRY.unpack_from(self._map, self._at(row))
        return float(when), bytes(digest)
