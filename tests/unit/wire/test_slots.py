"""The shared memory tells who is stuck and what failed, to other processes and to later ones."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from sekisho.wire.slots import Failures, Slots

NOW = 1_700_000_000.0


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def test_another_process_sees_who_is_stuck() -> None:
    """What a child wrote into its page is seen by the parent, until the child says that it ended."""
    slots = Slots(4)
    pid = os.fork()
    if pid == 0:
        slots.begin(0, digest(1), 100.0)
        slots.begin(2, digest(2), 90.0)
        slots.begin(3, digest(3), 1.0)
        slots.end(3)
        os._exit(0)
    os.waitpid(pid, 0)
    assert [busy.digest for busy in slots.busy()] == [digest(1), digest(2)]
    assert [busy.digest for busy in slots.stuck(116.0, 25.0)] == [digest(2)]
    slots.close()


def test_failures_are_known_for_five_days() -> None:
    """A digest is known from its failure on, and forgotten after the time in which an MTA retries."""
    failures = Failures()
    assert not failures.knows(digest(1), NOW)
    failures.remember(digest(1), NOW)
    assert failures.knows(digest(1), NOW + 4 * 86400)
    assert not failures.knows(digest(1), NOW + 6 * 86400)
    assert not failures.knows(digest(2), NOW)


def test_the_newest_failures_stay() -> None:
    """However many fail, the table stays as it is and the last thousand are known."""
    failures = Failures()
    for number in range(20_000):
        failures.remember(digest(number), NOW + number)
    known = sum(failures.knows(digest(number), NOW + 20_000) for number in range(19_000, 20_000))
    assert known > 990


def test_a_file_outlives_the_process(tmp_path: Path) -> None:
    """Another table on the same file knows the digest; the file is nobody else's to read."""
    path = tmp_path / "failed"
    Failures(str(path)).remember(digest(1), NOW)
    assert Failures(str(path)).knows(digest(1), NOW)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"something else", b"\xff" * 163_856])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    """Neither a cut nor a foreign file stops the daemon or tells nonsense."""
    path = tmp_path / "failed"
    path.write_bytes(content)
    failures = Failures(str(path))
    assert not failures.knows(b"\xff" * 32, NOW)
    failures.remember(digest(1), NOW)
    assert Failures(str(path)).knows(digest(1), NOW)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Whoever can write the directory cannot make us overwrite another file."""
    (tmp_path / "failed").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="failed"):
        Failures(str(tmp_path / "failed"))
