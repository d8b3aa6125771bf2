"""Single cases through the daemon's own assembly: what is left out, and what a reader asks next."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.conftest import FAKE, mail

from sekisho.basis import Basis
from sekisho.case_runner import CaseRunner, UnknownBrandError, document_of, judge, sent_by
from sekisho.cases import Case, parse_case
from sekisho.config import Config

CONFIG = Config()


@pytest.fixture
def fake() -> Case:
    """Claims to be Amazon, proven to be somebody else."""
    raw = mail("Amazon.co.jp <info@stranger.example>", "アカウントが停止されました")
    return parse_case(Path("fake.eml"), raw, FAKE)


def test_an_explained_case_is_the_judged_one_with_more(fake: Case) -> None:
    """The same object, and beside it what the brands are and what would let the message pass."""
    runner = CaseRunner.of(Basis(CONFIG))
    judged = judge(CONFIG, ask_dns=False)(fake)
    explained = runner.explain(fake)
    assert explained.keys() - judged.keys() == {"brands", "passes_if"}
    judged.pop("stages_ms")
    assert {key: explained[key] for key in judged} == judged
    assert explained["brands"]["amazon-jp"]["name"]
    assert {way["way"] for way in explained["passes_if"]} == {"proof", "without"}


def test_findings_can_be_left_out(fake: Case) -> None:
    """The policy judges what is left; the checks are not run again."""
    runner = CaseRunner.of(Basis(CONFIG))
    examined = runner.examine(fake)
    ids = [each.kind.id for each in examined.evidence.findings]
    left = document_of(runner.judge(examined, ids))
    assert (left["verdict"], left["score"], left["findings"]) == ("accept", 0.0, [])
    assert document_of(runner.judge(examined))["verdict"] == "quarantine"


def test_a_registry_without_brands(fake: Case) -> None:
    """Nobody is claimed where no brand is known; an unknown id is an error."""
    found = document_of((runner := CaseRunner.of(Basis(CONFIG), without=["all"])).judge(runner.examine(fake)))
    assert [each for each in found["claims"] if each["brand"]] == []
    with pytest.raises(UnknownBrandError, match="nothing"):
        CaseRunner.of(Basis(CONFIG), without=["all", "nothing"])


def test_a_case_as_if_it_were_sent_otherwise(fake: Case) -> None:
    """Its own bytes stay where none are given; the envelope sender is the other one."""
    other = sent_by(fake, None, "a@b.example")
    assert (other.raw, other.envelope.sender, other.envelope.raw_sender) == (
        fake.raw, "a@b.example", "a@b.example",
    )  # fmt: skip
    assert sent_by(fake, b"x", "a@b.example").raw == b"x"
