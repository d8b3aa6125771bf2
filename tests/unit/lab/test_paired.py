"""`python -m lab.paired`: two versions at the same messages, and what may be said of their rates."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lab import paired
from lab.program import ROOT

GOLDEN = ROOT / "tests/golden/genuine"


def test_the_rate_of_a_version_that_takes_half_the_time_is_twice_the_others() -> None:
    """In every round: then the interval is that point."""
    found = paired.ratio([1.0, 2.0, 1.5] * 5, [2.0, 4.0, 3.0] * 5)
    assert (found.median, found.low, found.high) == (2.0, 2.0, 2.0)


def test_the_interval_holds_the_median_and_grows_with_the_noise() -> None:
    """Rounds that disagree say less."""
    calm = paired.ratio([1.0] * 20, [1.0, 1.02] * 10)
    wild = paired.ratio([1.0] * 20, [1.0, 2.0] * 10)
    for found in (calm, wild):
        assert found.low <= found.median <= found.high
    assert wild.high - wild.low > calm.high - calm.low


@pytest.mark.slow
def test_both_versions_judge_every_round(tmp_path: Path) -> None:
    """Here both are this one: as many times as rounds for each, and every one took processor time."""
    for suffix in (".eml", ".json"):
        shutil.copy(GOLDEN / f"letter-utf-8{suffix}", tmp_path)
    this, other = paired.measure(ROOT, tmp_path, 3)
    assert len(this) == len(other) == 3
    assert min(this + other) > 0


@pytest.mark.slow
def test_what_cannot_judge_is_said(tmp_path: Path) -> None:
    """A folder that is no checkout ends the comparison."""
    (tmp_path / "milter/sekisho").mkdir(parents=True)
    (tmp_path / "milter/sekisho/__init__.py").touch()
    with pytest.raises(SystemExit, match="cannot judge"):
        paired.measure(tmp_path, tmp_path, 1)
