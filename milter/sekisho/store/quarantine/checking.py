"""Checks a quarantine. Nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, NullPool, Select, func, not_, select

from sekisho.ports import StoreUnavailable
from sekisho.store.database.checking import MAX_SHOWN_FLAWS, StoreFlaw, missing, of_files, structure
from sekisho.store.database.engine import READING, connect, unavailable
from sekisho.store.database.migrate import fits, revision
from sekisho.store.database.options import StoreOptions, database_file
from sekisho.store.database.schema import HEAD
from sekisho.store.quarantine.held_rows import GONE, unpack
from sekisho.store.quarantine.schema import contents, entries, recipients


def examine_store(options: StoreOptions) -> tuple[StoreFlaw, ...]:
    """All flaws of the store; empty if there are none. A store that cannot be read is a flaw, too. Every held message
    is read, so it may take minutes."""
    file = database_file(options)
    if file is not None and (absent := missing(file)):
        return (absent,)
    found = [] if file is None else list(of_files(file))
    try:
        engine = connect(options, pool=NullPool)
        try:
            found += _inside(engine, options)
        finally:
            engine.dispose()
    except StoreUnavailable as error:
        found.append(StoreFlaw("unreadable", str(error)))
    return tuple(found)


def _inside(engine: Engine, options: StoreOptions) -> Iterator[StoreFlaw]:
    """Raises StoreUnavailable. Short transactions: a long one would keep the log from being written back."""
    with unavailable(options), engine.connect().execution_options(**READING) as connection:
        if engine.dialect.name == "sqlite":
            broken = list(structure(connection))
            yield from broken
            if broken:  # further checks would read damaged data
                return
        version = revision(connection)
        if not fits(connection, version):
            yield StoreFlaw(
                "schema", f"the tables are at version {version or 'none'}, this program's are at {HEAD}"
            )
            return
        yield from _orphans(connection)
        digests = (
            connection.execute(select(contents.c.digest).where(contents.c.codec != GONE)).scalars().all()
        )
    for digest in digests:
        with unavailable(options), engine.connect().execution_options(**READING) as connection:
            yield from _content(connection, digest)


def _orphans(connection: Connection) -> Iterator[StoreFlaw]:
    def without(table: Select[tuple[str]], code: str, words: str) -> Iterator[StoreFlaw]:
        for (name,) in connection.execute(table.limit(MAX_SHOWN_FLAWS)):
            yield StoreFlaw(code, f"{name} {words}")

    content = select(contents.c.digest).where(contents.c.digest == entries.c.digest)
    yield from without(
        select(entries.c.id).where(not_(content.exists())), "entry_without_content", "has no content"
    )
    entry = select(entries.c.id).where(entries.c.digest == contents.c.digest)
    yield from without(
        select(contents.c.digest).where(not_(entry.exists())), "content_without_entry", "belongs to no entry"
    )
    owner = select(entries.c.id).where(entries.c.id == recipients.c.entry_id)
    yield from without(
        select(recipients.c.entry_id).where(not_(owner.exists())), "recipient_without_entry", "is no entry"
    )
    copy = select(recipients.c.id).where(recipients.c.entry_id == entries.c.id)
    yield from without(
        select(entries.c.id).where(not_(copy.exists())), "entry_without_recipient", "is held for no recipient"
    )


def _content(connection: Connection, digest: str) -> Iterator[StoreFlaw]:
    row = connection.execute(select(contents).where(contents.c.digest == digest)).mappings().first()
    if row is None or row["codec"] == GONE:  # let go of since
        return
    try:
        raw = unpack(row["codec"], row["data"], row["size"])
    except ValueError as error:
        yield StoreFlaw("content", f"{digest}: {error}")
        return
    if hashlib.sha256(raw).hexdigest() != digest:
        yield StoreFlaw("digest", f"{digest}: the bytes have another digest")


def count_entries(options: StoreOptions) -> int:
    """How many messages the store has. Raises StoreUnavailable."""
    engine = connect(options, pool=NullPool)
    try:
        with unavailable(options), engine.connect().execution_options(**READING) as connection:
            return int(connection.execute(select(func.count()).select_from(entries)).scalar_one())
    finally:
        engine.dispose()
