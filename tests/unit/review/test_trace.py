"""Where a message is: log and quarantine, by any of its names."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from tests.unit.review.conftest import Room
from tests.unit.store.kit import message, outcomes

from sekisho.held import State
from sekisho.review.trace import UnreadableLogError, parse, trace


def test_one_name_finds_what_has_another(room: Room, tmp_path: Path) -> None:
    """The queue id finds the entry, its id finds the line of the log and the audit; all in order of time."""
    name = room.store.hold(message(queue_id="4fXYZ1"), {}, outcomes("a@ours.example"))
    room.clock.pass_by(minutes=1)
    room.review.delete([name], "hanako")
    log = tmp_path / "log"
    lines = [
        {"time": "2026-03-01T11:59:59.999Z", "event": "message", "id": name, "verdict": "quarantine"},
        {"time": "2026-03-01T11:59:59.999Z", "event": "message", "id": "OTHER"},
    ]
    log.write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    steps, names = trace("4fXYZ1", log, lambda: nullcontext(room.store))
    assert [each.what for each in steps] == ["judged", "kept in the quarantine", "delete"]
    assert steps[1].facts["recipients"] == ["a@ours.example is deleted since 2026-03-01T12:01:00Z"]
    assert names.values("id") == sorted({"4FXYZ1", "4fXYZ1", name})
    assert room.store.get(name).copies[0].state is State.DELETED  # type: ignore[union-attr]


def test_without_log_and_store_nothing_is_known() -> None:
    """No steps, and no error."""
    assert trace("X", None, None)[0] == ()


def test_a_log_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing one is empty; one that is something else is an error."""
    assert trace("X", tmp_path / "none", None)[0] == ()
    with pytest.raises(UnreadableLogError, match="Is a directory"):
        trace("X", tmp_path, None)


def test_both_forms_of_the_log_are_read() -> None:
    """JSON and logfmt; anything else is no line of ours."""
    assert parse('{"event": "message", "id": "1"}') == {"event": "message", "id": "1"}
    assert parse('event=message id=1 reply="250 \\"ok\\""') == {
        "event": "message",
        "id": "1",
        "reply": '250 "ok"',
    }
    assert parse("{broken") == {}
    assert parse("{}") == {}
