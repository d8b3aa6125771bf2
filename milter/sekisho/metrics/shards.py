"""Metric values of several processes, in memory-mapped files that one process adds up.

Each process writes to the files of a *slot*, a small number that it owns by an exclusive lock on `N.lock`. The kernel
releases the lock when the process ends in any way, and the next process that starts takes over the slot with all that
was counted there. So counters never go back, there are never more files than processes that ran at once, and no file
has to be cleaned up. Gauges that count only while their process lives (`live…`) are left out of the sum if no process
holds the slot, and removed when the slot is taken over.

Counting never raises. While the files cannot be used (disk full, directory removed, no descriptor), counts are kept in
memory, and the directory is tried again every second. Before each write the size of the files is tested: a write to a
mapped file that was truncated kills the process. Files that were truncated or removed are made again from memory.

The file format and the sums are prometheus_client's own (`MmapedDict`, `MultiProcessCollector.merge`).
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import struct
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from sekisho.events import watching
from sekisho.metrics.mapped import Mapped, readable
from sekisho.private_files import RUNTIME_MODE

merge: Any = MultiProcessCollector.merge  # has no types

LOG = logging.getLogger("sekisho.metrics")
MAX_SLOTS = 4096
_VALUE = struct.Struct("d")
_PAIR = struct.Struct("dd")  # value and timestamp
RETRY_SECONDS = 1.0
"""Seconds between two attempts to open the files, and between two checks whether they were removed."""


class Shard:
    """The metric values of this process. After a fork the child takes a slot of its own."""

    def __init__(self, directory: Path) -> None:
        """Takes a slot. Raises OSError."""
        self.directory = directory
        self.lock = Lock()
        self.slot = -1
        self.failed: Callable[[], None] = lambda: None
        """Called once for each attempt to open the files that failed."""
        self._lock_fd = -1
        self._files: dict[str, Mapped] = {}
        self._counters: list[Mapped] = []
        self._cells: list[ShardValue] = []
        self._forget()
        self._bind()
        self._bound = True
        os.register_at_fork(after_in_child=partial(_forked, weakref.ref(self)))

    def install(self) -> None:
        """Make metrics that are created from now on keep their values here."""
        values.ValueClass = partial(ShardValue, self)

    def add(self, cell: ShardValue) -> None:
        """Add a new series. Raises OSError if there is no disk space for it."""
        with self.lock:
            self._cells.append(cell)
            cell.bind(self._file(cell.prefix))

    def add_all(self, changes: Iterable[tuple[ShardValue, float]]) -> None:
        """Add to many values under one lock. `changes` are values with the amount to add."""
        with self.lock:
            if self._usable(self._counters):
                for cell, amount in changes:
                    cell.grow(amount)
            else:
                for cell, amount in changes:
                    self._waiting[cell] = self._waiting.get(cell, 0.0) + amount
        self._tell()

    def put(self, cell: ShardValue, value: float, timestamp: float) -> None:
        """Set a gauge to `value`; `timestamp` is in seconds of the monotonic clock."""
        with self.lock:
            if self._usable((self._files.get(cell.prefix),)):
                cell.write(value, timestamp)
            else:
                self._wanted[cell] = value, timestamp
        self._tell()

    def close(self) -> None:
        """Release the slot. What was counted stays in its files."""
        with self.lock:
            self._release()
            self._cells.clear()

    def forked(self) -> None:
        """After a fork, in the child: leave the parent's slot. Closing the child's descriptor does not unlock it."""
        self.lock = Lock()
        self._forget()
        self._release()

    def _forget(self) -> None:
        """Reset to the state in which nothing was counted or tried."""
        self._bound = False
        self._waiting: dict[ShardValue, float] = {}
        self._wanted: dict[ShardValue, tuple[float, float]] = {}
        self._next_try = self._next_look = 0.0
        self._trouble: Exception | None = None
        self._attempts = 0
        self._said = False

    def _usable(self, files: Iterable[Mapped | None]) -> bool:
        """True if these files can be written. New ones are opened if necessary. The lock must be held."""
        now = monotonic()
        whole = self._bound
        for file in files if whole else ():
            whole = whole and file is not None and file.whole()
        if whole:
            if now < self._next_look:
                return True
            self._next_look = now + RETRY_SECONDS
            if not self._removed():
                return True
        if self._bound:
            self._rescue()
        elif now < self._next_try:
            return False
        return self._try_again(now)

    def _try_again(self, now: float) -> bool:
        try:
            self._bind()
        except Exception as error:
            self._release()
            self._trouble = error
            self._attempts += 1
            self._next_try = now + RETRY_SECONDS
            return False
        self._bound, self._trouble = True, None
        waiting, self._waiting = self._waiting, {}
        wanted, self._wanted = self._wanted, {}
        for cell, amount in waiting.items():
            cell.grow(amount)
        for cell, (value, timestamp) in wanted.items():
            cell.write(value, timestamp)
        return True

    def _removed(self) -> bool:
        return os.fstat(self._lock_fd).st_nlink == 0 or any(file.removed() for file in self._files.values())

    def _rescue(self) -> None:
        """Close the slot. Values of files that were truncated or removed are taken from memory."""
        gone = {
            prefix for prefix, file in self._files.items() if file.removed() or self._unusable(prefix, file)
        }
        for cell in self._cells:
            if cell.prefix in gone:
                cell.rescue(self._waiting, self._wanted)
        self._release()

    def _unusable(self, prefix: str, file: Mapped) -> bool:
        """True for a file that was truncated. It is removed, since a part of it is lost."""
        if file.whole():
            return False
        with contextlib.suppress(OSError):
            self._path(prefix).unlink()
        return True

    def _tell(self) -> None:
        """Log once that the files cannot be used, and once that they can again. The lock must not be held."""
        if not self._attempts and not (self._said and self._trouble is None):
            return
        with self.lock:
            attempts, self._attempts = self._attempts, 0
            trouble, said = self._trouble, self._said
            self._said = trouble is not None
        if trouble is not None and not said:
            watching.METRICS_UNWRITABLE.write(LOG, reason=trouble)
        elif trouble is None and said:
            watching.METRICS_WRITABLE.write(LOG)
        for _ in range(attempts):
            self.failed()

    def _bind(self) -> None:
        self.directory.mkdir(mode=int(RUNTIME_MODE, 8), parents=True, exist_ok=True)
        self.slot, self._lock_fd = _take(self.directory)
        for stale in self.directory.glob(f"gauge_live*_{self.slot}.db"):
            stale.unlink()
        for cell in self._cells:
            cell.bind(self._file(cell.prefix))

    def _path(self, prefix: str) -> Path:
        return self.directory / f"{prefix}_{self.slot}.db"

    def _file(self, prefix: str) -> Mapped:
        if prefix not in self._files:
            file = self._files[prefix] = Mapped(self._path(prefix))
            if not prefix.startswith("gauge"):
                self._counters.append(file)
        return self._files[prefix]

    def _release(self) -> None:
        self._bound = False
        self.slot = -1
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._counters.clear()
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1


class ShardValue:
    """One number of one series. Implements prometheus_client's interface of a value class."""

    _multiprocess = True

    def __init__(
        self,
        shard: Shard,
        typ: str,
        *identity: Any,
        multiprocess_mode: str = "",
        **_unused: Any,
    ) -> None:
        """`identity` is the library's key of a value: metric, sample, label names and values, help."""
        self.prefix = f"{typ}_{multiprocess_mode}" if typ == "gauge" else typ
        self._shard = shard
        self._key = mmap_key(*identity)
        self._value = self._timestamp = 0.0
        shard.add(self)

    def bind(self, file: Mapped) -> None:
        """Take the value from the file, and write to the file from now on."""
        self._file = file
        self._value, self._timestamp = file.read_value(self._key)
        self._at = file._positions[self._key]

    def inc(self, amount: float) -> None:
        """Add `amount` to the number."""
        self._shard.add_all(((self, amount),))

    def set(self, value: float, timestamp: float | None = None) -> None:
        """Set the number."""
        self._shard.put(self, value, monotonic())  # the library's wall clock may go back

    def get(self) -> float:
        """The number of this process."""
        return self._value

    def grow(self, amount: float) -> None:
        """Add `amount` (a count, seconds or points) to the number, in a process with a slot. The shard's lock must be
        held."""
        self._value += amount
        at = self._at
        self._file._m[at : at + _VALUE.size] = _VALUE.pack(self._value)

    def write(self, value: float, timestamp: float) -> None:
        """Set the number; `timestamp` is in seconds of the monotonic clock. The shard's lock must be held.

        The library's own function would look up the place each time, and a message changes a hundred values."""
        self._value, self._timestamp, at = value, timestamp, self._at
        self._file._m[at : at + _PAIR.size] = _PAIR.pack(value, timestamp)

    def rescue(self, counts: dict[ShardValue, float], states: dict[ShardValue, tuple[float, float]]) -> None:
        """Copy the value of this process from memory, for a file that has to be made again."""
        if self.prefix.startswith("gauge"):
            if self._value or self._timestamp:
                states[self] = self._value, self._timestamp
        elif self._value:
            counts[self] = self._value

    def set_exemplar(self, exemplar: object) -> None:
        """Exemplars are not kept across processes."""

    def get_exemplar(self) -> None:
        """None: there are no exemplars."""


