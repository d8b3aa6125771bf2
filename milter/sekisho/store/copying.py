"""Copies a whole store into another database: a SQLite file into PostgreSQL, back, or into another file.

All tables are copied in one transaction: held messages with their copies, the audit, the lists, and the state of
retention. Then all rows are read again from the new database and compared, so a copy is whole or there is none. Nobody
may work on the source meanwhile: mail that a daemon holds during the copy would be in the old store only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, RowMapping, Table, delete, func, insert, select, text

from sekisho.plain_errors import of_system
from sekisho.ports import StoreUnavailable
from sekisho.store.database.engine import READING, connect, unavailable
from sekisho.store.database.lock import StoreLock, exclusive, lock_file
from sekisho.store.database.migrate import SchemaError, migrate, revision_of
from sekisho.store.database.options import StoreOptions, database_file, store_name
from sekisho.store.database.schema import HEAD, metadata
from sekisho.store.lists.table import list_version
from sekisho.store.quarantine.held_rows import GONE, unpack
from sekisho.store.quarantine.schema import contents

TABLES: tuple[Table, ...] = tuple(metadata.sorted_tables)
_STOP = "systemctl stop sekisho-milter"
BATCH_ROWS = 500
BATCH_CONTENTS = 10  # rows with the bytes of a message
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND application_name = 'sekisho'"
)


class CopyError(Exception):
    """The store cannot be copied. The text is the reason, for the operator. The target has nothing of it."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: the number of rows by table, and the record digests of messages whose bytes were damaged in the
    source already. These were copied as they are."""

    rows: Mapping[str, int]
    damaged: tuple[str, ...]


def copy_store(source: StoreOptions, target: StoreOptions) -> Copied:
    """Copy a store into an empty database, which is made if it is a file. Raises CopyError, StoreUnavailable or
    SchemaError."""
    if store_name(source) == store_name(target) or _same_file(source, target):
        raise CopyError("FROM and TO are the same store")
    file = database_file(source)
    if file is not None and not file.exists():
        raise CopyError(f"{file}: there is no store")
    if (found := revision_of(source)) != HEAD:
        raise SchemaError(
            f"the tables of {store_name(source)} are at version {found or 'none'}, this program's are at {HEAD}: start "
            "this version's daemon with it once"
        )
    with _unused(source), _unused(target), _made(target):
        copied = _transfer(source, target)
    _mark(target)
    return copied


def _transfer(source: StoreOptions, target: StoreOptions) -> Copied:
    """Everything, in one transaction of each database."""
    with (
        _engine(source) as old,
        _engine(target) as new,
        unavailable(target),
        new.begin() as writer,
        _opened(old, source) as reader,
    ):
        _check_empty(writer, target)
        return _copy(reader, source, writer)


@contextmanager
def _opened(engine: Engine, source: StoreOptions) -> Iterator[Connection]:
    with unavailable(source):
        connection = engine.connect()
    with connection:
        with unavailable(source):
            _freeze(connection)
        yield connection


def _same_file(source: StoreOptions, target: StoreOptions) -> bool:
    one, other = database_file(source), database_file(target)
    return one is not None and other is not None and one.exists() and other.exists() and one.samefile(other)


@contextmanager
def _unused(options: StoreOptions) -> Iterator[None]:
    """Within the block no daemon works on a SQLite store; one that starts waits. Raises CopyError or
    StoreUnavailable."""
    file = database_file(options)
    if file is None:
        with _engine(options) as engine, unavailable(options), engine.connect() as connection:
            others = connection.execute(OTHERS).scalar_one()
        if others:
            raise CopyError(f"{others} connections of sekisho work on {store_name(options)}: {_STOP}")
        yield
        return
    try:
        with exclusive(file) as ours:
            if not ours:
                raise CopyError(f"a daemon works on {file}: {_STOP}")
            yield
    except OSError as error:
        raise StoreUnavailable(f"{file}: its lock {lock_file(file)}: {of_system(error)}") from error


@contextmanager
def _made(target: StoreOptions) -> Iterator[None]:
    """The target with our tables. A file that did not exist is removed again if the block raises."""
    file = database_file(target)
    fresh = file is not None and not file.exists()
    try:
        migrate(target)
        yield
    except BaseException:
        if fresh and file is not None:
            for end in ("", "-wal", "-shm"):
                Path(f"{file}{end}").unlink(missing_ok=True)
        raise


def _mark(target: StoreOptions) -> None:
    """Note that the file exists, so that a running daemon never makes an empty one in its place."""
    lock = StoreLock(target)
    with suppress(StoreUnavailable):  # the daemon notes it, too
        lock.take()
        lock.mark()
    lock.close()


@contextmanager
def _engine(options: StoreOptions) -> Iterator[Engine]:
    engine = connect(options, pool=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def _freeze(reader: Connection) -> None:
    """One state of the source for all tables. In PostgreSQL nobody can change them until the copy is done."""
    if reader.dialect.name != "postgresql":
        reader.execution_options(**READING)
        return
    reader.execution_options(isolation_level="REPEATABLE READ")
    reader.execute(text(f"LOCK TABLE {', '.join(table.name for table in TABLES)} IN SHARE MODE"))


def _check_empty(writer: Connection, target: StoreOptions) -> None:
    """Raises CopyError."""
    for table in TABLES:
        query = select(func.count()).select_from(table)
        if table is list_version:
            query = select(func.coalesce(func.max(list_version.c.version), 0))
        if found := writer.execute(query).scalar_one():
            what = (
                f"version {found} of the lists" if table is list_version else f"{found} rows in {table.name}"
            )
            raise CopyError(f"{store_name(target)} is not empty ({what}): nothing was copied")


def _copy(reader: Connection, source: StoreOptions, writer: Connection) -> Copied:
    """Raises CopyError if what is read again is not the same, and StoreUnavailable for what `reader` cannot read."""
    writer.execute(delete(list_version))
    rows: dict[str, int] = {}
    damaged: list[str] = []
    for table in TABLES:
        count, seen = 0, 0
        for batch in _read(_batches(reader, table), source):
            writer.execute(insert(table), [dict(row) for row in batch])
            count += len(batch)
            seen += sum(map(_fingerprint, batch))
            if table is contents:
                damaged += [row["digest"] for row in batch if not _is_whole(row)]
        again = [(len(batch), sum(map(_fingerprint, batch))) for batch in _batches(writer, table)]
        if (sum(size for size, _ in again), sum(each for _, each in again)) != (count, seen):
            raise CopyError(f"the rows of {table.name} are not the same when they are read again")
        _count_on(writer, table)
        rows[table.name] = count
    return Copied(rows, tuple(damaged))


def _batches(connection: Connection, table: Table) -> Iterator[Sequence[RowMapping]]:
    """All rows in the order of their key, a few at a time: a message may have many megabytes."""
    (key,) = table.primary_key.columns
    size = BATCH_CONTENTS if table is contents else BATCH_ROWS
    query = select(table).order_by(key).limit(size)
    last: Any = None
    while True:
        page = query if last is None else query.where(key > last)
        batch = connection.execute(page).mappings().all()
        if batch:
            last = batch[-1][key]
            yield batch
        if len(batch) < size:
            return


def _read(batches: Iterator[Sequence[RowMapping]], source: StoreOptions) -> Iterator[Sequence[RowMapping]]:
    """The batches. An error of reading is the source's; one of writing, between them, is not."""
    while True:
        with unavailable(source):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _fingerprint(row: RowMapping) -> int:
    """A number that is the same for equal rows on both databases. Numbers of rows are added up, since the databases
    may sort texts differently."""
    return int.from_bytes(hashlib.sha256(repr(tuple(row.values())).encode("utf-8", "surrogatepass")).digest())


def _is_whole(row: RowMapping) -> bool:
    """True if the bytes of a message have their digest, or were erased."""
    if row["codec"] == GONE:
        return True
    try:
        raw = unpack(row["codec"], row["data"], row["size"])
    except ValueError:
        return False
    return bool(hashlib.sha256(raw).hexdigest() == row["digest"])


def _count_on(writer: Connection, table: Table) -> None:
    """PostgreSQL numbers new rows by a sequence, which does not know of rows that came with their numbers."""
    (key,) = table.primary_key.columns
    if writer.dialect.name != "postgresql" or key.autoincrement is not True:
        return
    named = {"table": table.name, "key": key.name}
    sequence = writer.execute(text("SELECT pg_get_serial_sequence(:table, :key)"), named).scalar_one()
    highest = writer.execute(select(func.max(key))).scalar_one()
    if sequence and highest is not None:
        writer.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})
