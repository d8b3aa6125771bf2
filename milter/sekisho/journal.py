"""The journal: one canonical line per message, and one wording for every other event.

What it says of people follows the privacy options: by default no subject, and no local part of an address,
only a pseudonym in its place. A pseudonym is keyed (HMAC-SHA256) and its key changes with the period. Within
one period the same address has the same pseudonym in every process, across two nothing connects them. With a
key file the pseudonyms outlast a restart, and whoever holds the file can recompute them; without one the key
exists only in memory. Domains, client addresses and host names are shown.

The journal writes through `logging`; `log` does the quoting. Each method is one event, so that wording cannot
drift.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from sekisho.evidence import Evidence
from sekisho.message import Envelope, Message, Recipient, key_of
from sekisho.options import BLANK_IS_UNSET, Options
from sekisho.ports import Clock
from sekisho.verdict import OPT_OUT, Action

METHODS = ("spf", "dkim", "dmarc", "arc", "iprev")
KEY_BYTES = 32
PSEUDONYM = 10
"""Base32 characters of a pseudonym: 50 bits."""


class JournalOptions(Options):
    """What a log line may say of a message and of people."""

    subject: bool = Field(default=False, description="Write the subject into the line of a message.")
    local_parts: bool = Field(
        default=False,
        description="Write addresses in full instead of a pseudonym for what stands before the @.",
    )
    recipients: int = Field(
        default=5, ge=0, le=100, description="Recipients named in the line of a message, at most."
    )
    findings: int = Field(
        default=8, ge=1, le=50, description="Findings named in the line of a message, the weightiest first."
    )
    pseudonym_hours: int = Field(
        default=24, ge=1, le=8760, description="Hours after which the key of the pseudonyms changes."
    )
    key_file: Annotated[Path | None, BLANK_IS_UNSET] = Field(
        default=None,
        description="File with at least 32 secret bytes that makes pseudonyms outlast a restart; "
        "without one the key is in memory only.",
    )

    @field_validator("key_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_absolute():
            raise ValueError("must be an absolute path")
        return value


class KeyFileError(Exception):
    """The key file cannot be used, and why."""


class Pseudonyms:
    """Keyed, rotated names for local parts. Made before the fork, so that all processes agree."""

    def __init__(self, secret: bytes, hours: int, clock: Clock) -> None:
        self._secret = secret
        self._seconds = hours * 3600
        self._clock = clock
        self._key = lru_cache(maxsize=2)(self._derived)

    @classmethod
    def of(cls, options: JournalOptions, clock: Clock) -> Pseudonyms:
        """Raises KeyFileError."""
        secret = read_key(options.key_file) if options.key_file else secrets.token_bytes(KEY_BYTES)
        return cls(secret, options.pseudonym_hours, clock)

    def name(self, address: str) -> str:
        """The pseudonym of an address in this period: `~` and ten characters. The address is compared as
        mail systems in practice do, without regard to case."""
        period = int(self._clock.now().timestamp()) // self._seconds
        digest = hmac.digest(self._key(period), address.lower().encode("utf-8", "surrogatepass"), "sha256")
        # Eight letters from every five bytes, and no more bytes than are shown: the encoder is slow.
        return "~" + base64.b32encode(digest[:PSEUDONYM])[:PSEUDONYM].decode("ascii").lower()

    def _derived(self, period: int) -> bytes:
        return hmac.digest(self._secret, b"sekisho pseudonym %d" % period, "sha256")


def read_key(path: Path) -> bytes:
    """The site's secret from a key file, as 32 bytes. Raises KeyFileError."""
    try:
        secret = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    if len(secret) < KEY_BYTES:
        raise KeyFileError(f"{path}: holds {len(secret)} bytes, {KEY_BYTES} are needed")
    if mode & 0o007:
        raise KeyFileError(f"{path}: others may read it")
    return hashlib.sha256(secret).digest()


