"""Golden mails: what each must be judged, and by which findings.

`NAME.eml` with `NAME.json` beside it (docs/cases.md) and `NAME.expected.json`. A bug report becomes a golden mail:
save it, watch it fail, mend. `pytest tests/golden --update-golden` writes what is found; read the difference before
you commit it. A git-ignored `private/` folder is run too, for mail that cannot be published.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sekisho.checks.table import KINDS
from sekisho.cli import cases
from sekisho.cli.judge import judge
from sekisho.config import Config

HERE = Path(__file__).parent
MAILS = sorted(HERE.rglob("*.eml"))
Judge = Callable[[cases.Case], dict[str, Any]]


@pytest.fixture(scope="session")
def judged() -> Judge:
    return judge(Config.model_validate({"mode": "enforce", "authserv_id": "mx.example.jp"}), ask_dns=False)


def expectation(report: dict[str, Any]) -> dict[str, Any]:
    """What a golden mail pins down: the verdict, who decided, and every finding with its points."""
    return {
        "verdict": report["verdict"],
        "decided_by": report["decided_by"],
        "score": report["score"],
        "findings": {each["id"]: each["points"] for each in report["findings"]},
        "degraded": report["degraded"],
    }


@pytest.mark.parametrize("mail", MAILS, ids=lambda path: str(path.relative_to(HERE).with_suffix("")))
def test_golden(mail: Path, judged: Judge, request: pytest.FixtureRequest) -> None:
    """The mail is judged as expected, by the findings expected and no others."""
    report = judged(cases.load(mail))
    found = expectation(report)
    expected = mail.with_suffix(".expected.json")
    if request.config.getoption("--update-golden"):
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    assert found == json.loads(expected.read_text("utf-8"))


def test_every_finding_has_a_golden_mail() -> None:
    """A finding without a mail that shows it is a finding nobody has seen."""
    shown = {
        name
        for path in HERE.rglob("*.expected.json")
        for name in json.loads(path.read_text("utf-8"))["findings"]
    }
    assert {kind.id for kind in KINDS} - shown == set()
