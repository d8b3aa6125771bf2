"""Tests whether the files that a SQLite connection has open are still those at the path.

SQLite works on open files, an operator on names. If a database is removed, replaced or truncated while a process has it
open, it still takes every commit of that process, and no other process will ever find them. The same is true for the
write-ahead log (`-wal`) and its index (`-shm`): SQLite itself does not check them again.

The identity of an open file is found in this way: after the connection has read something, the files at the path are
looked up (device, inode), and a descriptor of this process must have the same identity. SQLite's own descriptors are
found in /proc/self/fd. The file is never opened a second time: closing that descriptor would release SQLite's locks
(POSIX locks belong to the process).

It cannot see a database that is overwritten in place by one that is not smaller, or truncated behind its last page.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from sekisho.ports import StoreUnavailable

Identity = tuple[int, int]  # device, inode
WAL_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
_INDEX = struct.Struct("=IIIBBHII8s8s8s")
"""The header of the index (https://sqlite.org/walformat.html, 2.1): it stands there twice."""
_SALTS = slice(16, 24)  # in the header of the log


class Loss(Enum):
    """What happened to the files."""

    MISSING = "missing"  # no database at the path
    REPLACED = "replaced"  # another database at the path
    LOG = "log"  # the database is ours, but the log or its index is not
    DAMAGED = "damaged"  # ours, and shorter than it was


class StoreMoved(StoreUnavailable):
    """The files that are open are not those at the path. A commit in them is not acknowledged."""

    def __init__(self, loss: Loss, reason: str) -> None:
        super().__init__(reason)
        self.loss = loss


@dataclass(slots=True)
class Files:
    """The files of one connection. `size` is the largest of the database that was seen, in bytes."""

    path: Path
    log_path: str
    index_path: str
    database: Identity
    log: Identity
    index: Identity
    size: int
    _descriptors: dict[Identity, int] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> Files:
        """The files that a connection of this process has just opened at `path`. Raises StoreMoved."""
        real = os.path.realpath(path)
        names = (str(path), f"{real}-wal", f"{real}-shm")
        found = [_look(name) for name in names]
        own = descriptors()
        for name, each in zip(names, found, strict=True):
            if each is None or (own and identity(each) not in own):
                loss = Loss.MISSING if each is None and name == names[0] else Loss.REPLACED
                raise StoreMoved(loss, f"{name} changed while it was opened")
        database, log, index = (each for each in found if each is not None)
        return cls(path, *names[1:], identity(database), identity(log), identity(index), database.st_size)

    def check(self, *, locked: bool = False) -> None:
        """Check that the open files are those at the path. `locked`: the caller holds the write lock, so no process can
        restart the log. Raises StoreMoved."""
        self._check_database()
        for name, opened in ((self.log_path, self.log), (self.index_path, self.index)):
            found = _look(name)
            if found is None or identity(found) != opened:
                raise StoreMoved(Loss.LOG, f"{name} is {'gone' if found is None else 'another file'}")
        self._check_frames(locked=locked)

    def _check_database(self) -> None:
        found = _look(str(self.path))
        if found is None:
            raise StoreMoved(Loss.MISSING, f"{self.path} is gone")
        if identity(found) != self.database:
            raise StoreMoved(Loss.REPLACED, f"{self.path} is another file than the one that is open")
        if found.st_size < self.size and not self._is_vacuumed(found.st_size):
            raise StoreMoved(Loss.DAMAGED, f"{self.path} was cut from {self.size} to {found.st_size} bytes")
        self.size = found.st_size

    def _is_vacuumed(self, size: int) -> bool:
        """True if a file of that size has room for all pages: VACUUM makes a database smaller, in order."""
        index = _read_index(self._descriptor(self.index))
        return index is not None and 0 < index.pages * index.page_size <= size

    def _check_frames(self, *, locked: bool) -> None:
        """The log is as long as its index says, and is the one that the index is about. The index is read first:
        SQLite writes it last."""
        index = _read_index(self._descriptor(self.index))
        if index is None or not index.frames:
            return
        size = os.stat(self.log_path).st_size
        if size < index.log_bytes:
            if _read_index(self._descriptor(self.index)) != index:
                return  # a checkpoint emptied the log between the two looks
            raise StoreMoved(Loss.DAMAGED, f"{self.log_path} was cut to {size} bytes")
        if not locked:
            return
        log = self._descriptor(self.log)
        if log is not None and os.pread(log, WAL_HEADER_BYTES, 0)[_SALTS] != index.salts:
            raise StoreMoved(Loss.DAMAGED, f"{self.log_path} was overwritten")
        self._check_database()
        if index.done and self.size < index.pages * index.page_size:
            raise StoreMoved(Loss.DAMAGED, f"{self.path} has {self.size} bytes, less than its pages")

    def _descriptor(self, wanted: Identity) -> int | None:
        """A descriptor of SQLite's on that file. A number that was closed may stand for another file by now."""
        known = self._descriptors.get(wanted)
        try:
            if known is not None and identity(os.fstat(known)) == wanted:
                return known
        except OSError:
            pass
        self._descriptors = descriptors()
        return self._descriptors.get(wanted)

    def ours_to_clear(self) -> list[str]:
        """The log and the index at the path that belong to the database that this connection has open."""
        pairs = ((self.log_path, self.log), (self.index_path, self.index))
        return [name for name, opened in pairs if (found := _look(name)) and identity(found) == opened]

    def index_is_ours(self) -> bool:
        """No other group of connections can have begun: the index at the path is ours, or there is none."""
        found = _look(self.index_path)
        return found is None or identity(found) == self.index


@dataclass(frozen=True, slots=True)
class Index:
    """The index's data about the log: committed frames, pages of the database, salts. `done`: all frames are in the
    database."""

    page_size: int
    frames: int
    pages: int
    salts: bytes
    done: bool

    @property
    def log_bytes(self) -> int:
        """The length of the log that the index speaks of, in bytes."""
        return WAL_HEADER_BYTES + self.frames * (FRAME_HEADER_BYTES + self.page_size)


def _read_index(descriptor: int | None) -> Index | None:
    """The header of the index; None if it cannot be read, or is being changed."""
    if descriptor is None:
        return None
    data = os.pread(descriptor, 2 * _INDEX.size + 4, 0)
    if len(data) < 2 * _INDEX.size + 4 or data[: _INDEX.size] != data[_INDEX.size : 2 * _INDEX.size]:
        return None
    _, _, _, initialised, _, page, frames, pages, _, salts, _ = _INDEX.unpack_from(data)
    if not initialised:
        return None
    backfilled = int.from_bytes(data[2 * _INDEX.size :], "little" if struct.pack("=H", 1)[0] else "big")
    return Index((page & 0xFE00) + ((page & 1) << 16), frames, pages, salts, backfilled == frames)


def identity(found: os.stat_result) -> Identity:
    """The identity of a file: device and inode numbers."""
    return found.st_dev, found.st_ino


def descriptors() -> dict[Identity, int]:
    """The descriptors of this process by the identity of their file; empty without /proc."""
    found: dict[Identity, int] = {}
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return found
    for name in names:
        try:
            found[identity(os.fstat(int(name)))] = int(name)
        except OSError:  # the one that listed them
            continue
    return found


def _look(name: str) -> os.stat_result | None:
    """Raises OSError for anything but a missing file."""
    try:
        return os.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return None
