"""What all neighbours have in common: a directory, processes, a socket to wait for."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.place import LabError, end_process, record_process, wait_until

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
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

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
            raise LabError(f"{error}\n{self.last_words()}") from error
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
        with (self.directory / "stderr").open("ab") as out:
            process = subprocess.Popen(
                words, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=out, stderr=out, user=user
            )
        self._processes.append(process)
        record_process(self.directory, process.pid)

    def wait_for(self, path: Path, seconds: float = 60.0) -> None:
        """Return when something listens on a UNIX socket, and let everybody connect."""
        wait_until(lambda: self._lives() and listens(path), f"{self.program} listens on {path}", seconds)
        path.chmod(0o777)

    def _lives(self) -> bool:
        for each in self._processes:
            if each.poll() is not None:
                raise LabError(f"{self.program} ended with {each.returncode}")
        return True

    def stop(self) -> None:
        """End its processes, the last one first."""
        while self._processes:
            process = self._processes.pop()
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                end_process(process.pid)
                process.wait()

    def last_words(self) -> str:
        """The end of what it printed or logged."""
        logs = [
            each for each in (self.directory / "stderr", *self.directory.rglob("*.log")) if each.is_file()
        ]
        return "\n".join("\n".join(each.read_text(errors="replace").splitlines()[-15:]) for each in logs)


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
