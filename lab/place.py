"""The lab's directory, free loopback ports, and waiting for conditions.

The path of a UNIX socket may have 107 bytes, so the directory is directly under /tmp. It belongs to root. The lab's
unprivileged users may enter it, and each has a subdirectory.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "sekisho-lab."
_UNFINISHED = "sekisho-new."
_OWNER = "owner.pid"
# Below the ports that Linux gives to outgoing connections (ip_local_port_range), which would take one that is free now.
_PORTS = range(12_000, 32_768)
_given: set[int] = set()


class LabError(Exception):
    """The lab cannot do its work. The text says what failed and where to look."""


def make_place() -> Path:
    """A new directory for one lab. First it removes what dead labs have left behind."""
    clear_leftovers()
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir="/tmp"))
    made.chmod(0o755)
    (made / _OWNER).write_text(f"{os.getpid()} {_started(os.getpid())}\n")
    place = made.with_name(PREFIX + made.name.removeprefix(_UNFINISHED))
    made.rename(place)  # now it has an owner, so no other lab removes it
    return place


def clear_leftovers() -> None:
    """Remove the directories of labs whose process is gone; stop their Postfix, and unmount their file systems."""
    for old in Path("/tmp").glob(PREFIX + "*"):
        if old.is_dir() and old.stat().st_uid == os.getuid() and not _alive(old / _OWNER):
            stop_left_behind(old)
            _unmount_below(old)
            shutil.rmtree(old, ignore_errors=True)


def _unmount_below(place: Path) -> None:
    """Unmount every file system below a directory, the innermost first, also one that is in use."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in reversed([each for each in mounts if each.startswith(f"{place}/")]):
        subprocess.run(["umount", "--lazy", mount], check=False)


def stop_left_behind(place: Path) -> None:
    """End the processes that a dead lab recorded under `place`, if they are still the same processes."""
    for record in (
        *place.glob("*/lab.pid"),
        *place.glob("*/*/lab.pid"),
    ):  # a row of the fault matrix may have several sites
        if _alive(record):
            end_process(int(record.read_text().split()[0]))


def record_process(directory: Path, pid: int) -> None:
    """Record a started process with its start time, so that a reused process id is not taken for it."""
    (directory / "lab.pid").write_text(f"{pid} {_started(pid)}\n")


def end_process(pid: int, patience: float = 10.0) -> None:
    """End one process by its id: SIGTERM, and SIGKILL after `patience` seconds. Returns when it is gone."""
    for signal in (15, 9):
        try:
            os.kill(pid, signal)
        except ProcessLookupError:
            return
        if _gone_within(pid, patience):
            return


def _gone_within(pid: int, patience: float) -> bool:
    try:
        wait_until(lambda: _started(pid) is None, "the process ends", patience)
    except LabError:
        return False
    return True


def _alive(record: Path) -> bool:
    try:
        pid, started = record.read_text().split()
    except (OSError, ValueError):
        return False
    return _started(int(pid)) == started


def _started(pid: int) -> str | None:
    """The kernel's start time of a process; None if it is gone or a zombie."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else rest[18]


def free_port() -> int:
    """A port on loopback that is free now, for TCP and UDP, and that this process has not given out before."""
    while True:
        port = secrets.choice(_PORTS)
        if port in _given:
            continue
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Return as soon as `ready()` is true. Raises LabError, which names `what`, after so many seconds."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LabError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)


def answers(port: int, greets: bool = False) -> bool:
    """True if a program accepts connections on a loopback port; with `greets`, only if it sends something first."""
    with socket.socket() as probe:
        probe.settimeout(2)
        try:
            probe.connect(("127.0.0.1", port))
            return not greets or bool(probe.recv(1))
        except OSError:
            return False


@contextmanager
def a_place() -> Iterator[Path]:
    """A directory for one lab, which is removed at the end."""
    place = make_place()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
