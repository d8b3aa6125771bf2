"""A Postfix configuration for `postmap`, and a clock that a test sets."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sekisho.directory import DirectoryOptions, TableDirectory, Tables
from sekisho.message import Client, Envelope, Message, Recipient, read
from sekisho.site import Site, SiteOptions
from sekisho.vocabulary import BrandWords


@dataclass
class Hand:
    """A clock that stands until a test moves it. Implements `ports.Clock`."""

    at: float = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at


def settle(path: Path, text: str) -> None:
    """Write a file that looks old: Postfix waits until a file that was just changed is two seconds old."""
    path.write_text(text, "utf-8")
    os.utime(path, (1e9, 1e9))


@dataclass
class Scene:
    """Tables as text files, and what they are asked with."""

    place: Path
    clock: Hand = field(default_factory=Hand)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settle(self.place / "main.cf", "compatibility_level = 3.6\nsmtputf8_enable = yes\n")

    def table(self, name: str, *lines: str) -> str:
        path = self.place / name
        settle(path, "".join(f"{line}\n" for line in lines))
        return f"texthash:{path}"

    def options(self, **tables: object) -> DirectoryOptions:
        return DirectoryOptions.model_validate({"timeout": 10.0, "postfix_directory": self.place, **tables})

    def tables(self, **tables: object) -> Tables:
        return Tables(self.options(**tables), self.clock, self.count)

    def directory(self, **tables: object) -> TableDirectory:
        options = self.options(**tables)
        return TableDirectory(options, Tables(options, self.clock, self.count), "+")

    def count(self, use: str, outcome: str, keys: int) -> None:
        self.counts[use, outcome] = self.counts.get((use, outcome), 0) + keys


def mail(*recipients: str, author: str = "a@stranger.example") -> Message:
    envelope = Envelope("a@stranger.example", recipients=tuple(map(Recipient, recipients)), client=Client())
    return read(f"From: {author}\r\nSubject: x\r\n\r\nbody\r\n".encode(), envelope)


def site(**options: object) -> Site:
    return Site.of(SiteOptions.model_validate(options), BrandWords())
