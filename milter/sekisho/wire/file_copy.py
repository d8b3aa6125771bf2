"""A file that holds what a piece of shared memory holds.

No file is mapped: an access to a mapped file that somebody has cut, or whose blocks a full disk cannot give, ends
the process with SIGBUS. The memory is what is read; the file is written beside it and read once, at start.
"""

from __future__ import annotations

import errno
import logging
import mmap
import os
from collections.abc import Callable
from pathlib import Path

from sekisho.private_files import open_private

LOG = logging.getLogger("sekisho.wire")


class FileCopy:
    """The copy of `memory` at `path`, for all processes forked after it was made.

    After each write it is asked whether the file at the path is the one that was written, and whole: it may have
    been removed, replaced or cut. Then the whole memory is written into what is there now. Processes that write at
    the same time do not undo each other: what is written is taken from the shared memory in the same system call.
    """

    def __init__(self, path: Path, memory: mmap.mmap, magic: bytes) -> None:
        """Fill the memory from the file, if that begins with `magic` and has its size. Raises OSError where the file
        can neither be opened nor made; a disk that is full is only said."""
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
        """Bring these bytes of the memory to the disk. Never raises for a disk or a file that fails."""
        self._try(self._write_all if self._broken else lambda: self._write_some(start, size))

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            if not self._broken:
                LOG.error("%s: %s; what stands there is kept in memory alone", self._path, error.strerror)
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
        """Into the file that is at the path now, which is made if there is none."""
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
        """A new file's name is its directory's content (fsync(2))."""
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
    """Raises OSError for a write that a full disk cut short."""
    if written < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
