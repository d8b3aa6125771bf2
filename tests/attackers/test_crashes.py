"""A check that crashes is seen, and excuses no more than its result could have proven."""

from __future__ import annotations

from dataclasses import replace

import pytest
import spf as pyspf
from tests.attackers.strangers import CONFIG, FORGERIES, Draft, signature

from sekisho.auth import dkim
from sekisho.basis import Basis
from sekisho.case_runner import CaseRunner, document_of
from sekisho.config import Config
from sekisho.judgement import Judged
from sekisho.observers import Observers


class Crashes:
    """Notes every crashed check. Implements `ports.Observer`."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.errors: list[Exception] = []

    def judged(self, judged: Judged) -> None:
        """Nothing to note."""

    def crashed(self, stage: str, error: Exception) -> None:
        self.stages.append(stage)
        self.errors.append(error)


def judged(draft: Draft) -> tuple[Crashes, dict[str, object]]:
    runner, crashes = CaseRunner.of(Basis(Config.model_validate(CONFIG))), Crashes()
    runner = replace(runner, pipeline=replace(runner.pipeline, observers=Observers((crashes,))))
    return crashes, document_of(runner.judge(runner.examine(draft.case())))


@pytest.fixture(params=["spf", "dkim", "dkim signature", "dkim key"])
def crashing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The check whose library raises what nobody expects, at this place."""

    def crash(*_: object) -> None:
        raise IndexError("a defect")

    places = {
        "spf": (pyspf.query, "check"),
        "dkim": (dkim, "Signed"),
        "dkim signature": (dkim, "parse_signature"),
        "dkim key": (dkim, "verify"),
    }
    monkeypatch.setattr(*places[request.param], crash)
    return str(request.param).partition(" ")[0]


@pytest.mark.parametrize("forgery", ["a brand's own domain", "the site's own domain"])
def test_a_crash_over_a_strangers_domain(crashing: str, forgery: str) -> None:
    """It is told as a crash, the verdict says that something is missing, and the forgery is rejected all the same."""
    crashes, report = judged(Draft(FORGERIES[forgery], seals=[signature("stranger.example", "s1")]))
    assert crashes.stages == [crashing]
    assert [type(error) for error in crashes.errors] == [IndexError], "the log names the defect itself"
    assert report["degraded"] == [f"check:{crashing}"]
    assert report["verdict"] == "reject"


def test_a_crash_over_the_authors_own(crashing: str) -> None:
    """What could have proven the author is unknown then: nobody is called a forger for a defect of ours."""
    own = {"envelope_from": "x@kaisha.example"}
    crashes, report = judged(
        Draft(FORGERIES["the site's own domain"], seals=[signature("kaisha.example", "s1")], facts=own)
    )
    assert crashes.stages == [crashing]
    found = {each["id"] for each in report["findings"]}  # type: ignore[attr-defined]
    assert "site.own_domain_unproven" not in found
    assert crashing == "dkim" or "brand.own_domain_unknown" not in found  # the signature holds


def test_a_crash_over_a_strangers_signature_beside_a_forged_one_of_the_author(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stranger's signature that brings a defect to light leaves the author's forged one what it is: no proof, and
    not unknown."""
    verify = dkim.verify

    def crash(signed: object, each: dkim.Signature, key: object) -> None:
        if each.domain == "stranger.example":
            raise IndexError("a defect")
        verify(signed, each, key)  # type: ignore[arg-type]

    monkeypatch.setattr(dkim, "verify", crash)
    forged = signature("kaisha.example", "s1", broken=True)
    crashes, report = judged(
        Draft(FORGERIES["the site's own domain"], seals=[forged, signature("stranger.example", "s1")])
    )
    assert crashes.stages == ["dkim"]
    assert report["degraded"] == ["check:dkim"]
    assert report["verdict"] == "reject"
