"""What all neighbours have in common: a directory, processes, a socket to wait for."""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.place import LabError
from lab.server import Server, ends

HOST = "mx.lab.invalid"
"""The authserv-id that these programs use if nothing else is said: the host's name."""


@dataclass
class Neighbour:
    """One filter under `place`. `dns` is the address of the name server, which listens on port 53 of an address of
    loopback. `authserv_id` is its name in Authentication-Results."""

    place: Path
    dns: str
    name: str = ""
    authserv_id: str = HOST
    _servers: list[Server] = field(default_factory=list)

    program = ""
    """What must be installed."""
    at = 0
    """Where it inserts its fields: 0 above Postfix's own Received field, 1 below it."""

    @property
    def directory(self) -> Path:
        return self.place / (self.name or type(self).__name__.lower())

    @property
    def socket(self) -> Path:
        return self.directory / "milter.sock"

    @property
    def nameserver(self) -> str:
        return self.dns.rpartition(":")[0]

    def milter(self) -> str:
        """The entry for Postfix's `smtpd_milters`."""
        return f"{{ unix:{self.socket}, default_action=tempfail }}"

    def __enter__(self) -> Neighbour:
        if shutil.which(self.program, path="/usr/sbin:/usr/bin") is None:
            raise LabError(f"{self.program} is not installed")
        self.directory.mkdir(mode=0o777)
        self.directory.chmod(0o777)
        try:
            self.start()
        except BaseException as error:
            self.stop()
            raise LabError(f"{error}\n{ends(self.directory.rglob('*.log'))}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Write the configuration, start, and return when it answers. Raises LabError."""
        raise NotImplementedError

    def run(self, *command: str, private_dns: bool = False, user: str | None = None) -> None:
        """Start one program in the foreground. `private_dns`: it knows only /etc/resolv.conf, so it gets its own."""
        words: Sequence[str] = command
        if private_dns:
            resolv = self.directory / "resolv.conf"
            resolv.write_text(f"nameserver {self.nameserver}\noptions timeout:1 attempts:1\n")
            bind = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
            words = ("unshare", "--mount", "sh", "-c", bind, str(resolv), *command)
        self._servers.append(Server(self.program, self.directory))
        self._servers[-1].start(words, cwd=self.directory, user=user)

    def wait(self, ready: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Return when the program that was started last is ready. Raises LabError."""
        self._servers[-1].wait(ready, what, seconds)

    def wait_for(self, path: Path, seconds: float = 60.0) -> None:
        """Return when something listens on a UNIX socket, and let everybody connect."""
        self.wait(lambda: listens(path), f"{self.program} listens on {path}", seconds)
        path.chmod(0o777)

    def stop(self) -> None:
        """End its processes, the last one first."""
        while self._servers:
            self._servers.pop().stop()


def listens(path: Path) -> bool:
    """True if something accepts connections on a UNIX socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
        return True


def loopback_address() -> str:
    """An address of loopback whose port 53 is most likely free: some programs ask no name server on another port."""
    return f"127.{random.randint(64, 127)}.{random.randint(1, 254)}.{random.randint(1, 254)}"
