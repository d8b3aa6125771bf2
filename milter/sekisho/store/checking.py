"""What is wrong with a store: looked at, never changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, Select, func, not_, select, text

from sekisho.ports import StoreUnavailable
from sekisho.store.engine import READING, connect, unavailable
from sekisho.store.files import identity
from sekisho.store.held_rows import GONE, unpack
from sekisho.store.lock import lock_file, was_made
from sekisho.store.migrate import revision
from sekisho.store.options import StoreOptions, database_file
from sekisho.store.schema import HEAD, contents, entries, recipients

MAX_SHOWN = 100  # flaws of one kind


@dataclass(frozen=True, slots=True)
class Flaw:
    """`code` is stable, `text` is for people."""

    code: str
    text: str


def examine(options: StoreOptions) -> tuple[Flaw, ...]:
    """Everything that is wrong with the store; nothing if it is whole. A store that cannot be read is a flaw, too.
    Reads every held message, so it may take minutes."""
    file = database_file(options)
    if file is not None:
        if not file.exists():
            how = "was there and is gone" if was_made(file) else "is not there yet"
            return (Flaw("missing", f"{file} {how}"),)
        if not file.stat().st_size:
            return (Flaw("empty", f"{file} is empty"),)
    found = [] if file is None else [*_rights(file), *_open_elsewhere(file)]
    try:
        engine = connect(options, pool=NullPool)
        try:
            found += _inside(engine)
        finally:
            engine.dispose()
    except StoreUnavailable as error:
        found.append(Flaw("unreadable", str(error)))
    return tuple(found)


def _inside(engine: Engine) -> Iterator[Flaw]:
    """Raises StoreUnavailable. Short transactions: a long one would keep the log from being written back."""
    with unavailable(), engine.connect().execution_options(**READING) as connection:
        if engine.dialect.name == "sqlite":
            broken = list(structure(connection))
            yield from broken
            if broken:  # what is read from there would say nothing
                return
        if (version := revision(connection)) != HEAD:
            yield Flaw(
                "schema", f"the tables are at version {version or 'none'}, this program's are at {HEAD}"
            )
            return
        yield from _orphans(connection)
        digests = (
            connection.execute(select(contents.c.digest).where(contents.c.codec != GONE)).scalars().all()
        )
    for digest in digests:
        with unavailable(), engine.connect().execution_options(**READING) as connection:
            yield from _content(connection, digest)


def structure(connection: Connection) -> Iterator[Flaw]:
    """SQLite's own check of pages and indexes, and of the keys between tables."""
    for (answer,) in connection.execute(text(f"PRAGMA integrity_check({MAX_SHOWN})")):
        if answer != "ok":
            yield Flaw("integrity", str(answer))
    for row in connection.execute(text("PRAGMA foreign_key_check")).fetchmany(MAX_SHOWN):
        yield Flaw("foreign_key", f"{row[0]} row {row[1]} names no row of {row[2]}")


def _orphans(connection: Connection) -> Iterator[Flaw]:
    def missing(table: Select[tuple[str]], code: str, words: str) -> Iterator[Flaw]:
        for (name,) in connection.execute(table.limit(MAX_SHOWN)):
            yield Flaw(code, f"{name} {words}")

    content = select(contents.c.digest).where(contents.c.digest == entries.c.digest)
    yield from missing(
        select(entries.c.id).where(not_(content.exists())), "entry_without_content", "has no content"
    )
    entry = select(entries.c.id).where(entries.c.digest == contents.c.digest)
    yield from missing(
        select(contents.c.digest).where(not_(entry.exists())), "content_without_entry", "belongs to no entry"
    )
    owner = select(entries.c.id).where(entries.c.id == recipients.c.entry_id)
    yield from missing(
        select(recipients.c.entry_id).where(not_(owner.exists())), "recipient_without_entry", "is no entry"
    )
    copy = select(recipients.c.id).where(recipients.c.entry_id == entries.c.id)
    yield from missing(
        select(entries.c.id).where(not_(copy.exists())), "entry_without_recipient", "is held for nobody"
    )


def _content(connection: Connection, digest: str) -> Iterator[Flaw]:
    row = connection.execute(select(contents).where(contents.c.digest == digest)).mappings().first()
    if row is None or row["codec"] == GONE:  # let go of since
        return
    try:
        raw = unpack(row["codec"], row["data"], row["size"])
    except ValueError as error:
        yield Flaw("content", f"{digest}: {error}")
        return
    if hashlib.sha256(raw).hexdigest() != digest:
        yield Flaw("digest", f"{digest}: the bytes have another digest")


def count(options: StoreOptions) -> int:
    """Messages in the store. Raises StoreUnavailable."""
    engine = connect(options, pool=NullPool)
    try:
        with unavailable(), engine.connect().execution_options(**READING) as connection:
            return int(connection.execute(select(func.count()).select_from(entries)).scalar_one())
    finally:
        engine.dispose()


def _rights(file: Path) -> Iterator[Flaw]:
    """The files of the store belong to the owner of the directory, and nobody else reads them."""
    owner = file.parent.stat().st_uid
    beside = [file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm")]
    for path in (file, *beside, lock_file(file)):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        if found.st_uid != owner:
            yield Flaw("owner", f"{path} belongs to user {found.st_uid}, its directory to user {owner}")
        if mode := stat.S_IMODE(found.st_mode) & 0o007:
            yield Flaw("mode", f"others have rights {mode:o} on {path}")


def _open_elsewhere(file: Path) -> Iterator[Flaw]:
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
            yield Flaw("identity", f"process {process} has another file open than the one at {file}")


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
