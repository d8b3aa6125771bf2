"""The real daemon, `sekisho serve`, run by an unprivileged user in directories of its own under the lab's directory."""

from __future__ import annotations

import grp
import http.client
import json
import os
import pwd
import subprocess
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.place import LabError, free_port, wait_until
from lab.program import USER, Program, as_user, program
from lab.server import Server

_START_SECONDS = 60.0
_STOP_SECONDS = 45.0  # the daemon's own drain may take 30


@dataclass
class Sekisho:
    """One daemon. `settings` are groups of options that change the lab's own, as nested dicts. `environment` is added
    to its environment. `wrap` is put before its command, and must become that command by exec. `hook` is a directory
    whose `sitecustomize.py` Python runs first. With a `next_hop` (a loopback port) it is the SMTP door on `smtp_port`.
    Only the `socket_group` may connect to the milter socket; without one, everybody may.
    """

    place: Path
    dns: str = "127.0.0.1:9"
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = "sekisho"
    metrics_port: int = field(default_factory=free_port)
    program: Program | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    wrap: tuple[str, ...] = ()
    stderr: int | None = None
    """A descriptor for standard error; if None, it goes to a file beside the log."""
    hook: Path | None = None
    next_hop: int = 0
    smtp_port: int = field(default_factory=free_port)
    socket_group: str = ""

    def __post_init__(self) -> None:
        self._server = Server("sekisho", self.directory, (self.log,), _STOP_SECONDS)

    @property
    def directory(self) -> Path:
        return self.place / self.name

    @property
    def socket(self) -> Path:
        return self.directory / "milter.sock"

    @property
    def config(self) -> Path:
        return self.directory / "sekisho.toml"

    @property
    def log(self) -> Path:
        return self.directory / "sekisho.log"

    @property
    def store(self) -> Path:
        return self.directory / "quarantine.db"

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.metrics_port}/metrics"

    @property
    def pid(self) -> int:
        return self._server.pid

    @property
    def running(self) -> bool:
        return self._server.running

    def milter(self, default_action: str = "tempfail", **settings: str) -> str:
        """The entry for Postfix's `smtpd_milters`."""
        extra = "".join(f", {key}={value}" for key, value in settings.items())
        return f"{{ unix:{self.socket}, default_action={default_action}{extra} }}"

    def __enter__(self) -> Sekisho:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def configure(self, settings: Mapping[str, Any] | None = None) -> None:
        """Write the configuration, with other `settings` if given. A running daemon is not reloaded."""
        if settings is not None:
            self.settings = settings
        self.directory.mkdir(mode=0o755, exist_ok=True)
        account = pwd.getpwnam(USER)
        group = grp.getgrnam(self.socket_group).gr_gid if self.socket_group else account.pw_gid
        os.chown(self.directory, account.pw_uid, group)
        if self.socket_group:
            self.directory.chmod(0o2755)  # the socket gets the group of its directory
        self.config.write_text(to_toml(merged(self._own(), self.settings)), encoding="utf-8")

    def _own(self) -> dict[str, Any]:
        return {
            "mode": "enforce",
            "authserv_id": "mx.lab.invalid",
            "wire": {"socket": f"unix:{self.socket}", "socket_mode": "0660" if self.socket_group else "0666"},
            # Nothing of one case's DNS may be remembered in the next.
            "dns": {"servers": [self.dns], "cache_size": 0, "negative_ttl": 0.0},
            "store": {"url": f"sqlite:///{self.store}"},
            "metrics": {
                "listen": f"127.0.0.1:{self.metrics_port}",
                "directory": str(self.directory / "metrics"),
            },
            "log": {"target": str(self.log), "format": "json"},
            "journal": {"findings": 50, "recipients": 100},
            **self._door(),
        }

    def _door(self) -> dict[str, Any]:
        if not self.next_hop:
            return {}
        return {
            "smtp": {
                "listen": f"127.0.0.1:{self.smtp_port}",
                "next_hop": f"127.0.0.1:{self.next_hop}",
            }
        }

    def start(self, until: str = "readyz") -> None:
        """Start, and return when the daemon is ready for mail (`readyz`), or when it is alive (`healthz`). Raises
        LabError with the daemon's last words."""
        self.program = self.program or program(self.place)
        self.configure()
        door = ("--smtp",) if self.next_hop else ()
        self._server.start(
            [*self.wrap, *self.program.command("serve", *door, "--config", str(self.config))],
            env=self._environment(self.program),
            cwd=self.directory,
            # Ctrl-C at the terminal must reach only the lab, which then stops the daemon normally.
            start_new_session=True,
            **as_user(),
            **({} if self.stderr is None else {"stderr": self.stderr}),
        )
        self._server.wait(
            lambda: self.health(until) == 200, f"sekisho answers /{until} with 200", _START_SECONDS
        )

    def _environment(self, program: Program) -> dict[str, str]:
        found = {**program.environment, **self.environment}
        if self.hook is not None:
            found["PYTHONPATH"] = os.pathsep.join((str(self.hook), found["PYTHONPATH"]))
        return found

    def health(self, endpoint: str) -> int:
        """The HTTP status of an endpoint of the metrics port; 0 if there is no answer."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.metrics_port}/{endpoint}", timeout=2
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except (OSError, http.client.HTTPException):  # another program may have taken the port
            return 0

    def stop(self) -> int | None:
        """End the daemon; returns its exit status, or None if it was not running."""
        return self._server.stop()

    def kill(self) -> None:
        """End the supervisor by SIGKILL. Its children notice it and end."""
        self._server.kill()

    def last_words(self) -> str:
        """The end of the log and of standard error."""
        return self._server.last_words()

    def metrics(self) -> str:
        """The metrics page."""
        with urllib.request.urlopen(self.metrics_url, timeout=5) as answer:
            text: bytes = answer.read()
        return text.decode()

    def lines(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The log's records from a byte offset on, and the offset after them. A half-written line is left for the next
        call."""
        with self.log.open("rb") as stream:
            stream.seek(offset)
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()], offset + len(whole)

    def judged(self, offset: int, seconds: float = 60.0) -> dict[str, Any]:
        """The log line of the first message that was judged after the log had `offset` bytes. Waits for it, so many
        seconds at most."""
        wait_until(lambda: bool(_messages(self.lines(offset)[0])), "sekisho logs the message", seconds)
        return _messages(self.lines(offset)[0])[0]

    def cli(self, *words: str) -> str:
        """What a `sekisho` command prints when it runs with this daemon's configuration and user."""
        return self.cli_bytes(*words).decode()

    def cli_bytes(self, *words: str) -> bytes:
        """The same as bytes. Raises LabError if the command fails."""
        done = self.command(*words)
        if done.returncode:
            raise LabError(f"sekisho {' '.join(words)}: {done.stderr.decode().strip() or done.returncode}")
        return bytes(done.stdout)

    def command(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run a `sekisho` command; returns it when it has ended, with any exit status."""
        assert self.program, "the daemon was never started"
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            self.program.command(*words, "--config", str(self.config)),
            env=self.program.environment,
            cwd=self.directory,
            capture_output=True,
            check=False,
            **as_user(),  # type: ignore[call-overload]
        )
        return done

    def quarantine(self) -> list[dict[str, Any]]:
        """The entries of the quarantine, newest first."""
        entries: list[dict[str, Any]] = json.loads(self.cli("quarantine", "list", "--format", "json"))
        return entries


def _messages(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line.get("event") == "message"]


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two configurations merged group by group; `over` wins."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = (
            merged(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
        )
    return result


def read_toml(path: Path) -> dict[str, Any]:
    """A configuration file as nested dicts. Raises LabError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(f"{path}: {error}") from error


def to_toml(values: Mapping[str, Any], table: str = "") -> str:
    """Nested dicts of strings, numbers, booleans and lists of them, as TOML."""
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    text = "".join(
        f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in plain.items()
    )
    for key, value in values.items():
        if isinstance(value, Mapping):
            name = f"{table}.{json.dumps(key)}" if table else json.dumps(key)
            text += f"\n[{name}]\n{to_toml(value, name)}"
    return text
