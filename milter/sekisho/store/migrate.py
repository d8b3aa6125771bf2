"""Bringing the tables up to date, once, however many processes start together."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, NullPool, inspect, text

from sekisho.ports import StoreUnavailable
from sekisho.store.engine import READING, connect, unavailable
from sekisho.store.options import StoreOptions
from sekisho.store.schema import HEAD
from sekisho.store.settle import settle

PATIENCE_SECONDS = 60.0
_LOCK = 0x73656B6973686F  # "sekisho": the PostgreSQL advisory lock that migrations take


class SchemaError(Exception):
    """The tables are of another version of sekisho, and there is no way from there to here."""


def migrate(options: StoreOptions) -> None:
    """Run the migrations that are missing, in one transaction, others waiting for it.

    Raises StoreUnavailable, or SchemaError if the database was made by a newer sekisho.
    """
    settle(options)
    patient = options.model_copy(update={"busy_timeout_seconds": PATIENCE_SECONDS})
    engine = connect(patient, pool=NullPool)
    try:
        with unavailable():
            with engine.connect().execution_options(**READING) as connection:
                if revision(connection) == HEAD:
                    return
            with engine.begin() as connection:
                _upgrade(connection)
    finally:
        engine.dispose()


def up_to_date(options: StoreOptions) -> bool:
    """Whether the tables are those of this version; nothing is changed. Raises StoreUnavailable."""
    engine = connect(options, pool=NullPool)
    try:
        with unavailable(), engine.connect().execution_options(**READING) as connection:
            return revision(connection) == HEAD
    finally:
        engine.dispose()


def revision(connection: Connection) -> str | None:
    """The migration that the database is at; None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    """Alembic's upgrade. On SQLite the transaction already holds the one write lock."""
    from alembic import command  # noqa: PLC0415 - 0.1 s that a start on ready tables need not spend
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SchemaError(f"the quarantine's tables do not fit this version: {error}") from error


__all__ = ["SchemaError", "StoreUnavailable", "migrate", "revision", "up_to_date"]
