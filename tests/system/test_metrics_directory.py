"""A real daemon whose metrics directory is full, gone or shut: it reloads, judges, and counts again when it can."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.place import a_place, wait_until
from lab.sekisho import Sekisho
from tests.system.test_log_targets import PATIENCE, figure, flood


@pytest.fixture
def sekisho() -> Iterator[Sekisho]:
    if os.geteuid() != 0:
        pytest.skip("mounts a file system: `make test` uses sudo")
    with a_place() as place:
        disk = place / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=6m,mode=777", "tmpfs", disk]
        if subprocess.run(mount, check=False).returncode:
            pytest.skip("may not mount here")
        try:
            with Sekisho(
                place, settings={"wire": {"workers": 2}, "metrics": {"directory": f"{disk}/metrics"}}
            ) as daemon:
                yield daemon
        finally:
            subprocess.run(["umount", "-l", disk], check=True)


def reload(sekisho: Sekisho) -> None:
    """A new generation: new workers, and a new maintenance process."""
    before = events(sekisho, "reloaded")
    os.kill(sekisho.pid, signal.SIGHUP)
    wait_until(lambda: events(sekisho, "reloaded") > before, "the new workers are ready", PATIENCE)


def events(sekisho: Sekisho, words: str) -> int:
    return sum(words == line["event"] for line in sekisho.lines()[0])


def fill(directory: Path) -> None:
    with (directory.parent / "filler").open("wb", buffering=0) as filler:
        for size in (65536, 1):
            while True:
                try:
                    filler.write(bytes(size))
                except OSError:
                    break


def free(directory: Path) -> None:
    (directory.parent / "filler").unlink()


def remove(directory: Path) -> None:
    shutil.rmtree(directory)
    directory.parent.chmod(0o755)  # and it cannot be made again


def allow(directory: Path) -> None:
    directory.parent.chmod(0o777)


def shut(directory: Path) -> None:
    directory.rename(directory.parent / "aside")
    directory.write_text("in the way")


def open_again(directory: Path) -> None:
    directory.unlink()
    (directory.parent / "aside").rename(directory)


@pytest.mark.parametrize(("harm", "mend"), [(fill, free), (remove, allow), (shut, open_again)])
def test_no_message_waits_for_the_metrics(sekisho: Sekisho, harm: object, mend: object) -> None:
    """Every message gets its verdict before, while and after the directory cannot be written, also from workers
    that start meanwhile; it is said and counted, and what was counted meanwhile is not lost."""
    assert callable(harm)
    assert callable(mend)
    directory = Path(str(sekisho.settings["metrics"]["directory"]))
    assert flood(sekisho, 20) == {b"a"}
    harm(directory)
    assert flood(sekisho, 20) == {b"a"}
    reload(sekisho)
    assert flood(sekisho, 40) == {b"a"}
    assert events(sekisho, "metrics_unwritable") > 0
    wait_until(lambda: sekisho.health("readyz") == 200, "ready all the same", PATIENCE)
    mend(directory)

    def counted() -> bool:
        """Each message that is judged now makes the workers try again."""
        assert flood(sekisho, 4) == {b"a"}
        return figure(sekisho, "messages_total") >= 40 and events(sekisho, "metrics_writable") > 1

    wait_until(counted, "the figures are there", PATIENCE)
    assert figure(sekisho, "observer_failures_total") > 0
    assert figure(sekisho, "worker_restarts_total") == 0
    assert sekisho.stop() == 0
