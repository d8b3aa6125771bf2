"""List entries made at run time: each change a version, nothing overwritten, the last good ones on the disk."""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.unit.store.kit import SetClock

from sekisho.policy import ListEntry
from sekisho.store.database import StoreOptions
from sekisho.store.lists import ListStore, snapshot
from sekisho.store.lists.table import list_entries
from sekisho.store.quarantine import Quarantine


@pytest.fixture
def lists(options: StoreOptions, clock: SetClock) -> Iterator[ListStore]:
    store = ListStore.open(options, clock)
    yield store
    store.close()


def entry(text: str, **more: object) -> ListEntry:
    return ListEntry.model_validate({"entry": text, **more})


FULL = entry(
    ".example.jp",
    scope="hanako@example.jp",
    expires="2026-12-31T18:00:00+09:00",
    comment="why; 令和\n",
    author="admin",
    authenticated=True,
    dkim="esp.example",
)


def test_an_entry_comes_back_as_it_was(lists: ListStore) -> None:
    """Every field, in Japanese too, on both databases."""
    assert lists.version() == 0
    assert lists.add([("allow", FULL)]).version == 1
    version, stored = lists.entries()
    assert (version, [(each.list, each.entry) for each in stored]) == (1, [("allow", FULL)])


def test_every_change_is_one_version(lists: ListStore) -> None:
    """An import of many is one change, and what changes nothing is none."""
    many = [("block", entry(f"x{number}.example")) for number in range(50)]
    assert lists.add(many).version == 1
    assert lists.add(many).version == 1
    assert lists.remove("block", entry("nobody.example"), "admin").version == 1
    done = lists.remove("block", entry("X7.example"), "admin")
    assert (done.version, done.removed) == (2, 1)
    assert len(lists.entries()[1]) == 49


def test_an_entry_spelled_alike_takes_the_place_of_the_old_one(lists: ListStore) -> None:
    """A new term for the same entry is no second entry; another scope is."""
    lists.add([("allow", entry("日本.jp"))])
    lists.add([("allow", entry("xn--wgv71a.jp", comment="new")), ("allow", entry("日本.jp", scope="a@b.jp"))])
    assert [each.entry.comment for each in lists.entries()[1]] == ["new", ""]


def test_what_was_removed_can_still_be_told(lists: ListStore, clock: SetClock) -> None:
    """Who took it out, when, and at which version: rows are never deleted."""
    lists.add([("allow", entry("a.example", author="hanako"))])
    clock.pass_by(hours=1)
    lists.remove("allow", entry("a.example"), "taro")
    with lists._reading() as connection:
        row = connection.execute(select(list_entries)).mappings().one()
    assert (row["author"], row["removed_by"], row["since"], row["until"]) == ("hanako", "taro", 1, 2)
    assert row["removed"] == clock.now()


def _add(options: StoreOptions, number: int) -> None:
    store = ListStore.open(options.model_copy(update={"busy_timeout_seconds": 20.0}), SetClock())
    for each in range(10):
        store.add([("block", entry(f"n{number}-{each}.example"))])
    store.close()


def test_changes_at_the_same_time_are_all_made(options: StoreOptions, lists: ListStore) -> None:
    """Three who add ten each end with thirty entries and thirty versions."""
    forks = multiprocessing.get_context("fork")
    workers = [forks.Process(target=_add, args=(options, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    version, stored = lists.entries()
    assert (version, len(stored)) == (30, 30)


def test_the_quarantine_and_the_lists_share_a_database(store: Quarantine, lists: ListStore) -> None:
    """Opening one beside the other migrates once and disturbs neither."""
    lists.add([("allow", FULL)])
    assert store.list() == ()


@pytest.fixture
def beside(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/quarantine.db")


def test_the_snapshot_is_what_the_store_said(beside: StoreOptions, clock: SetClock) -> None:
    """Written and read again it is the same version and the same entries."""
    store = ListStore.open(beside, clock)
    store.add([("allow", FULL), ("block", entry(".cn"))])
    snapshot.write(beside, *store.entries())
    store.close()
    found = snapshot.read(beside)
    assert (found.version, found.lists.allow, found.lists.block) == (1, (FULL,), (entry(".cn"),))


def test_without_a_snapshot_nothing_was_ever_changed(beside: StoreOptions) -> None:
    """A new installation starts, without a word in the log."""
    assert snapshot.read(beside) == snapshot.Snapshot()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"version": "x"}', '{"version": 1}', "\x00", "[" * 5000])
def test_a_damaged_snapshot_is_said_and_is_no_outage(
    beside: StoreOptions, tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The daemon starts with the file's lists alone, and maintenance knows that it must write the snapshot anew."""
    (tmp_path / snapshot.FILE_NAME).write_text(content)
    with caplog.at_level(logging.ERROR):
        assert snapshot.read(beside).version == snapshot.UNREADABLE_VERSION
    assert snapshot.FILE_NAME in str(vars(caplog.records[0]))


def test_one_entry_that_cannot_be_meant_spoils_no_other(
    beside: StoreOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An entry of a newer version, or edited by hand, is named and left out."""
    data = {"version": 3, "allow": [{"entry": "a b"}, {"entry": "ok.example"}], "block": []}
    (tmp_path / snapshot.FILE_NAME).write_text(json.dumps(data))
    found = snapshot.read(beside)
    assert (found.version, [each.entry for each in found.lists.allow]) == (3, ["ok.example"])
    assert "a b" in str(vars(caplog.records[0]))
