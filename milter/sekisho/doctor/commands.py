"""The commands that repair something. Each can be typed as it is printed; text after `#` is a comment."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from sekisho.private_files import CONFIG_MODE

UNIT = "sekisho-milter"


@dataclass(frozen=True, slots=True)
class Commands:
    """What the commands need: our configuration file, and the user and group of the daemon."""

    file: Path | None = None
    user: str = "sekisho"
    group: str = "sekisho"

    def sekisho(self, *words: str) -> str:
        """One of our commands, with the configuration that was examined."""
        where = ("--config", str(self.file)) if self.file else ()
        return shlex.join(("sekisho", *words, *where))

    def set(self, key: str, value: object) -> str:
        """The command that writes one option."""
        return self.sekisho("config", "set", key, str(value))

    def directory(self, path: Path, mode: str, group: str | None = None) -> str:
        """The command that makes a directory for the daemon, or corrects its owner and mode."""
        words = ("install", "-d", "-o", self.user, "-g", group or self.group, "-m", mode, str(path))
        return shlex.join(words)

    def config_directory(self, path: Path) -> str:
        """The command that makes a directory of the configuration: root writes it, and the daemon's group reads it."""
        return shlex.join(("install", "-d", "-o", "root", "-g", self.group, "-m", CONFIG_MODE, str(path)))


def both(*commands: str) -> str:
    """The commands in order, each only if the one before succeeds. Empty ones are left out."""
    return " && ".join(filter(None, commands))


def systemctl(verb: str, unit: str = UNIT) -> str:
    """The command that does something to a unit: `restart`, `reload` …"""
    return f"systemctl {verb} {unit}"
