"""Golden mails: what each must be judged, and by which findings.

`NAME.eml` with `NAME.json` beside it (docs/cases.md) and `NAME.expected.json`. A bug report becomes a golden mail:
save it, watch it fail, mend. `pytest tests/golden --update-golden` writes what is found; read the difference before
you commit it. Signed mails are made by `sign`. A git-ignored `private/` folder is run too, for mail that cannot be
published.
"""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.golden.sign import made

from sekisho import cases
from sekisho.case_runner import judge
from sekisho.checks.table import KINDS
from sekisho.config import Config

HERE = Path(__file__).parent
MAILS = sorted(HERE.rglob("*.eml"))
SIGNED = [mail for mail in MAILS if "made" in cases.load(mail).facts]
Judge = Callable[[cases.Case], dict[str, Any]]

CONFIG = {
    "mode": "enforce",
    "authserv_id": "mx.example.jp",
    "arc": {"sealers": ["lists.example"]},
}
# Genuine mail that is not accepted yet, each with what would take it.
KNOWN = {
    # A list passes a member's unsigned mail on to himself: from a stranger's extortion mail only the memory of
    # earlier mail by way of that list could tell it.
    "responders/own-list-copy-unsigned",
}
# Genuine mail of domains whose mail must be proven, while DNS fails. It is tagged as a forgery of them is, since nobody
# can tell the two apart, and it is tagged by that alone.
IN_AN_OUTAGE = {
    "brand/strict-genuine-dns-down",
    "responders/note-to-myself-dns-down",
    "site/own-domain-temperror",
}


@functools.cache
def judge_of(options: str) -> Judge:
    """The judge of a configuration; `options` is JSON of what differs from `CONFIG`."""
    return judge(Config.model_validate({**CONFIG, **json.loads(options)}), ask_dns=False)


def options_of(mail: Path) -> str:
    """What the folder's `config.toml` says, and over it the key `config` of the sidecar: with a small limit, a
    small mail reaches it."""
    folder, sidecar = mail.with_name("config.toml"), mail.with_suffix(".json")
    shared = tomllib.loads(folder.read_text("utf-8")) if folder.exists() else {}
    own = json.loads(sidecar.read_text("utf-8")).get("config", {}) if sidecar.exists() else {}
    return json.dumps({**shared, **own}, sort_keys=True)


def expectation(report: dict[str, Any]) -> dict[str, Any]:
    """What a golden mail pins down: the verdict, who decided, and every finding with its points."""
    return {
        "verdict": report["verdict"],
        "decided_by": report["decided_by"],
        "score": report["score"],
        "findings": {each["id"]: each["points"] for each in report["findings"]},
        "degraded": report["degraded"],
    }


def name_of(mail: Path) -> str:
    return str(mail.relative_to(HERE).with_suffix(""))


@pytest.mark.parametrize("mail", MAILS, ids=name_of)
def test_golden(mail: Path, request: pytest.FixtureRequest) -> None:
    """The mail is judged as expected, by the findings expected and no others."""
    report = judge_of(options_of(mail))(cases.load(mail))
    found = expectation(report)
    assert not [reason for reason in found["degraded"] if reason.startswith("check:")], "a check crashed"
    expected = mail.with_suffix(".expected.json")
    if request.config.getoption("--update-golden"):
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    assert expected.exists(), f"{expected.name} is missing: run this file with --update-golden"
    assert found == json.loads(expected.read_text("utf-8"))


@pytest.mark.parametrize("mail", MAILS, ids=name_of)
def test_genuine_mail_is_accepted(mail: Path) -> None:
    """Whatever is labelled ham is accepted, so that no update of expectations can hide a good mail held back."""
    expected = json.loads(mail.with_suffix(".expected.json").read_text("utf-8"))
    accepted = expected["verdict"] == "accept" and expected["score"] < 5
    genuine = cases.load(mail).label == "ham"
    assert not genuine or accepted is (name_of(mail) not in KNOWN | IN_AN_OUTAGE)


@pytest.mark.parametrize("name", sorted(IN_AN_OUTAGE))
def test_in_an_outage_genuine_mail_is_never_more_than_tagged(name: str) -> None:
    """What is unknown marks a mail and does not hold it."""
    expected = json.loads((HERE / f"{name}.expected.json").read_text("utf-8"))
    assert (expected["verdict"], expected["findings"]) == ("tag", {"brand.own_domain_unknown": 5})


@pytest.mark.parametrize("mail", SIGNED, ids=name_of)
def test_signed_mail_can_be_made_again(mail: Path) -> None:
    """Signed anew with other keys, the mail is judged alike: what it shows is not an accident of its bytes."""
    case = cases.load(mail)
    raw, facts = made(case.raw, case.facts)
    assert raw != case.raw
    report = judge_of(options_of(mail))(replace(case, raw=raw, dns=tuple(facts["dns"])))
    assert expectation(report) == json.loads(mail.with_suffix(".expected.json").read_text("utf-8"))


def test_every_finding_has_a_golden_mail() -> None:
    """A finding without a mail that shows it is a finding nobody has seen."""
    shown = {
        name
        for path in HERE.rglob("*.expected.json")
        for name in json.loads(path.read_text("utf-8"))["findings"]
    }
    assert {kind.id for kind in KINDS} - shown == set()
