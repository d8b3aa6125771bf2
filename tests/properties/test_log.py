"""Properties of the log: whatever a value holds, the line is one line and says only what was meant."""

from __future__ import annotations

import json
import logging
import re

from hypothesis import given
from hypothesis import strategies as st

from sekisho.log import JsonLines, Logfmt

TEXT = st.text(st.characters(), max_size=80)
PAIR = re.compile(r'([a-z0-9_.]+)=("(?:[^"\\]|\\.)*"|[^\s"=]+)(?: |\Z)')


def record(**fields: object) -> logging.LogRecord:
    made = logging.LogRecord("sekisho.x", logging.INFO, "x.py", 1, "event", None, None)
    made.fields = fields
    return made


@given(TEXT, TEXT)
def test_a_line_is_read_back_with_the_keys_that_were_written(one: str, two: str) -> None:
    """A logfmt reader finds exactly our keys, on one line of visible characters."""
    line = Logfmt().format(record(one=one, two=two, three=(one, two)))
    found = PAIR.findall(line)
    assert [key for key, _ in found] == ["time", "level", "logger", "event", "one", "two", "three"]
    assert "".join(match.group() for match in PAIR.finditer(line)) == line
    assert len(line.splitlines()) == 1
    assert all(char.isprintable() or char == "\u3000" for char in line)
    line.encode("utf-8")


@given(TEXT, st.floats(), st.integers())
def test_json_is_one_readable_object(text: str, number: float, whole: int) -> None:
    """A JSON reader finds one object, without any control or undecodable character."""
    line = JsonLines().format(record(text=text, number=number, whole=whole, many=[text]))
    assert list(json.loads(line)) == [
        "schema",
        "time",
        "level",
        "logger",
        "event",
        "text",
        "number",
        "whole",
        "many",
    ]
    assert "NaN" not in line.replace(text, "")
    assert all(char.isprintable() or char == "\u3000" for char in line)
    line.encode("utf-8")
