"""What the store's tests have in common: messages to hold, and a clock that can be set."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sekisho.evidence import Claim, Evidence, Finding, FindingKind, Proof
from sekisho.message import Author, Client, Envelope, Headers, Message, Recipient
from sekisho.ports import Uptime
from sekisho.results import AuthResult, MethodResult
from sekisho.store.quarantine import Quarantine
from sekisho.verdict import Disposition, Outcome, Thresholds, Verdict

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KIND = FindingKind("brand.display_name", 6.0, "claims {brand}", "{brand}を名乗る")
EVIDENCE = Evidence(
    results=(MethodResult("spf", AuthResult.PASS, "jyaqfmf.cn"),),
    claims=(Claim("eki-net", "display_name", "えきねっと"),),
    proofs=(Proof("jyaqfmf.cn", "spf", True),),
    findings=(Finding(KIND, {"brand": "えきねっと"}, "eki-net"),),
)


class SetClock:
    """A clock that stands still until it is moved. The machine is up since a day before it begins."""

    def __init__(self, now: datetime = START) -> None:
        self.time = now
        self._boot = 1
        self._up = timedelta(days=1)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return time.monotonic()

    def uptime(self) -> Uptime:
        return Uptime(f"boot-{self._boot}", self._up.total_seconds())

    def pass_by(self, **span: float) -> None:
        self.time += timedelta(**span)
        self._up += timedelta(**span)

    def jump(self, **span: float) -> None:
        """The wall clock is set; no time passes."""
        self.time += timedelta(**span)

    def restart(self, **span: float) -> None:
        """The machine is off for so long, by its clock."""
        self.time += timedelta(**span)
        self._boot += 1
        self._up = timedelta(minutes=1)


def message(
    raw: bytes = b"Subject: x\r\n\r\nbody\r\n", sender: str | None = "a@sender.example", **envelope: object
) -> Message:
    client = Client("192.0.2.7", "mx.sender.example", "ok", "mx.sender.example", 4711, "TLSv1.3", None)
    return Message(
        raw=raw,
        body_start=raw.find(b"\r\n\r\n") + 4,
        digest=hashlib.sha256(raw).hexdigest(),
        envelope=Envelope(sender=sender, raw_sender=sender, client=client, arrived=START, **envelope),  # type: ignore[arg-type]
        headers=Headers(),
        author=Author(text="えきねっと <a@sender.example>"),
        subject="【重要】",
    )


def outcomes(
    *addresses: str, disposition: Disposition = Disposition.QUARANTINE, score: float = 12.5
) -> tuple[Outcome, ...]:
    verdict = Verdict(disposition, score, "points", Thresholds())
    return tuple(
        Outcome(Recipient(address, f"<{address}>", ("NOTIFY=NEVER",)), verdict, disposition)
        for address in addresses
    )


def hold(store: Quarantine, raw: bytes, to: Sequence[str], sender: str | None = "a@sender.example") -> str:
    return store.hold(message(raw, sender), {}, outcomes(*to))
