"""Postfix's settings as `postconf` prints them: main.cf with defaults, and the services of master.cf with their own
settings. They are only read. Another configuration directory than the default can be given (`postconf -c`)."""

from __future__ import annotations

import grp
import pwd
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_TIMEOUT_SECONDS = 30
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}  # in seconds


class PostfixUnreadable(Exception):
    """postconf is not installed, or failed."""


@dataclass(frozen=True, slots=True)
class Service:
    """A line of master.cf. `chroot` is the effective value, with the default taken into account."""

    name: str
    kind: str
    chroot: bool
    command: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name and type as `postconf -P` takes them: `smtp/inet`."""
        return f"{self.name}/{self.kind}"


@dataclass(frozen=True, slots=True)
class Milter:
    """An entry of smtpd_milters: where it listens, and its own settings."""

    place: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Postfix:
    """The settings of one instance of Postfix."""

    main: Mapping[str, str]
    services: tuple[Service, ...] = ()
    directory: Path | None = None

    @classmethod
    def read(cls, directory: Path | None) -> Postfix:
        """Read the settings of a configuration directory (None: the default). Raises PostfixUnreadable."""
        main = dict(_pairs(_postconf(directory, "-x")))
        settings: dict[str, dict[str, str]] = {}
        for name, value in _pairs(_postconf(directory, "-P", "-x")):
            service, _, key = name.rpartition("/")
            settings.setdefault(service, {})[key] = value
        services = tuple(
            _service(line, settings, main) for line in _postconf(directory, "-M").splitlines() if line.strip()
        )
        return cls(main, services, directory)

    def get(self, name: str, service: Service | None = None) -> str:
        """A setting; the value of the service if it has its own. Empty if this Postfix does not know the setting."""
        own = service.settings.get(name) if service else None
        return self.main.get(name, "") if own is None else own

    def group(self) -> str:
        """The name of the group of Postfix's user; `postfix` if that user is unknown."""
        try:
            return grp.getgrgid(pwd.getpwnam(self.get("mail_owner") or "postfix").pw_gid).gr_name
        except KeyError:
            return "postfix"

    def seconds(self, name: str) -> float:
        """A setting that is a time, in seconds."""
        return seconds(self.get(name))

    def smtpd(self) -> tuple[Service, ...]:
        """The services that accept mail by SMTP."""
        return tuple(
            each for each in self.services if each.kind in ("inet", "pass") and each.command == "smtpd"
        )

    def postconf(self, *words: str) -> str:
        """The command that changes a setting of this instance."""
        where = ("-c", str(self.directory)) if self.directory else ()
        return shlex.join(("postconf", *where, *words))

    def set(self, name: str, value: str) -> str:
        """The commands that set a parameter and reload Postfix."""
        return f"{self.postconf('-e', f'{name} = {value}')} && {self.reload()}"

    def reload(self) -> str:
        """The command that reloads Postfix."""
        where = ("-c", str(self.directory)) if self.directory else ()
        return shlex.join(("postfix", *where, "reload"))


def _postconf(directory: Path | None, *options: str) -> str:
    program = shutil.which("postconf", path="/usr/sbin:/usr/bin:/usr/local/sbin:/sbin")
    if program is None:
        raise PostfixUnreadable("postconf is not installed here")
    where = ("-c", str(directory)) if directory else ()
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [program, *where, *options], capture_output=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PostfixUnreadable(str(error)) from error
    if done.returncode:
        raise PostfixUnreadable(done.stderr.decode("utf-8", "replace").strip()[:300])
    return done.stdout.decode("utf-8", "replace")


def _pairs(text: str) -> list[tuple[str, str]]:
    found = []
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            found.append((name.strip(), value.strip()))
    return found


def _service(line: str, settings: Mapping[str, Mapping[str, str]], main: Mapping[str, str]) -> Service:
    """`name type private unpriv chroot wakeup maxproc command…`"""
    words = line.split()
    default = not _at_least(main.get("compatibility_level", "0"), 1)
    chroot = {"y": True, "n": False}.get(words[4], default)
    return Service(words[0], words[1], chroot, words[7], settings.get(f"{words[0]}/{words[1]}", {}))


def _at_least(level: str, wanted: int) -> bool:
    match = re.match(r"\d+", level)
    return match is not None and int(match[0]) >= wanted


def seconds(value: str) -> float:
    """`300s`, `5m` or `300` in seconds; 0 if the value is no time."""
    match = re.fullmatch(r"(\d+)\s*([smhdw]?)", value.strip())
    return float(int(match[1]) * _UNITS[match[2] or "s"]) if match else 0.0


def milters(value: str) -> tuple[Milter, ...]:
    """The entries of smtpd_milters, separated by commas or white space. An entry with settings is in braces:
    `{ place, name=value, … }`."""
    found = []
    for match in re.finditer(r"\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}|([^\s,{}]+)", value):
        if match[2]:
            found.append(Milter(match[2]))
            continue
        words = [word for word in re.split(r"[\s,]+", "=".join(map(str.strip, match[1].split("=")))) if word]
        pairs = (word.partition("=") for word in words[1:])
        found.append(Milter(words[0] if words else "", {name: text for name, _, text in pairs}))
    return tuple(found)
