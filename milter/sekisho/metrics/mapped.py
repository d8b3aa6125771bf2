"""A memory-mapped file of metric values, in prometheus_client's own format (`MmapedDict`)."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

from prometheus_client.mmap_dict import MmapedDict as _MmapedDict

MmapedDict: Any = _MmapedDict  # has no types
RESERVED_BYTES = 1 << 18
"""Bytes allocated for each file at the start: a write to a mapped file without disk space kills the process."""
_USED, _FIRST = struct.Struct("i"), 8  # the head of a file: bytes in use, of which the first value is at 8


class Mapped(MmapedDict):  # type: ignore[misc]
    """A mapped file whose disk space is allocated before it is written. Raises OSError if there is none."""

    def __init__(self, path: Path) -> None:
        reserve(path, RESERVED_BYTES)
        if not readable(path):  # damaged: begin with an empty file
            path.unlink()
            reserve(path, RESERVED_BYTES)
        super().__init__(str(path))
        self._descriptor = self._f.fileno()

    def _init_value(self, key: str) -> None:
        if self._used + len(key.encode()) + 32 > self._capacity:
            os.posix_fallocate(self._descriptor, 0, self._capacity * 2)
        super()._init_value(key)

    def whole(self) -> bool:
        """False if the file is shorter than the mapped area. lseek(2) is the cheapest test."""
        return bool(os.lseek(self._descriptor, 0, os.SEEK_END) >= self._capacity)

    def removed(self) -> bool:
        """True if the file has no name any more."""
        return os.fstat(self._descriptor).st_nlink == 0


def readable(path: Path) -> bool:
    """True if the file is one that this program wrote. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(_USED.size)
    try:
        used = _USED.unpack(head)[0]
        for key, *_ in MmapedDict.read_all_values_from_file(path) if used else ():
            json.loads(key)
    except (ValueError, RuntimeError, struct.error):
        return False
    return bool(used == 0 or used >= _FIRST)


def reserve(path: Path, size: int) -> None:
    """Allocate `size` bytes of disk space for the file, without holes. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        os.posix_fallocate(descriptor, 0, max(size, os.fstat(descriptor).st_size))
    finally:
        os.close(descriptor)
