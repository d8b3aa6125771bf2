"""A real daemon whose log goes nowhere: mail, signals and the metrics go on, and lost lines are counted."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lab.milter_client import Client
from lab.place import a_place, wait_until
from lab.sekisho import Sekisho
from tests.slices import sliced

from sekisho.processes import ReadyReason

PATIENCE = 120.0
ENOUGH = 300
"""Messages whose lines fill any pipe and a good deal more."""


@pytest.fixture
def place() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("the daemon's user is another than ours: `make test` uses sudo")
    with a_place() as directory:
        yield directory


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ours, theirs = os.pipe()
    yield ours, theirs
    for each in (ours, theirs):
        try:
            os.close(each)
        except OSError:
            continue


def daemon(place: Path, target: str = "stderr", stderr: int | None = None, workers: int = 2) -> Sekisho:
    settings = {
        "wire": {"workers": workers, "socket_mode": "0666"},
        "log": {"target": target, "format": "logfmt"},
        "journal": {"local_parts": True},
    }
    return Sekisho(place, settings=settings, stderr=stderr)


def mail(sekisho: Sekisho, number: int, size: int = 380) -> bytes:
    """One message, whose line is long."""
    with Client(f"unix:{sekisho.socket}", timeout=PATIENCE) as client:
        client.connect()
        client.helo(b"x" * size + b".example")
        reply = client.message(((b"From", b" a@friend.example"), (b"Subject", b" %d" % number)))
        return reply.final + reply.text


def flood(sekisho: Sekisho, count: int) -> set[bytes]:
    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(lambda number: mail(sekisho, number), range(count)))


def figure(sekisho: Sekisho, name: str) -> float:
    """The sum of a metric's series; 0 while nobody answers."""
    try:
        lines = sekisho.metrics().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"sekisho_{name}[{{ ]", line))


def lives(sekisho: Sekisho) -> None:
    """Every message is accepted, SIGHUP makes a new generation, SIGTERM ends it in order."""
    assert flood(sekisho, ENOUGH) == {b"a"}
    before = figure(sekisho, "config_last_reload_timestamp_seconds")
    os.kill(sekisho.pid, signal.SIGHUP)
    wait_until(
        lambda: figure(sekisho, "config_last_reload_timestamp_seconds") > before > 0,
        "a new generation",
        PATIENCE,
    )
    wait_until(lambda: sekisho.health("readyz") == 200, "ready", PATIENCE)
    assert flood(sekisho, 50) == {b"a"}
    assert figure(sekisho, "worker_restarts_total") == 0
    assert sekisho.stop() == 0


def test_a_reader_that_stopped_reading(place: Path, pipe: tuple[int, int]) -> None:
    """Standard error is a pipe, and its reader hangs."""
    with daemon(place, stderr=pipe[1]) as sekisho:
        lives(sekisho)


def test_a_reader_that_is_gone(place: Path, pipe: tuple[int, int]) -> None:
    """Standard error is a pipe whose other end was closed while the daemon ran: each line is lost and counted."""
    with daemon(place, stderr=pipe[1]) as sekisho:
        os.close(pipe[0])
        assert flood(sekisho, 20) == {b"a"}
        wait_until(
            lambda: figure(sekisho, "log_lines_dropped_total") >= 20, "lost lines are counted", PATIENCE
        )
        lives(sekisho)


def test_a_reader_that_comes_back(place: Path, pipe: tuple[int, int]) -> None:
    """What fitted into the queue is written when somebody reads again, and the log says how much is missing."""
    with daemon(place, stderr=pipe[1], workers=1) as sekisho:
        count = 1500
        assert flood(sekisho, count) == {b"a"}
        lost = figure(sekisho, "log_lines_dropped_total")
        assert lost > 0
        assert figure(sekisho, "ready") == len(ReadyReason)
        os.set_blocking(pipe[0], False)
        text = b""

        def read() -> bool:
            nonlocal text
            with contextlib.suppress(BlockingIOError):
                text += os.read(pipe[0], 1 << 20)
            said = sum(map(int, re.findall(rb"event=log_lines_dropped lines=(\d+)", text)))
            return said + len(re.findall(rb"event=message ", text)) >= count

        def fresh() -> bool:
            mail(sekisho, count + 1)
            return read()

        wait_until(fresh, "every line was written or is said to be lost", PATIENCE)
        assert all(line.startswith(b"time=") for line in text.splitlines()[:-1])
        assert sekisho.stop() == 0


def test_a_closed_stderr(place: Path) -> None:
    """Started without a standard error: the log goes nowhere, and no file of ours takes its number."""
    sekisho = daemon(place)
    sekisho.configure()
    with sekisho:
        sekisho.stop()
        assert sekisho.program is not None
        real = sekisho.program.python
        script = place / "closed"
        script.write_text(f'#!/bin/sh\nexec {real} "$@" 2>&-\n')
        script.chmod(0o755)
        object.__setattr__(sekisho.program, "python", str(script))
        sekisho.start()
        assert not os.readlink(f"/proc/{sekisho.pid}/fd/2").startswith("/tmp")
        lives(sekisho)


@pytest.mark.parametrize("target", sliced(["full disk", "fifo", "/dev/full"], 3))
def test_a_target_that_takes_nothing(place: Path, target: str) -> None:
    """The log is a device without room, a named pipe that nobody reads, or a file on a full disk."""
    path = place / "target"
    if target == "fifo":
        os.mkfifo(path)
        path.chmod(0o666)
    elif target == "full disk":
        path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", path]
        if subprocess.run(mount, check=False).returncode:
            pytest.skip("may not mount here")
    try:
        name = {"/dev/full": "/dev/full", "fifo": str(path), "full disk": f"{path}/log"}[target]
        with daemon(place, name) as sekisho:
            if target != "fifo":  # a pipe keeps the first lines, and so does the queue
                assert flood(sekisho, 300) == {b"a"}
                wait_until(
                    lambda: figure(sekisho, "log_lines_dropped_total") > 0, "lost lines are counted", PATIENCE
                )
            lives(sekisho)
    finally:
        if target == "full disk":
            subprocess.run(["umount", path], check=True)
