"""Bounded time and memory: whatever a message repeats, it is judged within 20 seconds and 300 MB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lab.hostile import FIELDS, LARGE, PICTURES

ROOT = Path(__file__).parents[2]
CUT = (
    "depth 10,000",
    "100,000 parts",
    "100,000 fields",
    "<a href>",
    "urls",
    "one line",
    "jis pairs",
    "10 MB field",
)
"""Of these, something lies behind a limit."""

# One worker, since a group is judged once for all of its tests.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("bounds")]


@cache
def answers(group: str) -> dict[str, dict[str, Any]]:
    """What became of each message of the group, judged one after the other in one program."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bounds.judge", group],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'milter'}:{ROOT}"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return {each["name"]: each for each in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", LARGE)
def test_ten_megabytes_of_anything_are_judged(name: str) -> None:
    """A verdict under a limit of memory and of processor time that the process itself cannot lift."""
    assert "verdict" in answers("large")[name], answers("large")[name]


@pytest.mark.parametrize("name", CUT)
def test_what_was_cut_is_told(name: str) -> None:
    """A verdict on part of a message says so."""
    assert "limit" in answers("large")[name]["degraded"]


@pytest.mark.parametrize("name", FIELDS)
def test_any_field_of_sixty_kilobytes_is_judged(name: str) -> None:
    """What every parser of header fields is given over and over."""
    assert "verdict" in answers("fields")[name], answers("fields")[name]


@pytest.mark.parametrize("name", PICTURES)
def test_any_pictures_are_judged(name: str) -> None:
    """Within the memory of a message for the program that decodes them, and next to none where they are judged."""
    answer = answers("pictures")[name]
    assert "verdict" in answer, answer
    assert answer["decoder_mb"] <= 150
    assert answer["mb"] <= 150
