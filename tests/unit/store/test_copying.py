"""A store that is copied into another database is the same store: SQLite, PostgreSQL, and from one to the other."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from tests.unit.store.kit import START, SetClock, hold, message, outcomes

from sekisho.held import Operation, State
from sekisho.policy import ListEntry
from sekisho.ports import StoreUnavailable
from sekisho.store.copying import CopyError, copy_store
from sekisho.store.database import SchemaError, StoreLock, StoreOptions
from sekisho.store.database.types import HostileText
from sekisho.store.lists import ListStore
from sekisho.store.quarantine import Quarantine, RetentionOptions, examine_store

Make = Callable[[], StoreOptions]
RAW = b"From: a@sender.example\r\nSubject: x\r\n\r\nbody\r\n"
HOSTILE = "nul\x00 and \udcff and \\u0041 and 日本"


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], StoreOptions]:
    """A store of that kind which does not exist yet."""
    number = iter(range(10))

    def made(kind: str) -> StoreOptions:
        if kind == "postgresql":
            return StoreOptions(url=request.getfixturevalue("cluster").new_database())
        return StoreOptions(url=f"sqlite:///{tmp_path}/q{next(number)}.db")

    return made


def filled(options: StoreOptions) -> set[str]:
    """A store with everything in it. Returns the ids of its messages."""
    clock = SetClock()
    store = Quarantine.open(options, clock)
    names = {
        hold(store, RAW + b"%d" % number, ["a@ours.example", f"b{number}@ours.example"])
        for number in range(25)
    }
    names.add(
        store.hold(message(RAW, HOSTILE), {"claims": [{"text": HOSTILE}], "score": 0.1}, outcomes("c@x"))
    )
    first, second, *_ = sorted(names)
    store.move(
        first, State.RELEASED, done=Operation("release", "ok", "hanako", first, reason="test", note=HOSTILE)
    )
    store.move(second, State.DELETED)
    clock.pass_by(days=8)
    store.retain(RetentionOptions(closed_days=1), clock.uptime())
    store.close()
    lists = ListStore.open(options, clock)
    entry = ListEntry(entry="example.jp", expires="2026-12-31", comment="a\x00 \\u0041 日本", author="hanako")
    lists.add([("allow", entry), ("block", ListEntry(entry=".cn"))])
    lists.remove("block", ListEntry(entry=".cn"), "taro")
    lists.close()
    return names


def content(options: StoreOptions) -> object:
    """All that a person can see in a store."""
    store, lists = Quarantine.open(options, SetClock()), ListStore.open(options, SetClock())
    try:
        entries = store.list(limit=1000)
        bytes_of = {each.id: store.content(each.id) for each in entries if not each.erased}
        return entries, bytes_of, store.operations(limit=1000), lists.entries(), store.stats()
    finally:
        store.close()
        lists.close()


SLOW = pytest.mark.slow
WAYS = [
    ("sqlite", "sqlite"),
    pytest.param("sqlite", "postgresql", marks=SLOW),
    pytest.param("postgresql", "sqlite", marks=SLOW),
    pytest.param("postgresql", "postgresql", marks=SLOW),
]


@pytest.mark.parametrize(("old", "new"), WAYS)
def test_everything_is_in_the_copy(make: Callable[[str], StoreOptions], old: str, new: str) -> None:
    """Messages, copies, audit, lists and figures are equal; the copy is sound, and takes new messages and entries."""
    source, target = make(old), make(new)
    names = filled(source)
    before = content(source)
    done = copy_store(source, target)
    assert (done.rows["entries"], done.rows["list_entries"], done.damaged) == (len(names), 2, ())
    assert done.rows["retention_runs"] == 1
    assert content(target) == before == content(source)
    assert examine_store(target) == ()
    store, lists = Quarantine.open(target, SetClock()), ListStore.open(target, SetClock())
    assert store.content(hold(store, RAW + b"new", ["a@ours.example"])) == RAW + b"new"
    assert lists.add([("block", ListEntry(entry="new.example"))]).version == 3
    store.audit(Operation("view", "ok", "hanako"))
    store.close()
    lists.close()


@pytest.mark.parametrize("new", ["sqlite", pytest.param("postgresql", marks=SLOW)])
def test_a_target_that_is_not_empty_stays_as_it_is(make: Callable[[str], StoreOptions], new: str) -> None:
    """One message, or one change of the lists, is enough."""
    source = make("sqlite")
    filled(source)
    for fill in (filled, _one_entry):
        target = make(new)
        fill(target)
        before = content(target)
        with pytest.raises(CopyError, match="is not empty"):
            copy_store(source, target)
        assert content(target) == before


def _one_entry(options: StoreOptions) -> None:
    lists = ListStore.open(options, SetClock())
    lists.add([("block", ListEntry(entry=".cn"))])
    lists.remove("block", ListEntry(entry=".cn"), "taro")
    lists.close()


@pytest.mark.parametrize("side", ["reading", "writing"])
def test_an_error_names_the_store_that_failed(make: Callable[[str], StoreOptions], side: str) -> None:
    """A disk that is full is the target's, a page that cannot be read the source's; nothing is left of the target."""
    source, target = make("sqlite"), make("sqlite")
    filled(source)
    failing, verb = {"reading": (source, "SELECT"), "writing": (target, "INSERT")}[side]

    def broken(connection: Connection, _: object, statement: str, *more: object) -> None:
        of_contents = statement.startswith(verb) and "FROM contents" in statement.replace("INTO", "FROM")
        if of_contents and str(connection.engine.url.database) == failing.url.removeprefix("sqlite:///"):
            raise sqlite3.OperationalError("disk I/O error")

    event.listen(Engine, "before_cursor_execute", broken)
    try:
        with pytest.raises(StoreUnavailable, match=re.escape(failing.url.removeprefix("sqlite:///"))):
            copy_store(source, target)
    finally:
        event.remove(Engine, "before_cursor_execute", broken)
    assert not Path(target.url.removeprefix("sqlite:///")).exists()


def test_a_daemon_on_either_side_stops_it(make: Callable[[str], StoreOptions]) -> None:
    """Nothing is made; without the daemon it works."""
    source, target = make("sqlite"), make("sqlite")
    filled(source)
    for options in (source, target):
        lock = StoreLock(options)
        lock.take()
        with pytest.raises(CopyError, match="systemctl stop sekisho-milter"):
            copy_store(source, target)
        lock.close()
        assert not Path(target.url.removeprefix("sqlite:///")).exists()
    copy_store(source, target)


@SLOW
def test_a_daemon_on_postgresql_stops_it(make: Callable[[str], StoreOptions]) -> None:
    """It is known by its connections."""
    source, target = make("postgresql"), make("sqlite")
    filled(source)
    store = Quarantine.open(source, SetClock())
    store.list()
    with pytest.raises(CopyError, match="connections of sekisho"):
        copy_store(source, target)
    store.close()
    copy_store(source, target)


def test_what_is_damaged_is_copied_and_named(make: Callable[[str], StoreOptions]) -> None:
    """One bad message does not keep the others; it is as damaged in the copy."""
    source, target = make("sqlite"), make("sqlite")
    filled(source)
    with sqlite3.connect(source.url.removeprefix("sqlite:///")) as connection:
        (digest,) = connection.execute("SELECT digest FROM contents WHERE codec = 'zstd' LIMIT 1").fetchone()
        connection.execute("UPDATE contents SET data = X'00' WHERE digest = ?", (digest,))
    assert copy_store(source, target).damaged == (digest,)
    assert [each.code for each in examine_store(target)] == ["content"]


def test_what_cannot_be_copied_is_refused(make: Callable[[str], StoreOptions], tmp_path: Path) -> None:
    """A store that is not there, itself, of a newer version, or into a folder that is not there. No file is left."""
    source, target = make("sqlite"), make("sqlite")
    with pytest.raises(CopyError, match="there is no store"):
        copy_store(source, target)
    filled(source)
    link = tmp_path / "link.db"
    link.symlink_to(source.url.removeprefix("sqlite:///"))
    for itself in (source, StoreOptions(url=f"sqlite:///{link}")):
        with pytest.raises(CopyError, match="the same store"):
            copy_store(source, itself)
    with pytest.raises(StoreUnavailable, match="No such file"):
        copy_store(source, StoreOptions(url=f"sqlite:///{tmp_path}/none/q.db"))
    with sqlite3.connect(source.url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    with pytest.raises(SchemaError, match="r9999"):
        copy_store(source, target)
    assert not Path(target.url.removeprefix("sqlite:///")).exists()


@SLOW
def test_a_copy_that_breaks_off_leaves_nothing(make: Callable[[str], StoreOptions]) -> None:
    """A row that PostgreSQL refuses: the target is empty, and can be copied to when the row is mended."""
    source, target = make("sqlite"), make("postgresql")
    filled(source)
    path = source.url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE operations SET operation = 'longer than sixteen characters'")
    with pytest.raises(StoreUnavailable):
        copy_store(source, target)
    engine = create_engine(target.url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM entries")).scalar_one() == 0
    engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE operations SET operation = 'release'")
    assert copy_store(source, target).damaged == ()


def test_hostile_text_is_what_these_tests_mean_by_it() -> None:
    """What neither database can store as it is."""
    assert HostileText().process_bind_param(HOSTILE, None) != HOSTILE  # type: ignore[arg-type]
    assert START.tzinfo is not None
