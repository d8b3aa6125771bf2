"""Migrates the tables to this version, once, even if several processes start together.

Tables of a later version are used as they are if they only have more than ours: a schema is extended first and
contracted a release later, so that one release back always runs on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, NullPool, inspect, text

from sekisho.ports import StoreUnavailable
from sekisho.store.database.engine import READING, connect, unavailable
from sekisho.store.database.files import Loss, StoreMoved
from sekisho.store.database.lock import was_made
from sekisho.store.database.options import StoreOptions, database_file
from sekisho.store.database.reasons import name_of
from sekisho.store.database.schema import HEAD, metadata
from sekisho.store.database.settle import settle

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATION_LOCK_SECONDS = 60.0
_LOCK = 0x73656B6973686F  # "sekisho": the PostgreSQL advisory lock that migrations take


class SchemaError(Exception):
    """The tables are of a version of sekisho from which this version cannot migrate."""


def migrate(options: StoreOptions, patience: float = MIGRATION_LOCK_SECONDS) -> None:
    """Run the migrations that are missing, in one transaction, others waiting for it. `patience`: seconds to wait for
    a locked database.

    Raises StoreUnavailable, or SchemaError if the tables of a newer sekisho are not ours with more. A SQLite database
    that has lost all its tables since a daemon last used it is not made again: StoreMoved.
    """
    settle(options)
    patient = options.model_copy(update={"busy_timeout_seconds": patience})
    engine = connect(patient, pool=NullPool)
    try:
        with unavailable(options):
            with engine.connect().execution_options(**READING) as connection:
                found = revision(connection)
                foreign = [] if found or options.url.startswith("postgresql") else tables_of(connection)
                ready = fits(connection, found)
            if ready:
                return
            if foreign:
                raise SchemaError(
                    f"{name_of(options)}: is the database of another program (it has the table {foreign[0]}): name the "
                    "quarantine's in store.url"
                )
            file = database_file(options)
            if found is None and file is not None and was_made(file):
                raise StoreMoved(
                    Loss.MISSING,
                    f"{file} is empty, and was not: `sekisho store restore BACKUP`, or a restart after it is removed",
                )
            if found is not None and found not in known_revisions():
                raise SchemaError(too_new(name_of(options), found))
            with engine.begin() as connection:
                _upgrade(connection, options)
    finally:
        engine.dispose()


def too_new(name: str, found: str | None) -> str:
    """What is wrong with the tables of a newer sekisho that are not ours with more, and what to do. `name`: of the
    database."""
    return (
        f"{name}: is of a newer sekisho: its tables are at version {found}, and this program knows them up to {HEAD}. "
        "Use the newer version again, or a backup from before the upgrade"
    )


def up_to_date(options: StoreOptions) -> bool:
    """True if the tables are those of this version, or of a later one that this one can use. Nothing is changed. Raises
    StoreUnavailable."""
    with _reading(options) as connection:
        return fits(connection, revision(connection))


def revision_of(options: StoreOptions) -> str | None:
    """The migration that the database is at; nothing is changed. Raises StoreUnavailable."""
    with _reading(options) as connection:
        return revision(connection)


@contextmanager
def _reading(options: StoreOptions) -> Iterator[Connection]:
    engine = connect(options, pool=NullPool)
    try:
        with unavailable(options), engine.connect().execution_options(**READING) as connection:
            yield connection
    finally:
        engine.dispose()


def fits(connection: Connection, found: str | None) -> bool:
    """True if tables of that version are ours as they are, or ours with more."""
    return found == HEAD or _extended(connection, found)


def _extended(connection: Connection, found: str | None) -> bool:
    """Whether tables of a later version hold all that we read, and need nothing that we do not write."""
    if found is None or found <= HEAD:
        return False
    there = inspect(connection)
    for table in metadata.sorted_tables:
        if not there.has_table(table.name):
            return False
        columns = {each["name"]: each for each in there.get_columns(table.name)}
        added = [each for name, each in columns.items() if name not in table.columns]
        if not set(table.columns.keys()) <= set(columns):
            return False
        if any(not each["nullable"] and each["default"] is None for each in added):
            return False
    return True


def revision(connection: Connection) -> str | None:
    """The migration that the database is at; None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def tables_of(connection: Connection) -> list[str]:
    """The names of the tables of a database."""
    return sorted(inspect(connection).get_table_names())


def serves(connection: Connection, found: str | None) -> bool:
    """True if this version can use tables of that version, or bring them up to date."""
    return found in known_revisions() or _extended(connection, found)


def known_revisions() -> frozenset[str]:
    """The versions of the tables that this program can use or bring up to date."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return frozenset(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def _upgrade(connection: Connection, options: StoreOptions) -> None:
    """Alembic's upgrade. On SQLite the transaction already holds the one write lock."""
    from alembic import command  # noqa: PLC0415 - 0.1 s that a start on ready tables need not spend
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        # another process has migrated them meanwhile
        raise SchemaError(too_new(name_of(options), revision(connection))) from error


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


__all__ = ["SchemaError", "StoreUnavailable", "migrate", "revision", "revision_of", "up_to_date"]
