"""What a killed lab left behind is cleared away by the next one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from lab import place


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_file_systems_of_a_dead_lab_are_unmounted() -> None:
    """A lab that was killed with file systems mounted, one inside the other, leaves neither them nor its directory."""
    dead = Path(tempfile.mkdtemp(prefix=place.PREFIX, dir="/tmp"))
    inner = dead / "1" / "disk" / "inner"
    for each in (inner.parent, inner):
        each.mkdir(parents=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", each], check=False)
        if done.returncode:
            pytest.skip("a file system cannot be mounted here")
    (dead / "owner.pid").write_text("1 0\n")  # process 1 did not start at boot time 0: the owner is gone
    place.clear_leftovers()
    assert str(dead) not in Path("/proc/self/mounts").read_text()
    assert not dead.exists()


def test_a_new_place_has_an_owner_as_soon_as_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another lab that clears away at any moment does not take a new place for one that a dead lab left."""
    monkeypatch.setattr(place, "PREFIX", "sekisho-lab-test.")
    started = place._started
    asked: list[int] = []

    def cleared(pid: int) -> str | None:
        asked.append(pid)
        if len(asked) == 1:  # while the place is being made
            place.clear_leftovers()
        return started(pid)

    monkeypatch.setattr(place, "_started", cleared)
    made = place.make_place()
    assert (made / "owner.pid").is_file()
    shutil.rmtree(made)


def test_processes_of_a_dead_lab_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a lab with one site, and those of one with several sites below it."""
    monkeypatch.setattr(place, "PREFIX", "sekisho-lab-test.")
    dead = place.make_place()
    (dead / "owner.pid").write_text("1 0\n")
    left = []
    for directory in (dead / "postfix", dead / "1" / "postfix"):
        directory.mkdir(parents=True)
        left.append(subprocess.Popen(["sleep", "600"]))
        place.record_process(directory, left[-1].pid)
    place.clear_leftovers()
    assert [each.wait(20) for each in left] == [-15, -15]
    assert not dead.exists()
