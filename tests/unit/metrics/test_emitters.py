"""Nothing is documented, declared or asked for that the program never says: metrics and label values.

The source is read as code (ast), so a word in a comment is no emitter.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

import pytest
import yaml

import sekisho
from sekisho.checks.table import CHECKS
from sekisho.cli.commands.quarantine import REASONS
from sekisho.held import ReleaseReason
from sekisho.journal import Journal
from sekisho.metrics import Metrics
from sekisho.metrics.table import ROWS, MetricLabel
from sekisho.verdict import WORDS, Disposition

PACKAGE = Path(sekisho.__file__).parent
ROOT = PACKAGE.parent.parent
DECLARED = PACKAGE / "metrics" / "table.py"
METER = PACKAGE / "metrics" / "meter.py"

# Members that stand nowhere in the code by name, and where they come from.
FROM_OUTSIDE: dict[type[Enum], str] = {
    ReleaseReason: "a person says it: `sekisho quarantine release --reason`",
}


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that these rules look at in a file; each file is read once."""
    kinds = (ast.Attribute, ast.Call, ast.ClassDef)
    return tuple(node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, kinds))


def sources(*without: Path) -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*.py")) if path not in without)


def enums() -> list[type[Enum]]:
    """The enums that label values are taken from."""
    values = [value for row in ROWS for label in row.labels for value in label.values]
    return sorted(
        {type(value) for value in values if isinstance(value, Enum)} | {Disposition},
        key=lambda each: each.__name__,
    )


def named(paths: Iterable[Path]) -> set[tuple[str, str]]:
    """Every `Name.attribute` in the code."""
    return {
        (node.value.id, node.attr)
        for path in paths
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@pytest.mark.parametrize("enum", [each for each in enums() if each not in FROM_OUTSIDE])
def test_every_label_value_has_an_emitter(enum: type[Enum]) -> None:
    """A series that nothing can ever count is a promise that is not kept."""
    used = named(sources(DECLARED))
    assert [each.name for each in enum if (enum.__name__, each.name) not in used] == []


def test_every_reason_of_a_release_can_be_given() -> None:
    """What the command line offers is what is counted."""
    assert set(REASONS) == {each.value for each in ReleaseReason}


def functions(path: Path, of: str) -> dict[str, ast.FunctionDef]:
    (found,) = (node for node in nodes(path) if isinstance(node, ast.ClassDef) and node.name == of)
    return {each.name: each for each in found.body if isinstance(each, ast.FunctionDef)}


def writes(methods: dict[str, ast.FunctionDef], name: str) -> set[str]:
    """The metrics that a method sets or counts, itself or by its own helpers."""
    found: set[str] = set()
    for node in ast.walk(methods[name]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        if isinstance(node, ast.Attribute) and node.attr in methods and node.attr.startswith("_"):
            found |= writes(methods, node.attr) if node.attr != name else set()
    return found


def called(*without: Path) -> set[str]:
    """The names of all methods that are called or handed on somewhere."""
    return {
        node.attr for path in sources(*without) for node in nodes(path) if isinstance(node, ast.Attribute)
    }


def test_every_metric_has_a_caller() -> None:
    """A row of the table is written by a method of Metrics that something else in the program calls."""
    methods, outside = functions(METER, Metrics.__name__), called(METER)
    # `begin` and `message` write what others set again; what only `begin` writes would stay 0 for ever.
    written = {
        name
        for method in methods
        if not method.startswith("_") and method != "begin" and method in outside
        for name in writes(methods, method)
    }
    assert {row.name for row in ROWS if row.kind != "info"} - written == set()


def test_every_event_of_the_journal_has_a_caller() -> None:
    """A wording that only tests use is no event."""
    path = PACKAGE / "journal.py"
    events = {name for name in functions(path, Journal.__name__) if not name.startswith("_")}
    assert events - called(path) == set()


def label_values(label: MetricLabel) -> set[str]:
    given = {"checks": {check.name for check in CHECKS}, None: set()}
    return {str(each) for each in label.values} | given.get(label.given, set())


def matchers(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Metric, label, operator and value of each matcher of an expression of Prometheus."""
    for metric, inside in re.findall(r"sekisho_(\w+)\{([^}]*)\}", text):
        for label, how, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', inside):
            yield metric, label, how, value


def expressions() -> str:
    rules = yaml.safe_load((ROOT / "config/prometheus/sekisho.rules.yml").read_text("utf-8"))
    board = json.loads((ROOT / "config/grafana/sekisho.json").read_text("utf-8"))
    found = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    found += [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    return "\n".join(found)


def test_alerts_and_panels_ask_for_what_can_be_counted() -> None:
    """A metric or a label value that does not exist makes an alert that never fires."""
    rows = {row.name: row for row in ROWS}
    text = expressions()
    asked = {re.sub(r"_(bucket|sum|count)\Z", "", name) for name in re.findall(r"\bsekisho_(\w+)", text)}
    assert asked - {*rows, "severe_odds"} == set()
    for metric, label, how, value in matchers(text):
        if label == "instance":
            continue
        found = next(each for each in rows[re.sub(r"_bucket\Z", "", metric)].labels if each.name == label)
        values = value.split("|") if "~" in how else [value]
        assert set(values) <= label_values(found), (metric, label)


def test_the_verdicts_are_all_of_them() -> None:
    """The words of the label are those of the dispositions."""
    assert tuple(each.word for each in Disposition) == WORDS
