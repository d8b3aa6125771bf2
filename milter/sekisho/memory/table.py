"""Times by key, in a file of fixed size that all processes share.

A key belongs to one set of `WAYS` places in the file (a set-associative cache). A random salt in the file's header
decides which set: without it, a sender could choose names that replace those of others. A set or a row is read or
written with one system call. The file is not mapped: if it is truncated or the disk is full, an error can be caught,
while an access to mapped memory would end the process (SIGBUS). There is no lock: a row is written whole, and of two
processes that write one place the later one wins.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
from pathlib import Path
from typing import NamedTuple

from sekisho.private_files import open_private

KEY_BYTES = 16
SALT_BYTES = 16
WAYS = 8  # places of one key
_ROW = struct.Struct(f"<{KEY_BYTES}sd")
_SET = WAYS * _ROW.size


class TimeRow(NamedTuple):
    """A place in the file: its key, its time (Unix seconds; 0 is a free place), and its offset in bytes (`at`)."""

    key: bytes
    when: float
    at: int


class TimeTable:
    """One open table. Several processes and threads may use it at once: no file position is used."""

    def __init__(self, path: Path, magic: bytes, sets: int) -> None:
        """Open the file with room for `sets` times `WAYS` keys. `magic` (16 bytes) names what the file holds; a
        damaged file, or one of another kind or size, is overwritten with an empty table. Raises OSError."""
        self._sets = sets
        self._head = len(magic) + SALT_BYTES
        self._fd = open_private(path)
        try:
            self._begin(magic, self._head + sets * _SET)
            self._salt = os.pread(self._fd, SALT_BYTES, len(magic))
        except OSError:
            os.close(self._fd)
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def key_of(self, text: bytes) -> bytes:
        """The key of a text: `KEY_BYTES` of BLAKE2b with the file's salt."""
        return hashlib.blake2b(text, digest_size=KEY_BYTES, key=self._salt).digest()

    def rows(self, key: bytes) -> list[TimeRow]:
        """The places of a key, used or free. Raises OSError, also if the file has been truncated."""
        start = self._head + int.from_bytes(key[:4], "big") % self._sets * _SET
        data = os.pread(self._fd, _SET, start)
        if len(data) != _SET:
            raise OSError("the file has been truncated")
        return [
            TimeRow(name, when, start + number * _ROW.size)
            for number, (name, when) in enumerate(_ROW.iter_unpack(data))
        ]

    def get(self, key: bytes) -> float | None:
        """The time written for a key (Unix seconds), or None. Raises OSError."""
        return next((row.when for row in self.rows(key) if row.when and row.key == key), None)

    def put(self, key: bytes, when: float, place: TimeRow) -> None:
        """Write the time (Unix seconds) into a place of the key. Raises OSError."""
        os.pwrite(self._fd, _ROW.pack(key, when), place.at)

    def _begin(self, magic: bytes, size: int) -> None:
        if os.fstat(self._fd).st_size == size and os.pread(self._fd, len(magic), 0) == magic:
            return
        os.ftruncate(self._fd, 0)
        os.posix_fallocate(self._fd, 0, size)
        os.pwrite(self._fd, magic + secrets.token_bytes(SALT_BYTES), 0)
