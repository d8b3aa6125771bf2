"""The switch as people turn it: until when, what was ended, and where it is remembered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.store.kit import START

from sekisho.guard import GuardOptions, Switch
from sekisho.guard.switch import FOREVER
from sekisho.held import Operation
from sekisho.log import LogOptions
from sekisho.ports import StoreUnavailable
from sekisho.runtime_changes.switch import pause, remember, resume

DONE = Operation("pause", "ok", "hanako", note="until then")


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    made = Switch(tmp_path / "guard")
    yield made
    made.close()


def test_a_pause_has_the_end_that_was_asked_for(switch: Switch) -> None:
    """So long from now; without a span, none."""
    assert pause(switch, timedelta(hours=2), START) == "until 2026-03-01 14:00:00 UTC"
    assert switch.paused_until == START.timestamp() + 7200
    assert pause(switch, None, START) == "until somebody ends it"
    assert switch.paused_until == FOREVER


def test_resuming_says_what_it_ended(switch: Switch) -> None:
    """A pause that runs; nothing where nothing was paused."""
    pause(switch, timedelta(hours=2), START)
    assert resume(switch, GuardOptions(), START) == "the pause ended"
    assert resume(switch, GuardOptions(), START) == "nothing was paused"


def test_what_the_audit_has_is_not_said_twice(tmp_path: Path) -> None:
    """The daemon tells the log from the audit."""
    log = tmp_path / "log"
    log.touch()
    assert remember(DONE, lambda done: None, LogOptions(target=str(log)), START) == ""
    assert log.read_text() == ""


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (StoreUnavailable("disk full"), "disk full"),
        (ZeroDivisionError("x"), "a defect of sekisho: ZeroDivisionError"),
    ],
)
def test_an_audit_that_fails_gives_a_line_of_the_log(tmp_path: Path, error: Exception, why: str) -> None:
    """With who, when and what, and people are told where it is; a log that is not there is said, too."""

    def audit(done: Operation) -> None:
        raise error

    log = tmp_path / "log"
    options = LogOptions(target=str(log), format="json")
    assert "nor in the log" in remember(DONE, audit, options, START)
    log.touch()
    said = remember(DONE, audit, options, START)
    assert why in said
    assert str(log) in said
    line = json.loads(log.read_text())
    assert (line["event"], line["who"], line["what"]) == ("paused", "hanako", "until then")
