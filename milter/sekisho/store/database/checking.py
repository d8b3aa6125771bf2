"""Checks the files of a database and its content, without regard to the tables. Nothing is changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from sekisho.store.database.files import identity
from sekisho.store.database.lock import lock_file, was_made

MAX_SHOWN_FLAWS = 100  # of one kind


@dataclass(frozen=True, slots=True)
class StoreFlaw:
    """A fault of a store. `code` never changes, `text` is for people."""

    code: str
    text: str


def missing(file: Path) -> StoreFlaw | None:
    """Why the file of a SQLite database cannot be checked; empty if it can. Raises OSError."""
    if not file.exists():
        how = "was there and is gone" if was_made(file) else "is not there yet"
        return StoreFlaw("missing", f"{file} {how}")
    return None if file.stat().st_size else StoreFlaw("empty", f"{file} is empty")


def of_files(file: Path) -> Iterator[StoreFlaw]:
    """What is wrong with the owners, modes and identity of a SQLite database's files."""
    yield from _rights(file)
    yield from _open_elsewhere(file)


def structure(connection: Connection) -> Iterator[StoreFlaw]:
    """SQLite's own check of pages and indexes, and of the keys between tables."""
    for (answer,) in connection.execute(text(f"PRAGMA integrity_check({MAX_SHOWN_FLAWS})")):
        if answer != "ok":
            yield StoreFlaw("integrity", str(answer))
    for row in connection.execute(text("PRAGMA foreign_key_check")).fetchmany(MAX_SHOWN_FLAWS):
        yield StoreFlaw("foreign_key", f"{row[0]} row {row[1]} names no row of {row[2]}")


def _rights(file: Path) -> Iterator[StoreFlaw]:
    """The files that do not belong to the owner of the directory, or that other users may read."""
    owner = file.parent.stat().st_uid
    beside = [file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm")]
    for path in (file, *beside, lock_file(file)):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        if found.st_uid != owner:
            yield StoreFlaw("owner", f"{path} belongs to user {found.st_uid}, its directory to user {owner}")
        if mode := stat.S_IMODE(found.st_mode) & 0o007:
            yield StoreFlaw("mode", f"others have rights {mode:o} on {path}")


def _open_elsewhere(file: Path) -> Iterator[StoreFlaw]:
    """Processes of the daemon that have another file open than the one at the path, as far as /proc shows them to us.
    A file that was renamed has its new name there, so its log is looked for, too."""
    names = [str(file), f"{file}-wal", f"{file}-shm"]
    try:
        lock = identity(lock_file(file).stat())
        there = identity(file.stat())
        processes = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    for process in processes:
        opened = dict(_descriptors_of(process))
        ours = {each: name for each, name in opened.items() if name.removesuffix(" (deleted)") in names}
        if lock in opened and ours and there not in ours:
            yield StoreFlaw("identity", f"process {process} has another file open than the one at {file}")


def _descriptors_of(process: str) -> Iterator[tuple[tuple[int, int], str]]:
    folder = f"/proc/{process}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            yield identity(os.stat(f"{folder}/{name}")), os.readlink(f"{folder}/{name}")
        except OSError:
            continue
