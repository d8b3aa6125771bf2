"""The files of the metrics are full, gone, shorter or spoilt: counting goes on, and the sums are right afterwards."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.metrics.test_metrics import exposed, in_child, judged, value
from tests.unit.store.kit import EVIDENCE

from sekisho import metrics
from sekisho.metrics import Metrics, mapped
from sekisho.verdict import Disposition

PATIENCE = 60.0


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


@pytest.fixture
def counted(directory: Path) -> Iterator[Metrics]:
    opened = metrics.open(directory, findings=["brand.display_name"], checks=["spf"])
    yield opened
    opened.close()


def count(meter: Metrics, number: int) -> None:
    for _ in range(number):
        meter.error("spf")


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def errors(meter: Metrics) -> float:
    return value(exposed(meter), "errors_total", stage="spf")


def failures(meter: Metrics) -> float:
    return value(exposed(meter), "observer_failures_total", observer="metrics")


def child_until_counted(meter: Metrics, before: Callable[[], None], after: Callable[[], None]) -> None:
    """A forked process counts ten times in trouble, and once more until its files are there again."""

    def work() -> None:
        before()
        count(meter, 10)
        meter.message(EVIDENCE, judged(Disposition.TAG), {"parse": 0.1}, 0.1)
        assert meter._shard.slot < 0
        after()

        def written() -> bool:
            meter.sessions(1)
            return meter._shard.slot >= 0

        until(written)

    in_child(work)


def test_a_directory_that_was_removed_is_made_again(
    counted: Metrics, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was counted before, and by a process that starts without a directory, is all there; said in the log."""
    count(counted, 5)
    shutil.rmtree(directory)
    in_child(lambda: count(counted, 10))
    assert directory.exists()
    counted._shard._next_look = 0.0
    count(counted, 1)
    assert errors(counted) == 16


def test_a_place_where_nothing_can_be_written(
    counted: Metrics, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A new process that can have no file counts in memory, says so once, and writes all of it when it can."""
    spare = directory.with_name("spare")

    def block() -> None:
        directory.rename(spare)
        directory.write_text("in the way")

    def unblock() -> None:
        assert len([each for each in caplog.records if each.message == "metrics_unwritable"]) == 1
        directory.unlink()
        spare.rename(directory)

    child_until_counted(counted, block, unblock)
    assert errors(counted) == 10
    assert value(exposed(counted), "message_seconds_count") == 1
    assert failures(counted) >= 1


def test_no_descriptor_at_the_first_count(counted: Metrics) -> None:
    """A process without a free descriptor counts in memory, and its slot and files are whole later."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []

    def use_up() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        while True:
            try:
                taken.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                return

    def give_back() -> None:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    child_until_counted(counted, use_up, give_back)
    assert errors(counted) == 10


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_full_disk(tmp_path: Path) -> None:
    """No file is mapped whose space the disk does not have: a new process counts in memory, none is killed."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        counted = metrics.open(place / "metrics", checks=["spf"])

        def fill() -> None:
            with (place / "filler").open("wb", buffering=0) as filler:
                while True:
                    try:
                        filler.write(bytes(65536))
                    except OSError:
                        return

        child_until_counted(counted, fill, (place / "filler").unlink)
        assert errors(counted) == 10
        fill()
        count(counted, 1)
        with pytest.raises(OSError, match="No space left"):
            counted._shard._files["counter"].write_value("x" * mapped.RESERVED_BYTES, 1.0, 0.0)
        count(counted, 1)
        assert errors(counted) == 12
        counted.close()
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("length", [0, 8, 4096])
def test_a_file_that_is_made_shorter_kills_nobody(counted: Metrics, directory: Path, length: int) -> None:
    """Every file is cut under a process that has it mapped: it makes new ones with all that it knows."""
    count(counted, 5)
    counted.quarantine({"held": 7}, 9)
    for file in directory.glob("*.db"):
        os.truncate(file, length)
    count(counted, 1)
    counted.message(EVIDENCE, judged(Disposition.TAG), {"parse": 0.1}, 0.1)
    samples = exposed(counted)
    assert value(samples, "errors_total", stage="spf") == 6
    assert value(samples, "quarantine_messages", state="held") == 7
    assert value(samples, "message_seconds_count") == 1
    assert all(file.stat().st_size >= mapped.RESERVED_BYTES for file in directory.glob("*.db"))


def test_one_lost_file_leaves_the_others_alone(counted: Metrics, directory: Path) -> None:
    """What stands in a file that is still good is not counted twice."""
    count(counted, 5)
    counted.dns("answer", 0.1)
    (directory / "histogram_0.db").unlink()
    counted._shard._next_look = 0.0
    counted.dns("answer", 0.1)
    samples = exposed(counted)
    assert value(samples, "errors_total", stage="spf") == 5
    assert value(samples, "dns_queries_total", outcome="answer") == 2
    assert value(samples, "dns_seconds_count") == 2


@pytest.mark.parametrize("content", [b"\xff" * 4096, b"", b"\x00\x10\x00\x00" + b"\x7f" * 60])
def test_a_spoilt_file_is_begun_anew_and_left_out(counted: Metrics, directory: Path, content: bytes) -> None:
    """A file that is not ours any more stops neither the page nor the process that takes over its slot."""
    in_child(lambda: count(counted, 3))
    (directory / "counter_1.db").write_bytes(content)
    count(counted, 1)
    assert errors(counted) == 1
    in_child(lambda: count(counted, 3))
    assert errors(counted) == 4
