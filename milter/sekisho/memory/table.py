"""Times by key: a file of one size that all processes share.

A key has `WAYS` places in the file. Which they are depends on a secret in its head: without it, a sender could choose
names that push those of others out. Rows are read and written with one system call each and never mapped: a file that
somebody cuts, or a full disk, is an error to be caught and not the end of the process. There is no lock: a row is
written whole, and of two writers of one place the later wins.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
from pathlib import Path
from typing import NamedTuple

from sekisho.private_files import open_private

KEY = 16  # octets
SALT = 16  # octets
WAYS = 8
_ROW = struct.Struct(f"<{KEY}sd")
_SET = WAYS * _ROW.size


class Row(NamedTuple):
    """A place in the file: whose it is, since when (Unix seconds; 0 is free), and where."""

    key: bytes
    when: float
    at: int


class TimeTable:
    """Belongs to all processes that have the file open; the descriptor has no position that could be shared."""

    def __init__(self, path: Path, magic: bytes, sets: int) -> None:
        """Room for `sets` times `WAYS` keys. `magic` (16 octets) names what is in the file; a damaged file or one
        of another kind or size is begun anew. Raises OSError."""
        self._sets = sets
        self._head = len(magic) + SALT
        self._fd = open_private(path)
        try:
            self._begin(magic, self._head + sets * _SET)
            self._salt = os.pread(self._fd, SALT, len(magic))
        except OSError:
            os.close(self._fd)
            raise

    def close(self) -> None:
        os.close(self._fd)

    def key_of(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, digest_size=KEY, key=self._salt).digest()

    def rows(self, key: bytes) -> list[Row]:
        """The places of a key, used or not. Raises OSError, also for a file that has been cut."""
        start = self._head + int.from_bytes(key[:4], "big") % self._sets * _SET
        data = os.pread(self._fd, _SET, start)
        if len(data) != _SET:
            raise OSError("the file has been cut")
        return [
            Row(name, when, start + number * _ROW.size)
            for number, (name, when) in enumerate(_ROW.iter_unpack(data))
        ]

    def get(self, key: bytes) -> float | None:
        """The time written for a key. Raises OSError."""
        return next((row.when for row in self.rows(key) if row.when and row.key == key), None)

    def put(self, key: bytes, when: float, place: Row) -> None:
        """Write into a place of the key. Raises OSError."""
        os.pwrite(self._fd, _ROW.pack(key, when), place.at)

    def _begin(self, magic: bytes, size: int) -> None:
        if os.fstat(self._fd).st_size == size and os.pread(self._fd, len(magic), 0) == magic:
            return
        os.ftruncate(self._fd, 0)
        os.posix_fallocate(self._fd, 0, size)
        os.pwrite(self._fd, magic + secrets.token_bytes(SALT), 0)
