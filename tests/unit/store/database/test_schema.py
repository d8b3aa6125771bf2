"""Migrations, options and the pure parts of the store."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import ValidationError
from sqlalchemy import text
from tests.unit.store.kit import EVIDENCE, START, SetClock, hold, outcomes

from sekisho.explain import stored_document
from sekisho.store.database import SchemaError, StoreOptions, migrate, migrations, revision_of, up_to_date
from sekisho.store.database.engine import connect
from sekisho.store.database.schema import HEAD, metadata
from sekisho.store.lists.table import list_entries
from sekisho.store.quarantine import Quarantine, examine_store
from sekisho.store.quarantine.ids import ALPHABET, normal, record_id


def test_the_migrations_make_exactly_the_tables(options: StoreOptions) -> None:
    """What the migrations build and what the code believes are the same."""
    migrate(options)
    assert list_entries.metadata is metadata
    engine = connect(options)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_head_is_the_newest_migration() -> None:
    """A migration without a new HEAD would never be run."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_migrating_twice_changes_nothing(store: Quarantine, options: StoreOptions) -> None:
    """A second start finds everything in place, and the mail still there."""
    name = hold(store, b"x", ["a@x"])
    migrate(options)
    assert store.content(name) == b"x"


def test_processes_that_start_together_migrate_once(options: StoreOptions) -> None:
    """Several workers that find no tables at all end with all of them, none failing."""
    forks = multiprocessing.get_context("fork")
    workers = [forks.Process(target=migrate, args=(options,)) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 6
    store = Quarantine.open(options, SetClock())
    assert store.list() == ()
    store.close()


def newer(options: StoreOptions, *changes: str) -> None:
    """The tables as a later version might leave them."""
    migrate(options)
    engine = connect(options)
    with engine.begin() as connection:
        for change in (*changes, "UPDATE alembic_version SET version_num = 'r9999'"):
            connection.execute(text(change))
    engine.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE entries DROP COLUMN subject",
        "DROP TABLE retention_runs",
        "ALTER TABLE retention_runs RENAME COLUMN highest TO top",
    ],
)
def test_tables_of_a_newer_version_that_have_less_are_refused(options: StoreOptions, change: str) -> None:
    """An older sekisho does not touch tables in which something is missing that it reads."""
    newer(options, change)
    with pytest.raises(SchemaError, match="r9999"):
        migrate(options)
    assert not up_to_date(options)


def test_one_release_back_runs_on_tables_that_have_more(options: StoreOptions) -> None:
    """A later version has added a table, and columns that may be empty or have a default: what was held is there, more
    is held, and the version of the tables stays."""
    store = Quarantine.open(options, SetClock())
    before = hold(store, b"before", ["a@x"])
    store.close()
    newer(
        options,
        "CREATE TABLE later (id INTEGER)",
        "ALTER TABLE entries ADD COLUMN later TEXT",
        "ALTER TABLE recipients ADD COLUMN later INTEGER NOT NULL DEFAULT 0",
    )
    assert up_to_date(options)
    store = Quarantine.open(options, SetClock())
    after = hold(store, b"after", ["b@x"])
    assert {each.id for each in store.list()} == {before, after}
    store.close()
    assert revision_of(options) == "r9999"
    assert examine_store(options) == (), "store check finds no fault in tables on which the daemon runs"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://localhost/x", "must begin with"),
        ("sqlite://", "absolute path"),
        ("sqlite:///relative.db", "absolute path"),
        ("postgresql://user:secret@host/db", "password"),
        ("nonsense", "not a database URL"),
        ("", "not a database URL"),
    ],
)
def test_a_url_we_cannot_use_is_refused(url: str, reason: str) -> None:
    """Other databases, relative paths and passwords in the configuration are errors with a reason."""
    with pytest.raises(ValidationError, match=reason):
        StoreOptions(url=url)


def test_ids_sort_by_time_and_do_not_repeat() -> None:
    """Ids of later milliseconds sort later, and those of one millisecond differ."""
    moments = [START + timedelta(milliseconds=number) for number in range(200)]
    ids = [record_id(moment) for moment in moments]
    assert ids == sorted(ids)
    assert len({record_id(START) for _ in range(1000)}) == 1000
    assert all(len(name) == 26 and set(name) <= set(ALPHABET) and normal(name) == name for name in ids)
    assert record_id(datetime(2200, 1, 1, tzinfo=UTC)) > ids[-1]


def test_the_document_is_plain_and_printable() -> None:
    """The document holds JSON values only, in the words of the command line's JSON."""
    found = stored_document(EVIDENCE, {}, outcomes("a\u202e@x"))
    assert list(found["auth"].values()) == ["pass"] + ["unknown"] * 4
    assert found["recipients"][0]["rcpt"] == "a\\u202e@x"
    assert found["claims"][0]["strength"] == "strong"
    assert stored_document(EVIDENCE, {}, outcomes("a@x")) == stored_document(EVIDENCE, {}, outcomes("a@x"))
