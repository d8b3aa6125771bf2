"""The table of hostile classes in docs/robustness.md says what the golden mails show."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sekisho.cases import load
from sekisho.checks.table import KINDS

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs/robustness.md"
ROW = re.compile(
    r"\| (?P<name>.+) \| `(?P<finding>[a-z_]+\.[a-z_]+)` \| `(?P<mail>\S+)` (?P<verdict>\w+) \| `(?P<control>\S+)` \|"
)
ROWS = [match for line in DOCUMENT.read_text("utf-8").splitlines() if (match := ROW.fullmatch(line))]


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / f"{name}.expected.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_class_has_its_finding_its_verdict_and_its_control(row: re.Match[str]) -> None:
    """The mail shows the finding and gets that verdict; the control is genuine, accepted, and does not show it."""
    mail, control = expected(row["mail"]), expected(row["control"])
    assert row["finding"] in mail["findings"]
    assert row["verdict"] == mail["verdict"]
    assert load(HERE / f"{row['control']}.eml").label == "ham"
    assert control["verdict"] == "accept"
    assert row["finding"] not in control["findings"]


def test_every_finding_about_the_author_is_in_the_table() -> None:
    """So are those of signatures: a new one needs its row."""
    wanted = {kind.id for kind in KINDS if kind.id.startswith(("author.", "dkim.", "arc.too", "resent."))}
    plain = {
        "author.no_from",
        "author.no_address",
        "author.unparsable",
        "dkim.expired",
    }  # missing or broken, not hostile
    assert wanted - plain <= {row["finding"] for row in ROWS}
