"""Every declared event is written somewhere, nothing else is written, and the schema says what the lines have."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.events_support import faults

import sekisho
from sekisho.events import keeping, lifecycle, mail, schema, watching
from sekisho.events.declaration import NOTICE, SCHEMA_VERSION, Event, integer, text
from sekisho.events.table import EVENTS
from sekisho.log import JsonLines, Logfmt
from sekisho.log.lines import FREE_TEXTS

PACKAGE = Path(sekisho.__file__).parent
MODULES = {"lifecycle": lifecycle, "mail": mail, "keeping": keeping, "watching": watching}
LOG_METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log"}


def sources() -> Iterator[tuple[Path, ast.Attribute]]:
    """Every `name.attribute` of the program outside of the declarations."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name != "events":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute):
                    yield path, node


def test_every_event_has_an_emitter() -> None:
    """An event that nothing writes is a promise that is not kept. `notice` is what libraries say."""
    used = {
        getattr(MODULES[node.value.id], node.attr)
        for _, node in sources()
        if isinstance(node.value, ast.Name) and node.value.id in MODULES and node.attr.isupper()
    }
    imported = {
        getattr(MODULES[node.module.rpartition(".")[2]], alias.name)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sekisho.events.")
        for alias in node.names
        if alias.name.isupper() and node.module.rpartition(".")[2] in MODULES
    }
    assert {each.name for each in EVENTS if each not in used | imported} == {NOTICE}


def test_nothing_else_is_written() -> None:
    """No line of ours passes by the declarations: who reads the log needs to know them only."""
    assert [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path, node in sources()
        if node.attr in LOG_METHODS and isinstance(node.value, ast.Name) and node.value.id == "LOG"
    ] == []


def test_names_are_plain_and_given_once() -> None:
    """A name is a word for programs; a field hides none of the common keys; what may be quoted passes privacy."""
    names = [each.name for each in EVENTS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", each) for each in names)
    for event in EVENTS:
        fields = [each.name for each in event.fields]
        assert len(set(fields)) == len(fields)
        assert set(fields) & (set(schema.COMMON) | set(schema.FAILURE)) <= (
            {"schema"} if event is lifecycle.STARTED else set()
        )
    assert {"reason"} == FREE_TEXTS


def test_the_schema_is_a_schema() -> None:
    """A validator of another maker takes it, and its version is that of the lines."""
    found = json.loads(schema.document())
    Draft202012Validator.check_schema(found)
    assert found["$id"] == f"urn:sekisho:log:{SCHEMA_VERSION}"


def line_of(event: Event, **fields: object) -> dict[str, object]:
    found: dict[str, object] = json.loads(JsonLines().format(event.record("sekisho.x", **fields)))
    return found


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"new_key": 1}, True),  # keys may come
        ({"pid": "1"}, False),
        ({"cause": "boredom"}, False),
        ({"how": None}, False),
        ({"event": "no_such_event"}, False),
        ({"schema": SCHEMA_VERSION + 1}, False),
        ({"time": "yesterday"}, False),
        ({"level": "loud"}, False),
    ],
)
def test_the_published_schema_tells_right_lines_from_wrong_ones(
    changed: dict[str, object], fits: bool
) -> None:
    """The whole schema, as a program uses it: a line of ours fits; a wrong type, word or version does not."""
    line = line_of(lifecycle.WORKER_DIED, pid=1, cause="crash", how="signal 9", messages=0) | changed
    assert Draft202012Validator(schema.schema()).is_valid(line) is fits


def test_a_missing_key_is_a_fault_unless_the_line_was_cut() -> None:
    """A line that is too long loses keys at its end, and says so."""
    assert faults(line_of(lifecycle.WORKER_DIED, pid=1, cause="crash", how="signal 9")) != []
    long = lifecycle.MESSAGES_SUSPECTED.record(
        "sekisho.x", pid=1, how="signal 9", digests=["x" * 64] * 9, messages=9
    )
    line = json.loads(JsonLines(limit=300).format(long))
    assert (line["truncated"] > 300, "digests" in line, faults(line)) == (True, False, [])


def test_a_sentence_comes_beside_the_event() -> None:
    """The event stays a name, the sentence is a key of its own, and privacy is asked about it and about reasons."""

    class Hidden:
        def words(self, text: str) -> str:
            return text.replace("hanako", "~")

        def error(self, error: BaseException) -> str:
            return "hidden"

    logger = logging.getLogger("tests.x")
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        odd = Event("odd", logging.ERROR, "…", (text("reason", "…"), integer("n", "…")), fails=True)
        odd.failed(logger, ValueError("hanako"), "hanako %s", reason=OSError("hanako"), n=1)
    finally:
        logger.removeHandler(handler)
    style = Logfmt(privacy=Hidden())
    assert style.format(records[0]).endswith(
        'logger=tests.x event=odd text="~ %s" reason=~ n=1 exception=ValueError exception_text=hidden trace=""'
    )


def test_what_a_library_says_is_a_notice() -> None:
    """It has no event of ours, so its words are the text."""
    record = logging.LogRecord("alembic", logging.WARNING, "", 0, "odd %s", ("thing",), None)
    assert 'event=notice text="odd thing"' in Logfmt().format(record)
    assert faults(json.loads(JsonLines().format(record))) == []
