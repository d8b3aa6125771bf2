"""Whose call it is: a platform's customer's, that of a free mailbox, or a brand's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sekisho import cases
from sekisho.case_runner import judge
from sekisho.config import Config

MAIL = Path(__file__).parents[3] / "golden" / "callback" / "money-request.eml"
JUDGE = judge(Config.model_validate({"mode": "enforce", "authserv_id": "mx.example.jp"}), ask_dns=False)


def findings(old: str, new: str) -> set[str]:
    """What is found in a money request after a change."""
    case = cases.load(MAIL)
    assert old.encode() in case.raw
    found = JUDGE(replace(case, raw=case.raw.replace(old.encode(), new.encode())))["findings"]
    return {each["id"] for each in found}


@pytest.mark.parametrize(
    ("old", "new"),
    [("(808) 555-0143", "(888) 221-1161"), ("call +1", "see +1"), ("was charged", "was shown")],
)
def test_what_must_be_there(old: str, new: str) -> None:
    """The platform's own number is the platform's; without a call or a charge it is a note like others."""
    assert "callback.platform_note" in findings("Pay now", "Pay")
    assert "callback.platform_note" not in findings(old, new)
