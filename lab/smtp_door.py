"""Postfix with the SMTP door, set up as docs/smtp.md prints it, and a sink behind."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass

from lab.cases import Lab
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


def services(position: str, postfix: Postfix, sekisho: Sekisho) -> str:
    """The same with the ports of this Postfix and this daemon."""
    text = printed(position).replace("10024", str(sekisho.smtp_port)).replace("10025", str(sekisho.next_hop))
    return re.sub(r"(?m)^smtp +inet", f"127.0.0.1:{postfix.port} inet", text)


@dataclass
class DoorLab(Lab):
    """The lab with the SMTP door in the place of the milter."""

    position: str = AFTER
    name: str = "door"

    def __enter__(self) -> DoorLab:
        with ExitStack() as stack:
            self.dns = stack.enter_context(DnsServer())
            self.sink = stack.enter_context(Sink())
            settings = merged({"smtp": {"position": self.position}, "wire": {"workers": 2}}, self.settings)
            self.sekisho = stack.enter_context(
                Sekisho(self.place, self.dns.address, settings, name=self.name, next_hop=free_port())
            )
            postfix = Postfix(
                self.place, self.sink.port, (), self.postfix_settings, name=f"postfix-{self.name}"
            )
            postfix.master = services(self.position, postfix, self.sekisho)
            self.postfix = stack.enter_context(postfix)
            self._stack = stack.pop_all()
        return self
