"""What people change while the daemon runs is noticed once, and a store that is down changes nothing."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import pytest
from lab.place import wait_until
from tests.unit.store.kit import START, SetClock

from sekisho.guard import told
from sekisho.policy import ListEntry, ListOptions, Lists
from sekisho.runtime_changes import ListFollower, ListWatch
from sekisho.store.database import StoreOptions
from sekisho.store.lists import InForce, ListStore, Stored, snapshot


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/quarantine.db", busy_timeout_seconds=0.1)


def block(options: StoreOptions, text: str) -> None:
    store = ListStore.open(options, SetClock())
    store.add([("block", ListEntry(entry=text))])
    store.close()


def written(options: StoreOptions) -> snapshot.Identity | None:
    return snapshot.identity(options)


def test_each_change_is_written_down_once(options: StoreOptions) -> None:
    """The snapshot has the newest version after one turn, and is left alone until the next change."""
    watch = ListWatch(options, SetClock())
    block(options, ".cn")
    watch.turn()
    first = written(options)
    assert snapshot.read(options).version == 1
    watch.turn()
    assert written(options) == first
    block(options, ".top")
    watch.turn()
    assert [each.entry for each in snapshot.read(options).lists.block] == [".cn", ".top"]


def test_lists_of_another_store_do_not_end_in_silence(
    options: StoreOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """store.url was changed: the entries of the old store end when the new one is read, and the log says so, once."""
    block(options, ".cn")
    ListWatch(options, SetClock()).turn()
    assert snapshot.foreign(options) is None
    other = StoreOptions(url=f"sqlite:///{tmp_path}/other.db")
    assert snapshot.foreign(other) == (f"{tmp_path}/quarantine.db", 1)
    ListStore.open(other, SetClock()).close()
    watch = ListWatch(other, SetClock())
    with caplog.at_level(logging.WARNING):
        watch.turn()
        watch.turn()
    (record,) = caplog.records
    assert (record.event, record.fields) == (
        "lists_dropped",
        {"store": f"{tmp_path}/quarantine.db", "entries": 1},
    )
    assert snapshot.foreign(other) is None
    assert snapshot.written(options) == snapshot.UNREADABLE_VERSION


def test_a_snapshot_that_somebody_spoiled_or_removed_is_written_anew(options: StoreOptions) -> None:
    """A restart must find the lists that hold, whatever became of the file in between."""
    watch = ListWatch(options, SetClock())
    block(options, ".cn")
    watch.turn()
    path = snapshot.state_directory(options) / snapshot.FILE_NAME
    for spoil in (path.unlink, lambda: path.write_text("{"), lambda: path.write_bytes(b"")):
        spoil()
        watch.turn()
        assert [each.entry for each in snapshot.read(options).lists.block] == [".cn"]


def test_a_snapshot_of_another_store_does_not_stand_for_its_version(options: StoreOptions) -> None:
    """A store that was put back from a copy counts its versions again: the same number may be other lists."""
    block(options, ".cn")
    snapshot.write(options, 1, [])
    ListWatch(options, SetClock()).turn()
    assert [each.entry for each in snapshot.read(options).lists.block] == [".cn"]


def allowed(lists: InForce) -> set[str]:
    return set(lists.current.allow.by_scope)


def in_force(options: StoreOptions) -> InForce:
    return InForce(options, partial(Lists.of, ListOptions(), {}), snapshot.read(options))


def allow(scope: str) -> Stored:
    return Stored("allow", ListEntry(entry="jcom.co.jp", scope=scope), START)


def test_a_process_takes_up_a_new_snapshot_and_its_removal(options: StoreOptions) -> None:
    """Without a reload: an entry that is added holds after the next look, and one that is removed does not."""
    lists = in_force(options)
    assert not lists.refresh()
    snapshot.write(options, 1, [allow("a@x.jp"), allow("b@x.jp")])
    assert lists.refresh()
    assert (allowed(lists), lists.version) == ({"a@x.jp", "b@x.jp"}, 1)
    assert not lists.refresh()
    snapshot.write(options, 2, [allow("b@x.jp")])
    assert lists.refresh()
    assert allowed(lists) == {"b@x.jp"}
    snapshot.write(options, 0, [])  # a new store counts from nothing
    assert lists.refresh()
    assert allowed(lists) == set()


@pytest.mark.parametrize("content", [None, "", "{", '{"version": "x"}', "[" * 5000])
def test_a_snapshot_that_cannot_be_read_changes_nothing(
    options: StoreOptions, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """The last good lists hold on; it is said once, and a good file that follows is taken up."""
    snapshot.write(options, 1, [allow("a@x.jp")])
    lists = in_force(options)
    path = snapshot.state_directory(options) / snapshot.FILE_NAME
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert not lists.refresh()
    assert allowed(lists) == {"a@x.jp"}
    assert len(caplog.records) == (content is not None)
    snapshot.write(options, 2, [allow("b@x.jp")])
    assert lists.refresh()
    assert allowed(lists) == {"b@x.jp"}


def test_a_replaced_worker_begins_with_what_holds_now(
    options: StoreOptions, caplog: pytest.LogCaptureFixture
) -> None:
    """What was read before the fork may be long out of date; the first message already meets the new lists."""
    lists = in_force(options)
    snapshot.write(options, 7, [allow("a@x.jp")])
    with caplog.at_level(logging.INFO, "sekisho.runtime_changes"):
        ListFollower(lists).close()
    assert allowed(lists) == {"a@x.jp"}
    assert [(each.message, each.fields["version"]) for each in caplog.records] == [("list_changed", 7)]


def test_the_follower_takes_up_what_comes_later_and_survives_what_it_cannot_build(
    options: StoreOptions, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours in one version of the lists is said, and the next version holds."""

    def build(options: ListOptions) -> Lists:
        if not options.allow:
            return Lists()
        if options.allow[0].scope == "bad@x.jp":
            raise RuntimeError("a fault of ours")
        return Lists.of(options)

    lists = InForce(options, build, snapshot.Snapshot())
    follower = ListFollower(lists)
    snapshot.write(options, 1, [allow("bad@x.jp")])
    wait_until(lambda: "lists_stale" in caplog.text, "the fault is said")
    snapshot.write(options, 2, [allow("a@x.jp")])
    wait_until(lambda: allowed(lists) == {"a@x.jp"}, "the next version holds")
    follower.close()


def test_looking_makes_no_database(options: StoreOptions, tmp_path: Path) -> None:
    """In shadow, where nothing is stored, the watch leaves no file behind."""
    ListWatch(options, SetClock()).turn()
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_fails_is_said_once(
    options: StoreOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged database is no reason to stop, or to fill the log."""
    (tmp_path / "quarantine.db").write_bytes(b"this is no database" * 100)
    watch = ListWatch(options, SetClock())
    with caplog.at_level(logging.ERROR, "sekisho.runtime_changes"):
        for _ in range(3):
            watch.turn()
    assert len(caplog.records) == 1


def test_until_when_is_said_for_people() -> None:
    """A time, or that there is none."""
    assert told(0) == "until 1970-01-01 00:00:00 UTC"
    assert told(float("inf")) == "until somebody ends it"
