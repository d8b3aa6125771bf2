"""Shared memory between the supervisor and its workers: who works on what since when, and what failed.

`InFlight` is one process's page: its signs of life, and a row per message at work, so that the supervisor sees a
process or a message that is stuck, and knows the digest *before* a risky stage starts. `Failures` is the site's
memory of digests that failed once: the same bytes are not tried again, and never get a second 451; and of those that
were at work when a worker died, which are judged apart from then on (`trial`). Both are anonymous mapped memory,
written without locks: a row has one writer, and a number is written whole. What this cannot see: why it is stuck.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sekisho.wire.file_copy import FileCopy

DIGEST = 32
_ROW = struct.Struct(f"<d{DIGEST}s")
_STARTED = struct.Struct("<d")
_BEATS = struct.Struct("<q")


@dataclass(frozen=True, slots=True)
class Busy:
    """A message at work: its SHA-256 and the monotonic second at which it began."""

    digest: bytes
    started: float


class InFlight:
    """One process's page, made by the supervisor before it forks. Times are CLOCK_MONOTONIC, one for all."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._map = mmap.mmap(-1, _BEATS.size + rows * _ROW.size)

    def beat(self) -> None:
        """A sign of life. Only one thread may give it."""
        _BEATS.pack_into(self._map, 0, self.beats + 1)

    @property
    def beats(self) -> int:
        """How many signs of life there were."""
        return int(_BEATS.unpack_from(self._map, 0)[0])

    def begin(self, row: int, digest: bytes, now: float) -> None:
        """A message is at work in this row since `now` (seconds, monotonic)."""
        at = _at(row)
        _ROW.pack_into(self._map, at, 0.0, digest)
        _STARTED.pack_into(self._map, at, now)

    def end(self, row: int) -> None:
        """Nothing is at work in this row."""
        _STARTED.pack_into(self._map, _at(row), 0.0)

    def busy(self) -> Iterator[Busy]:
        """What is at work."""
        for row in range(self._rows):
            started, digest = _ROW.unpack_from(self._map, _at(row))
            if started:
                yield Busy(digest, started)

    def clear(self) -> None:
        """Nothing is at work: the process ends in order, and what is left undone is not to blame."""
        for row in range(self._rows):
            self.end(row)

    def close(self) -> None:
        """Give the page back, in this process."""
        self._map.close()


def _at(row: int) -> int:
    return _BEATS.size + row * _ROW.size


class Failures:
    """Digests that failed once, and suspects, which were at work when a process died.

    A fixed table: a digest has `WAYS` places, the oldest gives way.
    The table that is looked into is anonymous memory, shared by all processes forked after it was made. With a path,
    a file holds the same bytes, so that a restart or a power cut does not forget them. Entries older than `KEEP`
    seconds no longer count. A damaged or foreign file is begun anew. A suspect's time is written negative.
    """

    MAGIC = b"sekisho-failed-1"
    ROWS = 4096
    WAYS = 8
    KEEP = 5 * 86400.0
    _ENTRY = struct.Struct(f"<d{DIGEST}s")

    def __init__(self, path: str | None = None) -> None:
        """Raises OSError where the file can neither be opened nor made."""
        self._map = mmap.mmap(-1, len(self.MAGIC) + self.ROWS * self._ENTRY.size)
        self._copy = FileCopy(Path(path), self._map, self.MAGIC) if path else None

    def remember(self, digest: bytes, now: float) -> None:
        """Write the digest down; `now` is wall-clock seconds, since it must hold over a reboot."""
        self._write(digest, now)

    def suspect(self, digest: bytes, now: float) -> None:
        """Write down that the digest was at work when a process died. One that failed stays one that failed."""
        if not self.knows(digest, now):
            self._write(digest, -now)

    def knows(self, digest: bytes, now: float) -> bool:
        """True for a digest that failed."""
        when = self._when(digest)
        return when > 0 and now - when < self.KEEP

    def suspects(self, digest: bytes, now: float) -> bool:
        """True for a digest that was at work when a process died."""
        when = self._when(digest)
        return when < 0 and now + when < self.KEEP

    def _when(self, digest: bytes) -> float:
        """What stands beside the digest; 0 if nothing does."""
        places = self._places(digest)
        if self._map.find(digest, self._at(places[0]), self._at(places[-1] + 1)) < 0:  # as nearly always
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
