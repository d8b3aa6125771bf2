"""Every input that once broke a promise keeps it now, and so do the seeds that fuzzing begins with."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fuzz.run import CORPUS, plant
from tests.fuzz.targets import TARGETS

FOUND = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(CORPUS)))
def test_a_crasher_stays_mended(path: Path) -> None:
    """Its target takes it without a word."""
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_pass(name: str, tmp_path: Path) -> None:
    """There are seeds, and no target calls an ordinary or golden input broken."""
    plant(name, tmp_path)
    seeds = sorted(tmp_path.iterdir())
    assert seeds
    for seed in seeds:
        TARGETS[name](seed.read_bytes())
