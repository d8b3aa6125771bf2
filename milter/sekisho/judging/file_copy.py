"""A file with the same content as a piece of shared memory.

The file is not mapped: if a mapped file is truncated, or a full disk cannot provide its blocks, an access ends the
process with SIGBUS. Only the memory is read later; the file is read once, at start, and written after each change.
"""

from __future__ import annotations

import errno
import logging
import mmap
import os
from collections.abc import Callable
from pathlib import Path

from sekisho.events import keeping
from sekisho.private_files import open_private

LOG = logging.getLogger("sekisho.judging")


class FileCopy:
    """The copy of `memory` at `path`, for all processes forked after it was made.

    After each write it is checked that the file at the path is the one that was written, and has its full size. It may
    have been removed, replaced or truncated. Then the whole memory is written into the file that is there now.
    Processes that write at the same time do not undo each other: the system call that writes takes the bytes from the
    shared memory.
    """

    def __init__(self, path: Path, memory: mmap.mmap, magic: bytes) -> None:
        """Fill the memory from the file, if the file begins with `magic` and has the memory's size. Raises OSError if
        the file can be neither opened nor made; a full disk is only logged."""
        self._path = path
        self._memory = memory
        self._broken = False
        self._handle = self._open()
        kept = os.pread(self._handle, len(memory) + 1, 0)
        if len(kept) == len(memory) and kept.startswith(magic):
            memory[:] = kept
            return
        memory[: len(magic)] = magic
        self._try(self._write_all)

    def write(self, start: int, size: int) -> None:
        """Write `size` bytes of the memory, from offset `start`, to the disk. A failing disk raises nothing; it is
        logged once."""
        self._try(self._write_all if self._broken else lambda: self._write_some(start, size))

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            if not self._broken:
                keeping.MEMORY_FAILED.failed(
                    LOG, error, "messages that failed are remembered in memory only", path=self._path
                )
            self._broken = True
        else:
            self._broken = False

    def _write_some(self, start: int, size: int) -> None:
        with memoryview(self._memory) as view, view[start : start + size] as piece:
            _all_of(piece, os.pwrite(self._handle, piece, start))
        os.fdatasync(self._handle)
        if not self._is_whole():
            self._write_all()

    def _write_all(self) -> None:
        """Write the whole memory into the file that is at the path now; a missing file is made. Raises OSError."""
        handle = self._open()
        os.dup2(handle, self._handle, inheritable=False)
        os.close(handle)
        os.posix_fallocate(self._handle, 0, len(self._memory))
        os.ftruncate(self._handle, len(self._memory))
        with memoryview(self._memory) as view:
            _all_of(view, os.pwrite(self._handle, view, 0))
        os.fsync(self._handle)
        self._sync_name()

    def _open(self) -> int:
        return open_private(self._path)

    def _sync_name(self) -> None:
        """Make the name of a new file durable: it is in the directory (fsync(2)). Raises OSError."""
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _is_whole(self) -> bool:
        try:
            found = self._path.lstat()
        except FileNotFoundError:
            return False
        ours = os.fstat(self._handle)
        return os.path.samestat(found, ours) and ours.st_size == len(self._memory)


def _all_of(data: memoryview, written: int) -> None:
    """Raises OSError if a full disk cut the write short."""
    if written < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
