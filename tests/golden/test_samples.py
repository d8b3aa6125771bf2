"""The sample mails of `make run`: every forgery is caught, every near miss comes through untagged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sekisho import cases
from sekisho.case_runner import judge
from sekisho.config import load

SAMPLES = Path(__file__).parents[2] / "samples"
Judge = Callable[[cases.Case], dict[str, Any]]
MAILS = sorted(SAMPLES.rglob("*.eml"))


@pytest.fixture(scope="module")
def judged() -> Judge:
    return judge(load(SAMPLES / "sekisho.toml"), ask_dns=False)


@pytest.mark.parametrize("mail", MAILS, ids=lambda path: path.stem)
def test_samples_are_judged_as_their_readers_would(mail: Path, judged: Judge) -> None:
    """Quarantined or rejected if it is a fake, accepted if it is genuine, with the sample configuration."""
    case = cases.load(mail)
    verdict = judged(case)["verdict"]
    assert verdict in ({"quarantine", "reject"} if case.label == "phish" else {"accept"})
