"""What a killed lab left behind is cleared away by the next one."""

from __future__ import annotations

import os
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
