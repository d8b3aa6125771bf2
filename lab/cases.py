"""Cases through the whole lab: each is sent from its own client address, with its own DNS, and its verdict is read.

Nothing is judged here, and file names have no meaning: the verdict is what sekisho logged, delivered, held or refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.dns import DnsServer
from lab.place import LabError
from lab.postfix import Postfix
from lab.sekisho import Sekisho, read_toml
from lab.sender import Sent, Session
from lab.sink import Delivery, Sink
from sekisho.cases import Case, CaseError, load
from sekisho.explain import Bilingual
from sekisho.explain.timeline import Sentences

OF_THE_LAB = {
    "wire": ("socket", "socket_mode"),
    "dns": ("servers", "cache_size", "negative_ttl"),
    "store": ("url", "password_file"),
    "metrics": ("listen", "directory"),
    "log": ("target", "format"),
    "release": ("host", "port"),
    "smtp": ("listen", "next_hop"),
}
"""Options that a folder of cases cannot set: the lab listens, stores and asks in places of its own."""
FALLBACK = "postmaster@lab.invalid"  # SMTP needs a recipient where the case names none


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one case. `line` is sekisho's log line; None if the message did not reach it."""

    case: Case
    sent: Sent
    line: dict[str, Any] | None = None
    deliveries: tuple[Delivery, ...] = ()
    held: tuple[dict[str, Any], ...] = ()

    @property
    def verdict(self) -> str | None:
        return None if self.line is None else str(self.line["verdict"])

    @property
    def score(self) -> float:
        return float(self.line["score"]) if self.line else 0.0

    @property
    def findings(self) -> dict[str, float]:
        """Points by finding id, as logged."""
        pairs = (each.rsplit(":", 1) for each in (self.line or {}).get("findings", ()))
        return {name: float(points) for name, points in pairs}

    @property
    def sentences(self) -> Sentences:
        """The sentences of the findings of a held message. What was delivered or refused has no record of ours."""
        found = self.held[0]["evidence"].get("findings", ()) if self.held else ()
        return {each["id"]: Bilingual(each["reason_en"], each["reason_ja"]) for each in found}


@dataclass
class Lab:
    """Postfix, sekisho, DNS and sink together in one place; a context manager."""

    place: Path
    settings: dict[str, Any] = field(default_factory=dict)
    postfix_settings: dict[str, str] = field(default_factory=dict)
    sink_folder: bool = True
    released_port: int = 0
    socket_group: str = ""
    default_action: str = "tempfail"
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Lab:
        with ExitStack() as stack:
            self.dns = stack.enter_context(DnsServer())
            self.sink = stack.enter_context(Sink(self.place / "sink" if self.sink_folder else None))
            self.sekisho = stack.enter_context(
                Sekisho(self.place, self.dns.address, self.settings, socket_group=self.socket_group)
            )
            self.postfix = stack.enter_context(
                Postfix(
                    self.place,
                    self.sink.port,
                    [self.sekisho.milter(self.default_action)],
                    self.postfix_settings,
                    released_port=self.released_port,
                )
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def send(self, case: Case) -> Outcome:
        """Send one case. Returns after it was judged, and delivered if it is not held or refused."""
        self.dns.serve(case.dns)
        offset = self.sekisho.log.stat().st_size
        recipients = [each.address for each in case.envelope.recipients] or [FALLBACK]
        with Session(self.postfix.port, case.envelope.client) as session:
            sent = session.mail(case.envelope.sender, recipients, smtp_lines(case.raw))
        if not sent.judged:
            return Outcome(case, sent)
        line = self.sekisho.judged(offset)
        deliveries: tuple[Delivery, ...] = ()
        if line["reply"] == "accept":
            self.postfix.wait_empty()
            deliveries = self.sink.of(str(line.get("queue_id")))
        return Outcome(case, sent, line, deliveries, tuple(self._held(line)))

    def _held(self, line: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The record of the message in the quarantine, if there is one."""
        if line["reply"] == "discard" or any(">quarantine:" in each for each in line.get("outcomes", ())):
            yield json.loads(self.sekisho.cli("quarantine", "show", str(line["id"]), "--format", "json"))


def smtp_lines(raw: bytes) -> bytes:
    """The message with CRLF line ends for SMTP; files often have LF."""
    return re.sub(rb"\r\n|\r(?!\n)|\n", b"\r\n", raw)


def find(folder: Path) -> list[Case]:
    """Every case below a folder, or the case of one file, sorted by path. Raises LabError."""
    files = [folder] if folder.is_file() else sorted(folder.rglob("*.eml"))
    if not files:
        raise LabError(f"no .eml file under {folder}")
    try:
        return [load(file) for file in files]
    except CaseError as error:
        raise LabError(str(error)) from error


def settings_of(folder: Path) -> dict[str, Any]:
    """The configuration of a folder of cases (`sekisho.toml`), without the places that the lab chooses itself; empty if
    it has none. The file may be that of a real site."""
    own = folder / "sekisho.toml"
    found = read_toml(own) if own.is_file() else {}
    kept = {}
    for name, value in found.items():
        of_lab = OF_THE_LAB.get(name, ())
        table = isinstance(value, dict)
        kept[name] = {key: each for key, each in value.items() if key not in of_lab} if table else value
    return kept
