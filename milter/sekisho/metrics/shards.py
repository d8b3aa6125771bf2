"""Figures of several processes, in memory-mapped files that one of them adds up.

Each process writes into the files of a *slot*, a small number that it owns by an exclusive lock on `N.lock`.
The kernel gives the lock back however the process ends, and the next one that starts takes the slot over with
all that was counted there. So counters never go back, there are never more files than processes ran at once,
and nothing has to be reaped. Gauges that only mean something while their process lives (`live…`) are left out
of the sum when nobody holds the slot, and removed when it is taken over.

The file format and the sums are prometheus_client's own (`MmapedDict`, `MultiProcessCollector.merge`).
"""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict as _MmapedDict
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

MmapedDict: Any = _MmapedDict  # these two have no types
merge: Any = MultiProcessCollector.merge

SLOTS = 4096
RESERVED = 1 << 18
"""Bytes set aside for each file at once: a mapped file that cannot grow on a full disk kills its process."""


class Shard:
    """This process's part of the figures. Follows a fork by itself: the child takes a slot of its own."""

    def __init__(self, directory: Path) -> None:
        """Takes a slot. Raises OSError."""
        self.directory = directory
        self.lock = Lock()
        self.bound = False
        self.slot = -1
        self._lock_fd = -1
        self._files: dict[str, Any] = {}
        self._cells: list[Cell] = []
        self._bind()
        os.register_at_fork(after_in_child=partial(_forked, weakref.ref(self)))

    def install(self) -> None:
        """Make the metrics that are built from here on keep their values here."""
        values.ValueClass = partial(Cell, self)

    def add(self, cell: Cell) -> None:
        with self.lock:
            self._cells.append(cell)
            cell.bind(self._file(cell.prefix))

    def add_all(self, changes: Iterable[tuple[Cell, float]]) -> None:
        """Many cells at once, under one lock."""
        with self.lock:
            self.rebind()
            for cell, amount in changes:
                cell.grow(amount)

    def rebind(self) -> None:
        """Take a slot if this process has none. The lock must be held."""
        if not self.bound:
            self._bind()

    def close(self) -> None:
        """Give the slot back. What was counted stays."""
        with self.lock:
            self._release()
            self._cells.clear()

    def forked(self) -> None:
        """In a child: the parent's slot is not ours. Closing our copy of its lock leaves it locked."""
        self.lock = Lock()
        self._release()

    def _bind(self) -> None:
        self.slot, self._lock_fd = _take(self.directory)
        for stale in self.directory.glob(f"gauge_live*_{self.slot}.db"):
            stale.unlink()
        self.bound = True
        for cell in self._cells:
            cell.bind(self._file(cell.prefix))

    def _file(self, prefix: str) -> Any:
        if prefix not in self._files:
            path = self.directory / f"{prefix}_{self.slot}.db"
            _reserve(path)
            self._files[prefix] = MmapedDict(str(path))
        return self._files[prefix]

    def _release(self) -> None:
        self.bound = False
        self.slot = -1
        for file in self._files.values():
            file.close()
        self._files.clear()
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1


class Cell:
    """One number of one series: what prometheus_client calls a value class."""

    _multiprocess = True

    def __init__(
        self,
        shard: Shard,
        typ: str,
        *identity: Any,
        multiprocess_mode: str = "",
        **_unused: Any,
    ) -> None:
        """`identity` is what the library names a value by: metric, sample, label names and values, help."""
        self.prefix = f"{typ}_{multiprocess_mode}" if typ == "gauge" else typ
        self._shard = shard
        self._key = mmap_key(*identity)
        self._value = self._timestamp = 0.0
        shard.add(self)

    def bind(self, file: Any) -> None:
        """Go on from what stands in the file."""
        self._file = file
        self._value, self._timestamp = file.read_value(self._key)

    def inc(self, amount: float) -> None:
        with self._shard.lock:
            self._shard.rebind()
            self.grow(amount)

    def grow(self, amount: float) -> None:
        """Add, in a process that has its slot. The shard's lock must be held."""
        self._value += amount
        self._file.write_value(self._key, self._value, self._timestamp)

    def set(self, value: float, timestamp: float | None = None) -> None:
        with self._shard.lock:
            self._shard.rebind()
            self._value, self._timestamp = value, timestamp or 0.0
            self._file.write_value(self._key, self._value, self._timestamp)

    def get(self) -> float:
        with self._shard.lock:
            self._shard.rebind()
            return self._value

    def set_exemplar(self, exemplar: object) -> None:
        """Exemplars are not kept across processes."""

    def get_exemplar(self) -> None:
        return None


def merged(directory: Path, own: int) -> Iterator[Metric]:
    """The sums over all slots. `own` is the caller's slot, which is alive without asking."""
    files = [str(path) for path in sorted(directory.glob("*.db")) if _counts(path, own)]
    yield from merge(files, accumulate=True)


def clear(directory: Path) -> None:
    """Begin at nothing: remove the files of every slot that nobody holds."""
    for number in _slots(directory):
        if (descriptor := _try(directory, number)) is not None:
            for path in directory.glob(f"*_{number}.db"):
                path.unlink()
            os.close(descriptor)


def _counts(path: Path, own: int) -> bool:
    number = int(path.stem.rpartition("_")[2])
    return not path.name.startswith("gauge_live") or number == own or _alive(path.parent, number)


def _alive(directory: Path, number: int) -> bool:
    descriptor = _try(directory, number, fcntl.LOCK_SH)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _slots(directory: Path) -> list[int]:
    return sorted(int(path.stem) for path in directory.glob("*.lock") if path.stem.isdigit())


def _take(directory: Path) -> tuple[int, int]:
    for number in range(SLOTS):
        if (descriptor := _try(directory, number)) is not None:
            return number, descriptor
    raise OSError(f"{directory}: every slot is taken")


def _try(directory: Path, number: int, kind: int = fcntl.LOCK_EX) -> int | None:
    """A descriptor that holds the slot's lock, or None if somebody else does."""
    descriptor = os.open(directory / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _reserve(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        if os.fstat(descriptor).st_size < RESERVED:
            os.posix_fallocate(descriptor, 0, RESERVED)
    finally:
        os.close(descriptor)


def _forked(reference: weakref.ref[Shard]) -> None:
    if (shard := reference()) is not None:
        shard.forked()
