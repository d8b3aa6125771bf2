"""Where a message is: log and quarantine, by any of its names."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.review.conftest import Room
from tests.unit.store.kit import message, outcomes

from sekisho.held import State
from sekisho.review import NoSuchEntryError
from sekisho.review.log_files import UnreadableLogError, files_of, lines_of, parse
from sekisho.review.trace import trace


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


def test_bytes_that_are_no_text_name_nothing(room: Room, tmp_path: Path) -> None:
    """They come from the command line as halves of surrogate pairs."""
    log = tmp_path / "log"
    log.write_text('{"event": "message", "id": "1"}\n', "utf-8")
    assert trace("\udcff\udcfe", log, lambda: nullcontext(room.store))[0] == ()


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


def line(number: int, **facts: object) -> str:
    return (
        json.dumps({"time": f"2026-03-0{number}T12:00:00.000Z", "event": "message", "id": "X", **facts})
        + "\n"
    )


def test_what_the_log_and_the_audit_both_have_is_one_step(room: Room, tmp_path: Path) -> None:
    """The daemon tells the audit to the log. What only the log has, since the audit forgot it, stays."""
    name = room.store.hold(message(), {}, outcomes("a@ours.example"))
    room.review.delete([name], "hanako")
    (done,) = room.store.operations(name)
    assert done.at is not None
    told = {
        "time": "2026-03-01T12:00:05.000Z", "event": "quarantine_operation", "who": "hanako", "operation": "delete",
        "result": "ok", "id": name, "at": done.at.isoformat(timespec="seconds"),
    }  # fmt: skip
    older = {
        **told,
        "at": "2026-02-01T00:00:00+00:00",
        "operation": "view",
        "time": "2026-02-01T00:00:00.000Z",
    }
    log = tmp_path / "log"
    log.write_text(json.dumps(older) + "\n" + json.dumps(told) + "\n")
    steps, _ = trace(name, log, lambda: nullcontext(room.store))
    assert [each.what for each in steps] == ["quarantine_operation", "kept in the quarantine", "delete"]


def test_all_rotated_files_are_read_and_each_line_once(tmp_path: Path) -> None:
    """Numbered and dated, plain and compressed; a copy of a line, or a second name of a file, tells nothing new."""
    log = tmp_path / "sekisho.log"
    log.write_text(line(9))
    (tmp_path / "sekisho.log.1").write_text(line(8) + line(9))
    (tmp_path / "sekisho.log.2.gz").write_bytes(gzip.compress(line(7).encode()))
    (tmp_path / "sekisho.log-20260306.xz").write_bytes(lzma.compress(line(6).encode()))
    (tmp_path / "sekisho.log-20260305-1772700000.bz2").write_bytes(bz2.compress(line(5).encode()))
    (tmp_path / "sekisho.log.3").hardlink_to(log)
    for other in ("sekisho.log.old", "sekisho.log.1.bak", "xsekisho.log.1", "sekisho.logs.1"):
        (tmp_path / other).write_text(line(1))
    steps, _ = trace("X", log, None)
    assert [each.at[:10] for each in steps] == [f"2026-03-0{number}" for number in range(5, 10)]


def test_files_of_before_are_not_opened(tmp_path: Path) -> None:
    """What was last written before a moment has no line of after it."""
    log = tmp_path / "log"
    for name, written in (("log", 9), ("log.1", 8), ("log.2.gz", 2)):
        (tmp_path / name).write_text("")
        moment = datetime(2026, 3, written, tzinfo=UTC).timestamp()
        os.utime(tmp_path / name, (moment, moment))
    found = files_of(log, datetime(2026, 3, 5, tzinfo=UTC))
    assert [each.name for each in found] == ["log.1", "log"]
    assert files_of(tmp_path / "none" / "log") == ()


@pytest.mark.parametrize("suffix", ["gz", "xz", "bz2"])
def test_a_damaged_file_is_named(tmp_path: Path, suffix: str) -> None:
    """With its name, and without words of a library: one that is something else, and one that ends too early."""
    short = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}[suffix](b"x" * 999)[:20]
    for data in (b"not compressed at all", short):
        (tmp_path / f"log.1.{suffix}").write_bytes(data)
        with pytest.raises(UnreadableLogError, match=rf"log\.1\.{suffix}: is damaged$"):
            list(lines_of(files_of(tmp_path / "log")))


def test_the_beginning_of_an_id_is_traced(room: Room, tmp_path: Path) -> None:
    """Also of an entry that is gone, and the log's lines with it; what fits several names them."""
    name = room.store.hold(message(), {}, outcomes("a@ours.example"))
    log = tmp_path / "log"
    log.write_text(line(1, id=name))
    steps, _ = trace(name[:20].lower(), log, lambda: nullcontext(room.store))
    assert [each.what for each in steps] == ["judged", "kept in the quarantine"]
    other = room.store.hold(message(b"other"), {}, outcomes("a@ours.example"))
    with pytest.raises(NoSuchEntryError, match=f"several begin so: .*{other}"):
        trace(name[:10], log, lambda: nullcontext(room.store))
