"""A program that the lab starts, waits for, and ends by its process id."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.place import LabError, end_process, record_process, wait_until


@dataclass
class Server:
    """One process. `name` is for messages. What it prints goes to `stderr` under `directory`, where its process id is
    recorded, too. `patience` is the time between SIGTERM and SIGKILL, in seconds."""

    name: str
    directory: Path
    logs: Sequence[Path] = ()
    """What is shown, besides `stderr`, of a server that did not start."""
    patience: float = 10.0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process, f"{self.name} is not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        """True from `start` to `stop`, also if it ended by itself in between."""
        return self._process is not None

    def start(self, command: Sequence[str], **options: Any) -> None:
        """Start it. `options` are for `subprocess.Popen`."""
        with self._printed.open("ab") as printed:
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": printed, "stderr": printed}
            self._process = subprocess.Popen(command, **(streams | options))
        record_process(self.directory, self.pid)

    def wait(self, ready: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        """Return as soon as `ready()` is true. Raises LabError with its last words if it ends, or is not ready in so
        many seconds; it is stopped then."""
        try:
            wait_until(lambda: self._lives() and ready(), what, seconds)
        except LabError as error:
            self.stop()
            raise LabError(f"{error}\n{self.last_words()}") from error

    def _lives(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            raise LabError(f"{self.name} ended with {self._process.returncode}")
        return True

    def stop(self) -> int | None:
        """End it; returns its exit status, or None if it was not running."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.terminate()
        try:
            return process.wait(self.patience)
        except subprocess.TimeoutExpired:
            end_process(process.pid)
            return process.wait()

    def kill(self) -> None:
        """End it by SIGKILL. Its children are left to themselves."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def last_words(self) -> str:
        """The end of what it printed and logged."""
        return ends((self._printed, *self.logs))

    @property
    def _printed(self) -> Path:
        return self.directory / "stderr"


def ends(logs: Iterable[Path], lines: int = 20) -> str:
    """The last lines of each of these files that exists."""
    texts = (each.read_text(errors="replace") for each in logs if each.is_file())
    return "\n".join("\n".join(text.splitlines()[-lines:]) for text in texts)
