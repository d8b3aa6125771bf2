"""A message that is stuck in pure computation kills one worker, once and for all, in the real daemon."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lab.milter_client import Client, ClosedError, Reply
from lab.place import free_port
from lab.sekisho import merged, to_toml
from tests.wire.conftest import PATIENCE, ROOT, until

STUCK = ((b"From", b" <a@example.org>"), (b"X-Spin", b" yes"), (b"Subject", b" hello"))
INNOCENT = ((b"From", b" <b@example.org>"), (b"Subject", b" hello"))


class Real:
    """The daemon of `stuck.py`, with its whole configuration in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: Any) -> None:
        own = {
            "mode": "enforce",
            "authserv_id": "mx.example.jp",
            "wire": {
                "socket": f"unix:{self.directory}/sock",
                "workers": 1,
                "threads": 4,
                "soft_deadline": 1.0,
                "hard_deadline": 2.0,
            },
            "dns": {"servers": ["127.0.0.1:9"]},
            "store": {"url": f"sqlite:///{self.directory}/quarantine.db"},
            "metrics": {"listen": f"127.0.0.1:{self.port}", "directory": f"{self.directory}/metrics"},
            "log": {"target": f"{self.directory}/log", "format": "json"},
        }
        (self.directory / "sekisho.toml").write_text(to_toml(merged(own, settings)))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.wire.stuck", str(self.directory / "sekisho.toml")],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'milter'}:{ROOT}"},
        )
        until(self.ready, "the daemon is ready")

    def ready(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(PATIENCE) == 0
        finally:
            self.process.kill()
            self.process = None

    def connect(self) -> Client:
        client = Client(f"unix:{self.directory}/sock")
        client.connect()
        client.helo()
        return client

    def figure(self, metric: str, labels: str = "[^}]*") -> float:
        """The sum of the series of a metric whose labels are as the pattern says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            page = answer.read().decode()
        return sum(map(float, re.findall(rf"(?m)^sekisho_{metric}{{{labels}}} (\S+)$", page)))

    def restarts(self, cause: str) -> float:
        return self.figure("worker_restarts_total", f'cause="{cause}"')

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / "log").read_text().splitlines()]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    daemon = Real(tmp_path)
    yield daemon
    daemon.stop()


def sent(client: Client, fields: tuple[tuple[bytes, bytes], ...]) -> Reply | None:
    """The answer to a message; None if the connection was lost."""
    try:
        return client.message(fields)
    except (ClosedError, OSError):
        return None


def sent_apart(real: Real, fields: tuple[tuple[bytes, bytes], ...]) -> Reply | None:
    """The answer on a connection of its own; None if it was lost."""
    try:
        with real.connect() as client:
            return sent(client, fields)
    except (ClosedError, OSError):
        return None


def stick(real: Real) -> None:
    """Send the stuck message once, beside an innocent session, and wait for a new worker."""
    before = real.restarts("stuck")
    innocent = real.connect()
    with real.connect() as client:
        answer = sent(client, STUCK)
        assert answer is None or answer.final == b"t" or answer.text.startswith(b"451")
    until(lambda: real.restarts("stuck") == before + 1, "the stuck worker is killed")
    until(real.ready, "a new worker")
    innocent.close()


def test_one_message_kills_one_worker_ever(real: Real) -> None:
    """451 once; the same bytes are held when they come again, by the next worker and after a restart, and judged
    by none; whoever else comes is served; the log names the message and counts the innocent."""
    real.start()
    stick(real)
    for _ in range(2):
        with real.connect() as client:
            again = sent(client, STUCK)
            assert again is not None
            assert again.quarantined is not None
            other = sent(client, INNOCENT)
            assert other is not None
            assert other.accepted
        real.stop()
        real.start()
    assert real.restarts("stuck") == 0  # since this start
    (stuck,) = (line for line in real.log() if line["event"] == "worker_stuck")
    assert (len(stuck["digests"]), stuck["cause"]) == (1, "stuck")
    assert "others" in stuck


def test_where_holding_is_not_allowed_the_repeat_is_delivered_with_a_tag(real: Real) -> None:
    """The severest action is a tag: the message is delivered and says that nobody could examine it."""
    real.start(policy={"max_action": "tag"})
    stick(real)
    with real.connect() as client:
        again = sent(client, STUCK)
    assert again is not None
    assert again.accepted
    assert again.quarantined is None
    ours = {b"X-Sekisho-Verdict", b"X-Sekisho-Reason", b"Authentication-Results"}
    assert {name for _, name, _ in again.added} == ours
    assert real.restarts("stuck") == 1


def waiting(number: int) -> tuple[tuple[bytes, bytes], ...]:
    """A message that waits; every other one is held for what it claims."""
    author = b" Amazon.co.jp <info@jyaqfmf.example>" if number % 2 else b" <b@example.org>"
    return ((b"From", author), (b"X-Wait", b" %d" % number), (b"Subject", b" hello"))


def test_what_is_judged_apart_is_recorded_once(real: Real) -> None:
    """Sixteen messages are at work when another one ends their worker. Each is judged when it comes again: counted
    once, logged once, held once where it is to be held. The killer is held by Postfix; one worker is lost."""
    killer = ((b"From", b" <a@example.org>"), (b"X-Die", b" yes"))
    real.start(
        wire={"threads": 20, "soft_deadline": 150.0, "hard_deadline": 200.0}, policy={"quarantine": 5.5}
    )
    with ThreadPoolExecutor(16) as pool:
        first = [pool.submit(sent_apart, real, waiting(number)) for number in range(16)]
        until(lambda: len(list(real.directory.glob("waits-*"))) == 16, "all are at work")
        assert sent_apart(real, killer) is None
        assert all(each.result() is None for each in first)
        until(lambda: real.restarts("crash") == 1, "the dead worker is counted")
        until(real.ready, "a new worker")
        (real.directory / "go").touch()
        again = list(pool.map(lambda number: sent_apart(real, waiting(number)), range(16)))
    assert [each.final for each in again if each is not None] == [b"a", b"d"] * 8
    for _ in range(2):
        held = sent_apart(real, killer)
        assert held is not None
        assert held.quarantined is not None
    assert real.figure("messages_total") == 16
    assert sum(line.get("event") == "message" for line in real.log()) == 16
    assert real.figure("quarantine_operations_total", '[^}]*operation="hold"[^}]*') == 8
    assert real.restarts("crash") == 1
    assert real.figure("errors_total", 'stage="again"') == 2
