from __future__ import annotations

import json
import logging
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from sekisho import log
from sekisho.log import LogOptions
from sekisho.log.lines import MAX_LINE_BYTES


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    """A log file, with the logging of this process put back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("sekisho")
    before = root.handlers[:], root.level, ours.level
    root.handlers.clear()
    yield tmp_path / "sekisho.log"
    for handler in root.handlers:
        handler.close()
    root.handlers[:], level, own = before
    root.setLevel(level)
    ours.setLevel(own)


def write(target: Path, form: str = "logfmt", **fields: object) -> str:
    log.setup(LogOptions(target=str(target), format=form))  # type: ignore[arg-type]
    logging.getLogger("sekisho.room").info("event", extra={"fields": fields})
    return target.read_text(encoding="utf-8").splitlines()[-1]


def test_a_line_says_when_where_and_what(target: Path) -> None:
    """Time in UTC, level, logger and event come first, then the facts in order; None is left out."""
    line = write(target, size=12, seconds=0.25, ok=True, gone=None, names=("a", "b"), text="駅")
    time, rest = line.split(" ", 1)
    assert time.startswith("time=20")
    assert time.endswith("Z")
    assert rest == 'level=info logger=room event=event size=12 seconds=0.25 ok=true names=a,b text="駅"'


def test_json_keeps_types(target: Path) -> None:
    """Numbers stay numbers, sequences arrays, Japanese readable."""
    line = write(target, "json", size=12, ok=True, names=("a", "b"), text="えきねっと", odd=float("nan"))
    found = json.loads(line)
    assert (found["size"], found["ok"], found["names"], found["text"]) == (12, True, ["a", "b"], "えきねっと")
    assert found["odd"] is None
    assert "えきねっと" in line


def test_no_text_makes_another_line_or_key(target: Path) -> None:
    """Line ends, quotes, equals signs and direction marks of a message stay inside their value."""
    line = write(target, text='x" action=accept\r\nlevel=error \u202e\x1b[31m\\')
    assert line.endswith(r'text="x\" action=accept\\x0d\\x0alevel=error \\u202e\\x1b[31m\\"')
    assert len(target.read_text().splitlines()) == 1


def test_keys_are_plain(target: Path) -> None:
    """A key is lower-case ASCII whatever it was made from."""
    assert write(target, **{"A b=\n": 1}).endswith("event=event a_b__=1")


def test_an_exception_is_one_line(target: Path) -> None:
    """Type, text and the innermost frames, hostile text quoted."""
    log.setup(LogOptions(target=str(target)))
    try:
        raise ValueError("bad\nvalue")
    except ValueError as error:
        logging.getLogger("sekisho.x").error("failed", exc_info=error)
    (line,) = target.read_text().splitlines()
    assert 'exception=ValueError exception_text="bad\\\\x0avalue" trace=test_lines.py:' in line


def test_a_very_long_line_is_cut_between_facts(target: Path) -> None:
    """What does not fit is left out whole, and the line says so."""
    line = write(target, **{f"k{number}": "x" * 1000 for number in range(100)})
    assert len(line.encode()) <= MAX_LINE_BYTES
    assert line.endswith(("… truncated=true", '…" truncated=true'))
    assert "truncated" in json.loads(write(target, "json", **{f"k{n}": "x" * 1000 for n in range(100)}))


def test_rotation_is_noticed(target: Path) -> None:
    """After the file was moved away, lines go to a new one."""
    write(target, number=1)
    target.rename(target.with_suffix(".1"))
    logging.getLogger("sekisho").info("after")
    assert "text=after" in target.read_text()
    assert "text=after" not in target.with_suffix(".1").read_text()


def test_levels(target: Path) -> None:
    """Ours from the level on, other libraries' from warning on; a wrong format string is no accident."""
    log.setup(LogOptions(target=str(target), level="warning"))
    logging.getLogger("sekisho.a").info("quiet")
    logging.getLogger("alembic").info("quiet")
    logging.getLogger("alembic").warning("loud %s %s", 1)  # noqa: PLE1206
    assert [line.split("event=")[1] for line in target.read_text().splitlines()] == [
        'notice text="loud %s %s"'
    ]


def test_a_log_that_cannot_be_written_stops_nothing(target: Path) -> None:
    """A full device loses lines, counts them, and raises nothing."""
    log.setup(LogOptions(target="/dev/full"))
    logging.getLogger("sekisho.a").info("lost")
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, log.LineHandler)
    assert handler.lost == 1


def _write_many(target: Path, name: str) -> None:
    log.setup(LogOptions(target=str(target)))
    for _ in range(200):
        logging.getLogger("sekisho").info(name, extra={"fields": {"text": "x" * 350}})


def test_lines_of_processes_do_not_mix(target: Path) -> None:
    """Several workers that write at once leave whole lines only."""
    forks = multiprocessing.get_context("fork")
    writers = [forks.Process(target=_write_many, args=(target, f"w{number}")) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = target.read_text().splitlines()
    assert len(lines) == 600
    assert all(line.startswith("time=") and line.endswith("x" * 350) for line in lines)


def test_a_relative_target_is_refused() -> None:
    """The log must not depend on the working directory."""
    with pytest.raises(ValidationError, match="absolute"):
        LogOptions(target="sekisho.log")
