"""The table of `make run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lab.cases import Outcome
from lab.run import table
from lab.sender import Reply, Sent
from rich.console import Console

from sekisho import cases

AUTH = {"spf": "pass", "dkim": "none", "dmarc": "none", "iprev": "fail"}


def shown(tmp_path: Path, held: tuple[dict[str, Any], ...] = (), **line: Any) -> str:
    file = tmp_path / "a.eml"
    file.write_bytes(b"From: a@b.example\r\n\r\nx\r\n")
    facts = {**AUTH, "verdict": "reject", "score": 9, "decided_by": "points", **line}
    outcome = Outcome(cases.load(file), Sent(Reply(550, "no")), facts, held=held)
    console = Console(width=150)
    with console.capture() as captured:
        console.print(table([outcome], tmp_path))
    return captured.get()


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_each_finding_has_a_sentence_whatever_the_verdict(tmp_path: Path, verdict: str) -> None:
    """In English only. Where nothing keeps the facts, an ellipsis stands for them."""
    text = shown(tmp_path, verdict=verdict, findings=["brand.display_name:6"])
    assert "+6 brand.display_name" in text
    assert "The display name says …, but the sender is …" in text
    assert "表示名" not in text


def test_a_held_message_has_its_own_sentences(tmp_path: Path) -> None:
    """With the facts."""
    found = {"id": "brand.display_name", "reason_en": "It says Amazon.", "reason_ja": "Amazon です。"}
    text = shown(tmp_path, ({"evidence": {"findings": [found]}},), findings=["brand.display_name:6"])
    assert "It says Amazon." in text


def test_no_pseudonym_is_printed(tmp_path: Path) -> None:
    """Nobody can read it; an entry that is a domain stays."""
    assert "decided by an entry of the allow list" in shown(tmp_path, decided_by="allow ~73cl7f@x.example")
    assert "decided by block .cn" in shown(tmp_path, decided_by="block .cn")
