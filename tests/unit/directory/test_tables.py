"""Answers are kept for a time, and an old one holds for a time while the table fails."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.unit.directory.kit import Scene

from sekisho.directory.tables import MAX_KEYS, RETRY_SECONDS, TableUse, TimeLeft

PLENTY = TimeLeft(1e6)


def test_an_answer_is_kept_and_asked_again(scene: Scene) -> None:
    """Found and not found alike."""
    tables = scene.tables(domains=[scene.table("t", "a.example x")], cache_seconds=60)
    assert tables.find(TableUse.DOMAINS, ["a.example", "b.example"], PLENTY) == ({"a.example": "x"}, False)
    scene.table("t", "b.example y")
    scene.clock.at += 59
    assert tables.find(TableUse.DOMAINS, ["a.example", "b.example"], PLENTY).values == {"a.example": "x"}
    scene.clock.at += 2
    assert tables.find(TableUse.DOMAINS, ["a.example", "b.example"], PLENTY).values == {"b.example": "y"}
    assert scene.counts == {("domains", "asked"): 4, ("domains", "kept"): 2}


def test_while_it_fails_the_last_answer_holds_for_a_bounded_time(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Then the answer is unknown; and one line says that it fails, one that it works again."""
    caplog.set_level(logging.INFO)
    table = scene.table("t", "a.example x")
    tables = scene.tables(domains=[table], cache_seconds=60, stale_seconds=600)
    tables.find(TableUse.DOMAINS, ["a.example"], PLENTY)
    (scene.place / "t").unlink()
    scene.clock.at += 61
    assert tables.find(TableUse.DOMAINS, ["a.example"], PLENTY) == ({"a.example": "x"}, False)
    assert tables.find(TableUse.DOMAINS, ["new.example"], PLENTY) == ({}, True)
    scene.clock.at += 540
    assert tables.find(TableUse.DOMAINS, ["a.example"], PLENTY) == ({}, True)
    scene.table("t", "a.example x")
    scene.clock.at += RETRY_SECONDS + 1
    assert tables.find(TableUse.DOMAINS, ["a.example"], PLENTY) == ({"a.example": "x"}, False)
    events = [record.__dict__["event"] for record in caplog.records]
    assert events == ["directory_failed", "directory_works_again"]
    assert caplog.records[0].__dict__["fields"]["table"] == table


def test_a_table_that_failed_is_left_alone_for_some_seconds(scene: Scene) -> None:
    """A directory that is down does not delay every message."""
    tables = scene.tables(groups=[f"texthash:{scene.place}/t"])
    assert tables.find(TableUse.GROUPS, ["a@x.example"], PLENTY).unknown
    scene.table("t", "a@x.example vip")
    assert tables.find(TableUse.GROUPS, ["a@x.example"], PLENTY).unknown
    scene.clock.at += RETRY_SECONDS + 0.1
    assert tables.find(TableUse.GROUPS, ["a@x.example"], PLENTY) == ({"a@x.example": "vip"}, False)


def test_without_time_nothing_is_asked(scene: Scene) -> None:
    """It is unknown, not absent."""
    tables = scene.tables(domains=[scene.table("t", "a.example x")])
    assert tables.find(TableUse.DOMAINS, ["a.example"], TimeLeft(0)) == ({}, True)


def test_the_first_table_that_has_a_key_counts(scene: Scene) -> None:
    """As in Postfix."""
    tables = scene.tables(aliases=[scene.table("t", "a@x 1"), scene.table("u", "a@x 2", "b@x 3")])
    assert tables.find(TableUse.ALIASES, ["a@x", "b@x"], PLENTY).values == {"a@x": "1", "b@x": "3"}


def test_a_message_asks_for_a_bounded_number(scene: Scene) -> None:
    """What is beyond it is unknown."""
    tables = scene.tables(domains=[scene.table("t", "d0.example x")])
    found = tables.find(TableUse.DOMAINS, [f"d{number}.example" for number in range(MAX_KEYS + 5)], PLENTY)
    assert found == ({"d0.example": "x"}, True)
    assert scene.counts == {("domains", "asked"): MAX_KEYS, ("domains", "unknown"): 5}


def test_memory_is_bounded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers' domains push out what was not asked for a long time."""
    monkeypatch.setattr("sekisho.directory.tables.MAX_ANSWERS", 10)
    tables = scene.tables(domains=[scene.table("t", "own.example x")])
    for number in range(20):
        tables.find(TableUse.DOMAINS, ["own.example", f"s{number}.example"], PLENTY)
    assert len(tables._kept[TableUse.DOMAINS]) == 10
    assert scene.counts["domains", "kept"] == 19


def test_no_table_is_no_question(scene: Scene, tmp_path: Path) -> None:
    """What is not configured is not unknown."""
    assert scene.tables().find(TableUse.PEOPLE, ["x"], PLENTY) == ({}, False)
