"""A small disk that is full, for tests of what happens then."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_SIZE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system of one megabyte, mounted at `directory`."""

    directory: Path

    @property
    def _filler(self) -> Path:
        return self.directory / "filler"

    def fill(self) -> None:
        """Leave no block free."""
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                return

    def make_room(self) -> None:
        self._filler.unlink()


@contextmanager
def full_disk(directory: Path) -> Iterator[Disk]:
    """A disk without a free block, gone at the end. The test is skipped where mounting is not allowed."""
    directory.mkdir(mode=0o777)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "none", str(directory)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting needs root")
    try:
        disk = Disk(directory)
        disk.fill()
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)