class Journal:
    """Writes the lines. Make it before the fork: with a key in memory, all processes must have the same."""

    def __init__(self, options: JournalOptions, clock: Clock) -> None:
        """Raises KeyFileError."""
        self._options = options
        self._pseudonyms = Pseudonyms.of(options, clock)
        self._log = logging.getLogger("sekisho.journal")

    def message(
        self,
        message: Message,
        evidence: Evidence,
        action: Action,
        seconds: float,
        *,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """The line of a judged message. `weights` are the points that counted, by finding id; without them
        the declared ones are shown. `seconds` is how long the judgement took."""
        if not self._log.isEnabledFor(logging.INFO):
            return
        unseen = {each.recipient for each in action.outcomes if each.verdict.decided_by == OPT_OUT}
        if unseen and len(unseen) == len({each.recipient for each in action.outcomes}):
            # Nobody wanted it looked at: that it came is all that is written down.
            self._write(logging.INFO, "message", queue_id=message.envelope.queue_id, **_judgement(action))
            return
        self._write(
            logging.INFO,
            "message",
            queue_id=message.envelope.queue_id,
            id=action.reference or None,
            digest=message.digest[:16],
            message_key=key_of(message.headers),
            **_judgement(action),
            **self._people(message.envelope, unseen),
            author_domain=message.author.domain,
            subject=message.subject if self._options.subject else None,
            **_client(message.envelope),
            **{method: evidence.word(method) for method in METHODS},
            findings=self._findings(evidence, weights) or None,
            claims=sorted({claim.brand or "?" for claim in evidence.claims}) or None,
            proofs=sorted({f"{proof.method}:{proof.domain}" for proof in evidence.proofs}) or None,
            degraded=evidence.degraded or None,
            size=message.size,
            seconds=round(seconds, 6),
        )

    def address(self, address: str | None) -> str | None:
        """An address as the options let it be shown: `<>` the null sender, None if it is not known."""
        if address is None:
            return None
        if not address:
            return "<>"
        if self._options.local_parts:
            return address
        _, at, domain = address.rpartition("@")
        return self._pseudonyms.name(address) + (f"@{domain.lower()}" if at else "")

    def error(self, stage: str, error: BaseException, *, queue_id: str | None = None) -> None:
        """A stage of ours failed: what the message got is in its own line."""
        self._write(logging.ERROR, "error", error, stage=stage, queue_id=queue_id)

    def store_unavailable(self, error: BaseException, *, queue_id: str | None = None) -> None:
        """The quarantine could not keep a message; the fallback holds."""
        self._write(logging.ERROR, "store_unavailable", error, queue_id=queue_id)

    def started(self, version: str, *, workers: int, mode: str, socket: str) -> None:
        self._write(logging.INFO, "started", version=version, workers=workers, mode=mode, socket=socket)

    def stopped(self, reason: str, seconds: float) -> None:
        """The daemon ends; `seconds` is how long the drain took."""
        self._write(logging.INFO, "stopped", reason=reason, seconds=round(seconds, 3))

    def reloaded(self, *, generation: int) -> None:
        """A new configuration is in force."""
        self._write(logging.INFO, "reloaded", generation=generation)

    def reload_failed(self, reason: str) -> None:
        """The new configuration was refused; the old one stays."""
        self._write(logging.ERROR, "reload_failed", reason=reason)

    def worker_started(self, worker: int, pid: int) -> None:
        self._write(logging.INFO, "worker_started", worker=worker, pid=pid)

    def worker_ended(self, worker: int, pid: int, *, cause: str, status: int | None = None) -> None:
        """A worker is gone. `cause` as in the metric `sekisho_worker_restarts_total`, or `drained`."""
        level = logging.INFO if cause == "drained" else logging.ERROR
        self._write(level, "worker_ended", worker=worker, pid=pid, cause=cause, status=status)

    def worker_stuck(self, worker: int, pid: int, *, queue_id: str | None, digest: str | None) -> None:
        """A worker passed the hard deadline with this message and is being killed."""
        self._write(
            logging.ERROR,
            "worker_stuck",
            worker=worker,
            pid=pid,
            queue_id=queue_id,
            digest=digest[:16] if digest else None,
        )

    def _write(self, level: int, event: str, error: BaseException | None = None, /, **fields: object) -> None:
        details = (type(error), error, error.__traceback__) if error is not None else None
        self._log.log(level, event, exc_info=details, extra={"fields": fields})

    def _people(self, envelope: Envelope, unseen: Collection[Recipient]) -> dict[str, object]:
        """Sender and recipients, without those who do not want their mail looked at."""
        shown = [each for each in envelope.recipients if not unseen or each not in unseen]
        named = [self.address(recipient.address) for recipient in shown[: self._options.recipients]]
        return {"sender": self.address(envelope.sender), "recipients": named or None}

    def _findings(self, evidence: Evidence, weights: Mapping[str, float] | None) -> list[str]:
        points = {
            finding.kind.id: finding.kind.points if weights is None else weights.get(finding.kind.id, 0.0)
            for finding in evidence.findings
        }
        heaviest = sorted(points.items(), key=lambda item: (-item[1], item[0]))
        return [f"{name}:{value:g}" for name, value in heaviest[: self._options.findings]]


def _judgement(action: Action) -> dict[str, object]:
    """The strictest verdict, how many recipients got which (verdict>done), and what the MTA heard."""
    strictest = action.strictest
    counts = Counter((each.verdict.disposition, each.applied) for each in action.outcomes)
    done = [
        f"{decided.word}>{applied.word}:{number}" for (decided, applied), number in sorted(counts.items())
    ]
    if strictest is None:
        return {"reply": action.reply.value}
    return {
        "verdict": strictest.disposition.word,
        "score": strictest.score,
        "decided_by": strictest.decided_by,
        "mode": strictest.mode.value,
        "outcomes": done,
        "reply": action.reply.value,
    }


def _client(envelope: Envelope) -> dict[str, object]:
    client = envelope.client
    return {
        "client": client.address,
        "client_name": client.name,
        "helo": client.helo,
        "authenticated": True if client.user else None,
    }
