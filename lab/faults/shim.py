"""The shim between a process and the C library (`shim.c`): the calls that it recorded, and the rules that it follows.

`Shim` compiles it into a directory, and gives the environment for the watched process. A running process reads the
rules from a file; each process counts its calls from the time when it has read them.
"""

from __future__ import annotations

import errno
import os
import struct
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.place import LabError

SOURCE = Path(__file__).with_name("shim.c")
_HEAD = struct.Struct("<IIQQII")
EVERY = "open,write,size,sync,unlink,rename"


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens at some calls on files whose name ends in `name`: from the `first` to the `last` one (0: no end),
    counted by each process. It is an errno (`fail`), a pause in milliseconds (`wait`), or SIGKILL before (0) or after
    (1) the call (`kill`). If `calls` is `bytes`, written bytes are counted instead."""

    calls: str
    kind: str
    value: int
    name: str = "*"
    first: int = 1
    last: int = 0

    def __str__(self) -> str:
        return f"{self.calls} {self.name} {self.first} {self.last} {self.kind} {self.value}\n"


def io_error(calls: str, name: str = "*", first: int = 1, last: int = 0) -> Rule:
    return Rule(calls, "fail", errno.EIO, name, first, last)


def full(after: int = 0) -> Rule:
    """The disk is full after so many bytes more."""
    return Rule("bytes", "fail", errno.ENOSPC, first=after + 1)


def read_only() -> Rule:
    """A file system that the kernel turned read-only after an error."""
    return Rule("open,write,size,unlink,rename", "fail", errno.EROFS)


def slow(milliseconds: int) -> Rule:
    return Rule("sync", "wait", milliseconds)


def kill(calls: str, name: str = "*", nth: int = 1, *, after: bool = False) -> Rule:
    """SIGKILL at the nth call; only one process dies."""
    return Rule(calls, "kill", int(after), name, nth, nth)


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded call. `kind`: C create, W write, T set size, A at least that size, S sync, F failed sync,
    D directory synced, U unlink, R rename. `data` of a rename is the new name; `offset` of T and A the size."""

    kind: str
    pid: int
    inode: int
    offset: int
    name: str
    data: bytes


def calls(trace: Path) -> Iterator[Call]:
    """The recorded calls, in order. Raises struct.error if the trace is damaged."""
    data = trace.read_bytes()
    at = 0
    while at < len(data):
        kind, pid, inode, offset, names, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        name = data[at : at + names].decode()
        at += names
        yield Call(chr(kind), pid, inode, offset, name, data[at : at + length])
        at += length


class Shim:
    """Watches the calls on files below `directory`. Its own files are in `place`. The user of the watched process must
    be able to read them and, for kill rules and the trace, to write them."""

    def __init__(self, place: Path, directory: Path) -> None:
        """Raises LabError if it cannot be compiled."""
        place.mkdir(exist_ok=True)
        place.chmod(0o777)
        self.directory = directory
        self.library = place / "shim.so"
        self.trace = place / "trace"
        self._control = place / "control"
        if not self.library.exists():
            _compile(self.library)

    def environment(self, *, record: bool = False, inject: bool = True) -> Mapping[str, str]:
        """What must be added to the environment of the watched process."""
        found = {"LD_PRELOAD": str(self.library), "SHIM_DIRECTORY": str(self.directory)}
        if record:
            found["SHIM_TRACE"] = str(self.trace)
        if inject:
            found["SHIM_CONTROL"] = str(self._control)
        return found

    def follow(self, *rules: Rule) -> None:
        """Follow these rules from the next call on. Without rules, everything works again."""
        if not rules:
            self._control.unlink(missing_ok=True)
            return
        new = self._control.with_suffix(".new")
        new.write_text("".join(map(str, rules)))
        new.chmod(0o644)
        new.replace(self._control)

    @property
    def following(self) -> bool:
        """True if there are rules. A rule that has killed a process has removed them."""
        return self._control.exists()


def _compile(library: Path) -> None:
    command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
    done: Any = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    if done.returncode:
        raise LabError(f"the shim does not compile:\n{done.stderr}")
