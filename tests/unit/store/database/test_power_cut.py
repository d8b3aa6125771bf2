"""The power goes at any moment: whatever the disk kept of what was not synced, what was answered is there."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from lab.faults.power_cut import STORE_PHASES, cut, record
from lab.faults.shim import Call

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
]

SEED = 1


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """What a store's life of some hundred operations did to the disk."""
    return record(tmp_path_factory.mktemp("power") / "place", SEED)


def test_nothing_that_was_answered_is_missing(trace: list[Call]) -> None:
    """In holding, releasing, migrating, retention, list changes and after failed syncs: every answered message is
    there, every entry whole, the database sound, the last good lists those before or after, and mail is taken again."""
    found = cut(trace, SEED, 6, 5, STORE_PHASES)
    assert found.faults == []
    assert found.missing == 0
    assert set(found.moments) == set(STORE_PHASES)
    assert (found.images, found.moments.total()) == (210, 42)


@pytest.mark.parametrize("phase", ["failures", "guard"])
def test_the_files_beside_the_store_outlive_a_power_cut(trace: list[Call], phase: str) -> None:
    """What failed is remembered and a pause is in force, as soon as `remember` and `pause` have returned."""
    assert cut(trace, SEED, 6, 5, (phase,)).faults == []


def _rewritten(call: Call) -> bool:
    """What `settle` writes: pieces of the log that are no single frame."""
    return call.kind == "W" and call.name.endswith("-wal") and len(call.data) > 2 * 4096


@pytest.mark.parametrize(
    ("phase", "unwanted"),
    [
        ("hold", lambda call: call.kind == "S" and call.name.endswith("-wal")),
        ("hold", lambda call: call.kind == "S" and call.name.endswith(".db")),
        ("hold", lambda call: call.kind == "D"),
        ("lists", lambda call: call.kind == "S" and call.name.startswith("lists")),
        ("dying", _rewritten),
    ],
    ids=["log", "database", "directory", "lists", "log-again"],
)
def test_a_sync_that_is_missing_is_found(
    trace: list[Call], phase: str, unwanted: Callable[[Call], bool]
) -> None:
    """The images are able to show each fault that they are there to find."""
    assert cut([call for call in trace if not unwanted(call)], SEED, 20, 5, (phase,)).faults
