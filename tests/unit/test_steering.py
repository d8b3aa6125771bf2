"""What people change while the daemon runs is noticed once, and a store that is down changes nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.unit.store.kit import SetClock

from sekisho.policy import ListEntry
from sekisho.steering import ListWatch, told
from sekisho.store import ListStore, StoreOptions, snapshot


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/quarantine.db", busy_timeout_seconds=0.1)


def block(options: StoreOptions, text: str) -> None:
    store = ListStore.open(options, SetClock())
    store.add([("block", ListEntry(entry=text))])
    store.close()


def test_a_change_is_written_down_and_asked_for_once(options: StoreOptions) -> None:
    """One reload for each version, and the snapshot is there before it is asked for."""
    asked: list[int] = []
    watch = ListWatch(options, 0, SetClock())
    block(options, ".cn")

    def reload() -> None:
        asked.append(snapshot.read(options).version)

    for _ in range(3):
        watch.turn(reload)
    assert asked == [1]
    block(options, ".top")
    watch.turn(reload)
    watch.turn(reload)
    assert asked == [1, 2]
    assert [each.entry for each in snapshot.read(options).lists.block] == [".cn", ".top"]
    watch.close()


def test_what_is_in_force_already_is_not_asked_for(options: StoreOptions) -> None:
    """A keeper that starts with the newest lists asks for nothing."""
    block(options, ".cn")
    asked: list[int] = []
    watch = ListWatch(options, 1, SetClock())
    watch.turn(lambda: asked.append(1))
    assert asked == []
    watch.close()


def test_looking_makes_no_database(options: StoreOptions, tmp_path: Path) -> None:
    """In shadow, where nothing is stored, the watch leaves no file behind."""
    ListWatch(options, 0, SetClock()).turn(lambda: None)
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_fails_is_said_once(
    options: StoreOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged database is no reason to reload, to stop, or to fill the log."""
    (tmp_path / "quarantine.db").write_bytes(b"this is no database" * 100)
    watch = ListWatch(options, 0, SetClock())
    with caplog.at_level(logging.ERROR, "sekisho.steering"):
        for _ in range(3):
            watch.turn(lambda: pytest.fail("asked for a reload"))
    assert len(caplog.records) == 1
    watch.close()


def test_until_when_is_said_for_people() -> None:
    """A time, or that there is none."""
    assert told(0) == "until 1970-01-01 00:00:00 UTC"
    assert told(float("inf")) == "until somebody ends it"
