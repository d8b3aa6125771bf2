"""Kills a process at a given system call, with strace. No hook in the program is needed.

A *point* is a call on a file whose name ends in a given text, and the place: before or after the call. Before: strace
sends SIGKILL when the call is entered, and the call is not carried out. After: strace delays the process after the
call; it has written the line of the call by then, so we see it and kill the process.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.faults.row import Untried
from lab.place import wait_until

_HELD_UP = 20_000_000  # microseconds that a process is delayed after the call, unless it is killed first


@dataclass(frozen=True, slots=True)
class Point:
    """`when` is the number of the call on this file since the trap was set. An empty `path` means any file."""

    name: str
    call: str
    path: Path | None = None
    when: int = 1
    after: bool = False

    def arguments(self, output: Path) -> list[str]:
        """The arguments of strace, without the process."""
        strace = shutil.which("strace")
        if strace is None:
            raise Untried("strace is not installed")
        harm = f"delay_exit={_HELD_UP}" if self.after else "signal=SIGKILL"
        path = ["-P", str(self.path)] if self.path else []
        inject = f"inject={self.call}:{harm}:when={self.when}"
        return [strace, "-f", "-qq", "-o", str(output), *path, "-e", f"trace={self.call}", "-e", inject]


class Trap:
    """strace attached to a running process. `sprung()` says whether the process was killed at the point."""

    def __init__(self, pid: int, point: Point, output: Path) -> None:
        self.pid = pid
        self._point = point
        self._output = output
        output.unlink(missing_ok=True)
        self._strace = subprocess.Popen(
            [*point.arguments(output), "-p", str(pid)], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        # The process may reach the point, and be gone, before we look.
        wait_until(lambda: _traced(pid) or self.sprung(), f"strace is at process {pid}", 30)

    def sprung(self) -> bool:
        """True if the process was killed at the point. If it is delayed after the call, it is killed now."""
        if self._point.after and "(DELAYED)" in self._words():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        return "killed by SIGKILL" in self._words()

    def _words(self) -> str:
        try:
            return self._output.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def close(self) -> None:
        """End strace, which detaches from the process. While it delays a process, it ignores SIGTERM."""
        self._strace.terminate()
        try:
            self._strace.wait(3)
        except subprocess.TimeoutExpired:
            self._strace.kill()
            self._strace.wait()


@contextmanager
def trap(pid: int, point: Point, output: Path) -> Iterator[Trap]:
    """Set a trap, and remove it at the end."""
    made = Trap(pid, point, output)
    try:
        yield made
    finally:
        made.close()


def run_into(point: Point, output: Path, command: Sequence[str], options: Mapping[str, Any]) -> bool:
    """Run a command with the trap until it ends. True if it was killed at the point. `options` are those of `Popen`."""
    output.unlink(missing_ok=True)
    output.touch(mode=0o666)
    output.chmod(0o666)
    words = [*point.arguments(output), *command]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)

    def over() -> bool:
        if point.after and "(DELAYED)" in output.read_text(errors="replace"):
            for pid in _tracees(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        return process.poll() is not None

    try:
        wait_until(over, "the command ends", 120)
    finally:
        process.kill()
        process.wait()
    return "killed by SIGKILL" in output.read_text(errors="replace")


def _tracees(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _traced(pid: int) -> bool:
    """True if every thread of the process has a tracer."""
    with suppress(OSError):  # a thread may end now
        threads = list(Path(f"/proc/{pid}/task").glob("*/status"))
        return bool(threads) and all("TracerPid:\t0\n" not in each.read_text() for each in threads)
    return False
