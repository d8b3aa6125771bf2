"""The daemon of `program.py`, run for a test and spoken to over its socket."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.milter_client import Client

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until the condition holds, and return what it gave."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            if found := condition():
                return found
        time.sleep(0.01)
    raise AssertionError(f"never came: {what}")


class Daemon:
    """A running supervisor."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.settings: dict[str, Any] = {
            "wire": {
                "socket": f"unix:{directory}/sock",
                "workers": 1,
                "threads": 4,
                "drain_timeout": 10,
                "progress_interval": 0.05,
            }
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    @property
    def address(self) -> str:
        return str(self.settings["wire"]["socket"])

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def configure(self, **wire: Any) -> None:
        self.settings["wire"] |= wire
        self.write()

    def write(self, **judge: Any) -> None:
        self.settings |= judge
        (self.directory / "settings.json").write_text(json.dumps(self.settings))

    def start(self, **wire: Any) -> Daemon:
        self.spawn(**wire)
        until(lambda: self.scoreboard()["workers"]["ready"] == self.settings["wire"]["workers"], "workers")
        return self

    def spawn(self, **wire: Any) -> None:
        self.configure(**wire)
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'milter'}:{ROOT}", **self.environment}
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("program.py"), self.directory],
                env=environment,
                stderr=log,
                stdout=log,
            )

    def connect(self, **options: Any) -> Client:
        """A connection up to and with HELO."""
        client = Client(self.address, **options)
        try:
            client.connect()
            client.helo()
        except BaseException:
            client.vanish()
            raise
        return client

    def seen(self, what: str) -> list[dict[str, Any]]:
        path = self.directory / "seen"
        lines = path.read_text().splitlines() if path.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["what"] == what]

    def scoreboard(self) -> dict[str, Any]:
        return dict(json.loads((self.directory / "scoreboard").read_text()))

    def log(self) -> str:
        return (self.directory / "log").read_text()

    def workers(self) -> set[int]:
        """The supervisor's children but the maintenance process."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return set(map(int, children)) - {self.scoreboard()["pid"]}

    def let_go(self, name: str) -> None:
        (self.directory / name).touch()

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    running = Daemon(tmp_path)
    yield running
    if running.process is not None:
        try:
            running.stop()
        finally:
            sys.stderr.write(running.log())


def do(what: str) -> tuple[tuple[bytes, bytes], ...]:
    """A header block that tells the judge what to do."""
    return ((b"From", b" a@example.org"), (b"X-Do", b" " + what.encode()))
