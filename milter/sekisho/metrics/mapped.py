"""A memory-mapped file of figures, in prometheus_client's own format (`MmapedDict`)."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

from prometheus_client.mmap_dict import MmapedDict as _MmapedDict

MmapedDict: Any = _MmapedDict  # has no types
RESERVED_BYTES = 1 << 18
"""Bytes set aside for each file at once: a mapped file that cannot grow on a full disk kills its process."""
_USED, _FIRST = struct.Struct("i"), 8  # the head of a file: bytes in use, of which the first value is at 8


class Mapped(MmapedDict):  # type: ignore[misc]
    """A mapped file that has its disk space before it is written to. Raises OSError when there is none."""

    def __init__(self, path: Path) -> None:
        reserve(path, RESERVED_BYTES)
        if not readable(path):  # not a file of ours any more: begin at nothing
            path.unlink()
            reserve(path, RESERVED_BYTES)
        super().__init__(str(path))
        self._descriptor = self._f.fileno()

    def _init_value(self, key: str) -> None:
        if self._used + len(key.encode()) + 32 > self._capacity:
            os.posix_fallocate(self._descriptor, 0, self._capacity * 2)
        super()._init_value(key)

    def whole(self) -> bool:
        """False if the file is shorter than what is mapped. lseek(2) is the cheapest way to ask."""
        return bool(os.lseek(self._descriptor, 0, os.SEEK_END) >= self._capacity)

    def removed(self) -> bool:
        """True if the file has no name any more."""
        return os.fstat(self._descriptor).st_nlink == 0


def readable(path: Path) -> bool:
    """Whether the file is what this program wrote. Raises OSError."""
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
    """Give the file that many bytes of disk space, holes filled. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        os.posix_fallocate(descriptor, 0, max(size, os.fstat(descriptor).st_size))
    finally:
        os.close(descriptor)
