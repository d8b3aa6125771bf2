"""docs/judgement.md shows what the program says of the message that it follows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Command

from sekisho.action.replies import REFUSED, reference_of
from sekisho.message import Envelope, Message, read

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "judgement.md").read_text("utf-8")
COMMAND = next(iter(re.findall(r"```sh\nsekisho (.*)\n```", PAGE)))
EXCERPTS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def shows(shown: Any, said: Any) -> bool:
    """True if the excerpt is a part of what was said: some keys of an object, some items of a list, in order."""
    if isinstance(shown, dict):
        return isinstance(said, dict) and all(key in said and shows(shown[key], said[key]) for key in shown)
    if isinstance(shown, list):
        rest = iter(said)
        return all(any(shows(each, other) for other in rest) for each in shown)
    return bool(shown == said)


@pytest.fixture
def report(sekisho: Command, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page's own command prints, in the checkout."""
    monkeypatch.chdir(ROOT)
    document: dict[str, Any] = sekisho(*shlex.split(COMMAND)).json
    return document


def test_the_excerpts_are_what_the_command_prints(report: dict[str, Any]) -> None:
    """Each of them, value by value."""
    assert len(EXCERPTS) == 8
    for excerpt in EXCERPTS:
        assert shows(excerpt, report), excerpt


def test_the_sum_on_the_page_is_the_score(report: dict[str, Any]) -> None:
    """Every finding that has points is shown, and the points of the sum are theirs."""
    shown = {each["id"]: each["points"] for excerpt in EXCERPTS for each in excerpt.get("findings", ())}
    assert shown == {each["id"]: each["points"] for each in report["findings"] if each["points"]}
    terms, total = next(iter(re.findall(r"findings: ([\d.+ \n]+) = ([\d.]+),", PAGE)))
    assert sorted(map(float, terms.split("+"))) == sorted(shown.values())
    assert float(total) == report["score"]


@pytest.fixture
def message() -> Message:
    """The file that the page is about."""
    return read((ROOT / shlex.split(COMMAND)[-1]).read_bytes(), Envelope())


def test_the_message_on_the_page_is_the_sample(message: Message) -> None:
    """Every line of it, without the translation beside it, is what a reader of the file sees."""
    links = (link.target for link in message.links)
    seen = "\n".join((message.author.text, message.subject, message.text, *links))
    (block,) = re.findall(r"## The message\n\n```\n(.*?)```", PAGE, re.DOTALL)
    lines = [re.sub(r" {2,}\(.*\)$", "", line) for line in block.splitlines()]
    words = [word for line in lines for word in re.split(r"…|^From: |^Subject: |<|>", line) if word.strip()]
    assert len(words) == 9
    assert [word for word in words if word.strip() not in seen] == []


def test_the_reply_on_the_page_is_the_one_that_is_given(message: Message) -> None:
    """With the reference of this file."""
    assert "\n" + " ".join(REFUSED).format(reference=reference_of(message)) + "\n" in PAGE
