"""Postfix with the SMTP door, set up as docs/smtp.md prints it, and a sink behind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.dns import DnsServer
from lab.place import free_port
from lab.postfix import Postfix
from lab.program import ROOT
from lab.sekisho import Sekisho, merged
from lab.sink import Sink

AFTER, BEFORE = POSITIONS = ("after-queue", "before-queue")


def printed(position: str) -> str:
    """The services of master.cf in the page, for one position."""
    found = re.search(rf"(?ms)^```{position}\n(.*?)^```$", (ROOT / "docs/smtp.md").read_text("utf-8"))
    assert found is not None, f"docs/smtp.md shows no {position}"
    return found[1]


@dataclass
class DoorLab:
    """A context manager: name server, sink, daemon and Postfix. `settings` are groups of the daemon's configuration."""

    place: Path
    position: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = "door"
    postfix_settings: Mapping[str, str] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.dns = DnsServer()
        self.sink = Sink()
        reinjection = free_port()
        self.sekisho = Sekisho(
            self.place,
            self.dns.address,
            merged({"smtp": {"position": self.position}, "wire": {"workers": 2}}, self.settings),
            name=self.name,
            next_hop=reinjection,
        )
        self.postfix = Postfix(
            self.place, self.sink.port, (), self.postfix_settings, name=f"postfix-{self.name}"
        )
        services = printed(self.position).replace("10024", str(self.sekisho.smtp_port))
        services = services.replace("10025", str(reinjection))
        self.postfix.master = re.sub(r"(?m)^smtp +inet", f"127.0.0.1:{self.postfix.port} inet", services)

    def __enter__(self) -> DoorLab:
        with ExitStack() as stack:
            for each in (self.dns, self.sink, self.sekisho, self.postfix):
                stack.enter_context(each)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
