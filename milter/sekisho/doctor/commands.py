"""The commands that mends are made of. Each can be typed as it is printed; what follows `#` is for the reader."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

UNIT = "sekisho-milter"


@dataclass(frozen=True, slots=True)
class Commands:
    """How this sekisho is called: with which configuration file, and which user and group the daemon has."""

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
        """The command that makes a directory of the daemon's, or makes it the daemon's again."""
        words = ("install", "-d", "-o", self.user, "-g", group or self.group, "-m", mode, str(path))
        return shlex.join(words)


def both(*commands: str) -> str:
    """One after the other, as long as they succeed."""
    return " && ".join(filter(None, commands))


def systemctl(verb: str, unit: str = UNIT) -> str:
    """The command that does this to the unit."""
    return f"systemctl {verb} {unit}"