def merged(directory: Path, own: int) -> Iterator[Metric]:
    """The sums over all slots. `own` is the number of the caller's slot, which is in use. A file that cannot be read is
    left out."""
    files = [str(path) for path in sorted(directory.glob("*.db")) if _counts(path, own)]
    try:
        found = list(merge(files, accumulate=True))
    except Exception:
        found = list(merge([each for each in files if _summed(each)], accumulate=True))
    yield from found


def _summed(path: str) -> bool:
    try:
        good = readable(Path(path))
    except OSError:
        good = False
    if not good:
        watching.FIGURES_LOST.write(LOG, path=path)
    return good


def clear(directory: Path) -> None:
    """Remove the files of every slot that no process holds."""
    for number in _slots(directory):
        if (descriptor := _try(directory, number)) is not None:
            for path in directory.glob(f"*_{number}.db"):
                path.unlink()
            os.close(descriptor)


def _counts(path: Path, own: int) -> bool:
    number = int(path.stem.rpartition("_")[2])
    return not path.name.startswith("gauge_live") or number == own or _alive(path.parent, number)


def _alive(directory: Path, number: int) -> bool:
    try:
        descriptor = _try(directory, number, fcntl.LOCK_SH)
    except OSError:
        return True  # unknown
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _slots(directory: Path) -> list[int]:
    return sorted(int(path.stem) for path in directory.glob("*.lock") if path.stem.isdigit())


def _take(directory: Path) -> tuple[int, int]:
    for number in range(MAX_SLOTS):
        if (descriptor := _try(directory, number)) is not None:
            return number, descriptor
    raise OSError(f"{directory}: every slot is taken")


def _try(directory: Path, number: int, kind: int = fcntl.LOCK_EX) -> int | None:
    """A descriptor that holds the slot's lock, or None if another process holds it."""
    descriptor = os.open(directory / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return descriptor


def _forked(reference: weakref.ref[Shard]) -> None:
    if (shard := reference()) is not None:
        shard.forked()
