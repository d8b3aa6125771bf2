"""The shared memory tells who is stuck and what failed, to other processes and to later ones."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.disk_support import full_disk

from sekisho.judging.in_flight import Failures, InFlight

NOW = 1_700_000_000.0


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def test_another_process_sees_what_is_at_work() -> None:
    """What a child wrote into its page is seen by the parent, until the child says that it ended; its signs of life
    are counted and touch no row."""
    in_flight = InFlight(4)
    pid = os.fork()
    if pid == 0:
        in_flight.beat()
        in_flight.begin(0, digest(1), 100.0)
        in_flight.begin(2, digest(2), 90.0)
        in_flight.begin(3, digest(3), 1.0)
        in_flight.end(3)
        in_flight.beat()
        os._exit(0)
    os.waitpid(pid, 0)
    assert [busy.digest for busy in in_flight.busy()] == [digest(1), digest(2)]
    assert [busy.started for busy in in_flight.busy()] == [100.0, 90.0]
    assert in_flight.beats == 2
    in_flight.close()


def test_an_orderly_end_leaves_nothing_at_work() -> None:
    """After `clear` no row is at work."""
    in_flight = InFlight(3)
    in_flight.begin(0, digest(1), 100.0)
    in_flight.begin(2, digest(2), 100.0)
    in_flight.clear()
    assert list(in_flight.busy()) == []


def test_failures_are_known_for_five_days() -> None:
    """A digest is known from its failure on, and forgotten after the time in which an MTA retries."""
    failures = Failures()
    assert not failures.knows(digest(1), NOW)
    failures.remember(digest(1), NOW)
    assert failures.knows(digest(1), NOW + 4 * 86400)
    assert not failures.knows(digest(1), NOW + 6 * 86400)
    assert not failures.knows(digest(2), NOW)


def test_a_suspect_is_no_failure(tmp_path: Path) -> None:
    """A suspect is told from a digest that failed, here and by the next process on the same file; what failed never
    becomes a suspect again, and a suspect that fails is one that failed."""
    path = str(tmp_path / "failed")
    failures = Failures(path)
    failures.suspect(digest(1), NOW)
    failures.remember(digest(2), NOW)
    failures.suspect(digest(2), NOW)
    for table in (failures, Failures(path)):
        assert (table.suspects(digest(1), NOW), table.knows(digest(1), NOW)) == (True, False)
        assert (table.suspects(digest(2), NOW), table.knows(digest(2), NOW)) == (False, True)
        assert (table.suspects(digest(3), NOW), table.knows(digest(3), NOW)) == (False, False)
        assert table.suspects(digest(1), NOW + 4 * 86400)
        assert not table.suspects(digest(1), NOW + 6 * 86400)
    failures.remember(digest(1), NOW)
    assert (failures.suspects(digest(1), NOW), failures.knows(digest(1), NOW)) == (False, True)


def test_the_newest_failures_stay() -> None:
    """However many fail or are suspects, the table stays as it is and the last thousand are known."""
    failures = Failures()
    for number in range(20_000):
        (failures.suspect if number % 2 else failures.remember)(digest(number), NOW + number)
    known = sum(
        (failures.suspects if number % 2 else failures.knows)(digest(number), NOW + 20_000)
        for number in range(19_000, 20_000)
    )
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


def in_child(work: Callable[[], None]) -> int:
    """The exit status of a process that does this: a fault of memory ends it with a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _cut(path: Path) -> None:
    os.truncate(path, 0)


def _cut_short(path: Path) -> None:
    os.truncate(path, 4096)


def _replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"another program's")
    other.rename(path)


@pytest.mark.parametrize("harm", [_cut, _cut_short, Path.unlink, _replace])
def test_a_file_that_is_cut_or_taken_away_harms_nobody(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """No process dies, nothing is forgotten, all processes go on knowing the same, and the next failure makes the
    file whole again, with all that was known."""
    path = tmp_path / "failed"
    failures = Failures(str(path))
    for number in range(4):
        failures.remember(digest(number), NOW)
    harm(path)

    def work() -> None:
        assert failures.knows(digest(1), NOW)
        failures.remember(digest(10), NOW)

    assert in_child(work) == 0
    assert failures.knows(digest(10), NOW)
    failures.remember(digest(11), NOW)
    restarted = Failures(str(path))
    assert all(restarted.knows(digest(number), NOW) for number in (0, 1, 2, 3, 10, 11))


def test_a_full_disk_costs_the_file_and_not_the_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the file cannot be written, every process of ours still knows, the log says it once, and the file is
    written when there is room again."""
    with full_disk(tmp_path / "small") as disk:
        path = disk.directory / "failed"
        failures = Failures(str(path))
        assert in_child(lambda: [failures.remember(digest(n), NOW) for n in range(50)] and None) == 0
        failures.remember(digest(50), NOW)
        failures.remember(digest(51), NOW)
        assert all(failures.knows(digest(number), NOW) for number in range(52))
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        disk.make_room()
        failures.remember(digest(52), NOW)
        restarted = Failures(str(path))
        assert all(restarted.knows(digest(number), NOW) for number in range(53))


def test_the_disk_space_of_the_file_is_its_own(tmp_path: Path) -> None:
    """The file is not sparse: a disk that fills up later takes no memory of failures away."""
    path = tmp_path / "failed"
    Failures(str(path))
    status = path.stat()
    assert status.st_blocks * 512 >= status.st_size


def test_writers_do_not_undo_each_other(tmp_path: Path) -> None:
    """Several processes that fail at once, with the file taken away meanwhile: each failure is in the file."""
    path = tmp_path / "failed"
    failures = Failures(str(path))

    def writer(first: int) -> Callable[[], None]:
        def work() -> None:
            for number in range(first, first + 50):
                if number % 10 == 0:
                    path.unlink(missing_ok=True)
                failures.remember(digest(number), NOW)

        return work

    children = []
    for first in (0, 100, 200):
        pid = os.fork()
        if pid == 0:
            writer(first)()
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    failures.remember(digest(999), NOW)
    restarted = Failures(str(path))
    numbers = [*range(50), *range(100, 150), *range(200, 250), 999]
    assert all(restarted.knows(digest(number), NOW) for number in numbers)
