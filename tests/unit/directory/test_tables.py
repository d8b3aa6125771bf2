"""Answers are kept for a time, and an old one holds for a time while the table fails."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.directory.kit import Scene

import sekisho.directory.tables
from sekisho.directory.postmap import TableTimeoutError
from sekisho.directory.tables import KEYS_AT_ONCE, RETRY_SECONDS, TableUse, TimeLeft

PLENTY = TimeLeft(1e6)


def test_an_answer_is_kept_and_asked_again(scene: Scene) -> None:
    """Found and not found alike."""
    tables = scene.tables(domains=[scene.table("t", "a.example x")], cache_seconds=60)
    assert tables.find(TableUse.DOMAINS, ["a.example", "b.example"], PLENTY) == ({"a.example": "x"}, set())
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
    assert tables.find(TableUse.DOMAINS, ["a.example"], PLENTY) == ({"a.example": "x"}, set())
    assert tables.find(TableUse.DOMAINS, ["new.example"], PLENTY) == ({}, {"new.example"})
    scene.clock.at += 540
    assert tables.find(TableUse.DOMAINS, ["a.example"], PLENTY) == ({}, {"a.example"})
    scene.table("t", "a.example x")
    scene.clock.at += RETRY_SECONDS + 1
    assert tables.find(TableUse.DOMAINS, ["a.example"], PLENTY) == ({"a.example": "x"}, set())
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
    assert tables.find(TableUse.GROUPS, ["a@x.example"], PLENTY) == ({"a@x.example": "vip"}, set())


def test_without_time_nothing_is_asked(scene: Scene) -> None:
    """It is unknown, not absent."""
    tables = scene.tables(domains=[scene.table("t", "a.example x")])
    assert tables.find(TableUse.DOMAINS, ["a.example"], TimeLeft(0)) == ({}, {"a.example"})


def test_the_first_table_that_has_a_key_counts(scene: Scene) -> None:
    """As in Postfix."""
    tables = scene.tables(aliases=[scene.table("t", "a@x 1"), scene.table("u", "a@x 2", "b@x 3")])
    assert tables.find(TableUse.ALIASES, ["a@x", "b@x"], PLENTY).values == {"a@x": "1", "b@x": "3"}


def test_a_question_has_a_bounded_number_of_keys(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are asked; what is beyond them is unknown."""
    monkeypatch.setattr("sekisho.directory.tables.MAX_KEYS", 750)
    tables = scene.tables(domains=[scene.table("t", "d0.example x", "d749.example y", "d750.example z")])
    found = tables.find(TableUse.DOMAINS, [f"d{number}.example" for number in range(752)], PLENTY)
    assert found == ({"d0.example": "x", "d749.example": "y"}, {"d750.example", "d751.example"})
    assert scene.counts == {("domains", "asked"): 750, ("domains", "unknown"): 2}


def test_many_keys_do_not_turn_off_a_table_for_others(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that has answered the first keys of a message does not fail because there was no time for the others."""
    tables = scene.tables(groups=[scene.table("t", "a0@x.example vip", "other@x.example vip")])
    real = sekisho.directory.tables.query

    def slow(table: str, keys: Iterable[str], *more: Any) -> dict[str, str]:
        if "a0@x.example" not in (keys := list(keys)) and len(keys) > 1:
            raise TableTimeoutError("no answer")
        return real(table, keys, *more)

    monkeypatch.setattr("sekisho.directory.tables.query", slow)
    keys = [f"a{number}@x.example" for number in range(2 * KEYS_AT_ONCE)]
    assert tables.find(TableUse.GROUPS, keys, PLENTY) == ({"a0@x.example": "vip"}, set(keys[KEYS_AT_ONCE:]))
    assert tables.find(TableUse.GROUPS, ["other@x.example"], PLENTY).values == {"other@x.example": "vip"}
    assert not caplog.records


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
    assert scene.tables().find(TableUse.PEOPLE, ["x"], PLENTY) == ({}, set())
