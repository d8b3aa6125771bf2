"""What may be on the disk after a power cut, computed from recorded calls (`lab.faults.shim`).

The model guarantees no more than POSIX, and less than ext4 or XFS:

- Until a file is synced (fsync, fdatasync, msync), each sector of each write may be on the disk or not, in any order.
  A sector is written whole (512 or 4,096 bytes), and no other sector changes. A sector that was written twice has its
  content from before, or one of the two.
- The size of a file is the synced one, or the one after any of its unsynced calls. Bytes that no write reached are 0.
- A name (made, renamed, removed) is on the disk when its *directory* was synced; until then each change may be there
  or not. Syncing the file is not enough. A rename happens completely or not at all.
- A sync that failed has made nothing durable, and no later sync repairs it: the kernel may have dropped the pages and
  marked them clean. Which of them are on the disk is drawn once.

It cannot see a disk that lies about its cache, nor damage to what was synced.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lab.faults.shim import Call

KEEP = (0.0, 1.0, 0.5, 0.9, 0.1)
"""The share of unsynced sectors that survive, in turn: first none, as if every cache were lost; then all."""

SECTORS = (512, 4096)


@dataclass
class _File:
    """What is certainly on the disk, and the calls since then."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Call] = field(default_factory=list)

    def sync(self) -> None:
        for call in self.pending:
            _apply(self.durable, call)
        self.pending.clear()

    def survivor(self, rng: random.Random, share: float, sector: int) -> bytearray:
        """One possible content after a power cut now."""
        content = bytearray(self.durable)
        sizes = [len(content)]
        whole = len(content)
        for call in self.pending:
            whole = _size_after(whole, call)
            sizes.append(whole)
            if call.kind == "W":
                _write_some(content, call, rng, share, sector)
            elif call.kind == "T" and rng.random() < share:
                _apply(content, call)
        _resize(content, sizes[0] if share == 0 else sizes[-1] if share == 1 else rng.choice(sizes))
        return content

    def fail(self, rng: random.Random) -> None:
        """A sync failed."""
        self.durable = self.survivor(rng, rng.choice(KEEP), rng.choice(SECTORS))
        self.pending.clear()


class Disk:
    """A directory, built from the calls."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[str, _File] = {}
        self._live: dict[str, _File] = {}
        self._changes: list[tuple[Call, _File | None]] = []

    def play(self, call: Call, rng: random.Random) -> None:
        """Apply a call. `rng` draws what a failed sync has written."""
        if call.kind in "CUR":
            if call.kind == "C":
                self._files[call.inode] = _File()
            file = self._files[call.inode] if call.kind == "C" else self._live.get(call.name)
            self._changes.append((call, file))
            _rename(self._live, call, file)
        elif call.kind == "D":
            for change, file in self._changes:
                _rename(self._names, change, file)
            self._changes.clear()
        elif call.kind == "S":
            self._file(call).sync()
        elif call.kind == "F":
            self._file(call).fail(rng)
        else:
            self._file(call).pending.append(call)

    def image(self, rng: random.Random, share: float, sector: int) -> Mapping[str, bytes]:
        """The files of one possible disk after a power cut now. `share` of the unsynced sectors survive; a sector has
        `sector` bytes."""
        names = dict(self._names)
        for change, file in self._changes:
            if rng.random() < share:
                _rename(names, change, file)
        return {name: bytes(file.survivor(rng, share, sector)) for name, file in sorted(names.items())}

    def _file(self, call: Call) -> _File:
        return self._files.setdefault(call.inode, _File())


def unmapped(calls: Iterable[Call]) -> list[Call]:
    """The calls without those on SQLite's shared-memory index: it is made again after a crash."""
    return [call for call in calls if not call.name.endswith("-shm")]


def _rename(names: dict[str, _File], change: Call, file: _File | None) -> None:
    if change.kind != "C":
        names.pop(change.name, None)
    if change.kind != "U" and file is not None:
        names[change.data.decode() if change.kind == "R" else change.name] = file


def _size_after(size: int, call: Call) -> int:
    return call.offset if call.kind == "T" else max(size, call.offset + len(call.data))


def _apply(content: bytearray, call: Call) -> None:
    _resize(content, _size_after(len(content), call))
    content[call.offset : call.offset + len(call.data)] = call.data


def _write_some(content: bytearray, call: Call, rng: random.Random, share: float, sector: int) -> None:
    """Write each sector of the call, or not, independently."""
    end = call.offset + len(call.data)
    _resize(content, max(len(content), end))
    at = call.offset
    while at < end:
        upto = min(end, (at // sector + 1) * sector)
        if rng.random() < share:
            content[at:upto] = call.data[at - call.offset : upto - call.offset]
        at = upto


def _resize(content: bytearray, size: int) -> None:
    if len(content) > size:
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))
