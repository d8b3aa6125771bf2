"""The journal: one canonical line for each message, and one wording for every other event.

Data about people pass `privacy` here, since `log` writes the fields of an event as they are. The journal writes through
`logging`; `log` does the quoting. Each method is one event, so that the wording stays the same.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping

from pydantic import Field

from sekisho.events import mail
from sekisho.evidence import METHODS, Evidence
from sekisho.message import Envelope, Message, Recipient, key_of
from sekisho.privacy import Privacy, PrivacyOptions
from sekisho.verdict import OPT_OUT, Action


class JournalOptions(PrivacyOptions):
    """What a log line may say of a message and of people."""

    recipients: int = Field(
        default=5, ge=0, le=100, description="Recipients named in the line of a message, at most."
    )
    findings: int = Field(
        default=8, ge=1, le=50, description="Findings named in the line of a message, the weightiest first."
    )


class Journal:
    """Writes the lines of the log about messages and the daemon."""

    def __init__(self, options: JournalOptions, privacy: Privacy) -> None:
        self._options = options
        self._privacy = privacy
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
        """Write the line of a judged message. `weights` are the points that counted, by finding id; without them the
        declared points are shown. `seconds` is the time that the judgement took."""
        if not self._log.isEnabledFor(logging.INFO):
            return
        unseen = {each.recipient for each in action.outcomes if each.verdict.decided_by == OPT_OUT}
        if unseen and len(unseen) == len({each.recipient for each in action.outcomes}):
            # All recipients opted out: the line says only that the message came.
            mail.MESSAGE.write(self._log, queue_id=message.envelope.queue_id, **self._judgement(action))
            return
        mail.MESSAGE.write(
            self._log,
            queue_id=message.envelope.queue_id,
            id=action.reference or None,
            digest=message.digest[:16],
            message_key=key_of(message.headers),
            **self._judgement(action),
            **self._people(message.envelope, unseen),
            author_domain=self._private(message.author.domain),
            subject=self._privacy.subject(message.subject),
            **self._client(message.envelope),
            **{method: evidence.result(method) for method in METHODS},
            findings=self._findings(evidence, weights) or None,
            claims=sorted({claim.brand or "?" for claim in evidence.claims}) or None,
            proofs=self._proofs(evidence) or None,
            degraded=evidence.degraded or None,
            size=message.size,
            seconds=round(seconds, 6),
        )

    def error(self, stage: str, error: BaseException, *, queue_id: str | None = None) -> None:
        """A stage failed. The line of the message says which verdict it got."""
        mail.STAGE_FAILED.failed(self._log, error, stage=stage, queue_id=queue_id)

    def store_unavailable(self, error: BaseException, *, queue_id: str | None = None) -> None:
        """The quarantine could not keep a message; Postfix holds it or sends it again."""
        mail.STORE_UNAVAILABLE.failed(self._log, error, queue_id=queue_id)

    def _people(self, envelope: Envelope, unseen: Collection[Recipient]) -> dict[str, object]:
        """Sender and recipients, without recipients that opted out."""
        shown = [each for each in envelope.recipients if not unseen or each not in unseen]
        named = [self._privacy.address(recipient.address) for recipient in shown[: self._options.recipients]]
        return {"sender": self._privacy.address(envelope.sender), "recipients": named or None}

    def _proofs(self, evidence: Evidence) -> list[str]:
        return sorted({self._privacy.words(f"{proof.method}:{proof.domain}") for proof in evidence.proofs})

    def _judgement(self, action: Action) -> dict[str, object]:
        """The strictest verdict, the number of recipients for each `verdict>action`, and the reply to the MTA."""
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
            "decided_by": self._privacy.decided_by(strictest.decided_by),
            "mode": strictest.mode.value,
            "outcomes": done,
            "reply": action.reply.value,
        }

    def _findings(self, evidence: Evidence, weights: Mapping[str, float] | None) -> list[str]:
        points = {
            finding.kind.id: finding.kind.points if weights is None else weights.get(finding.kind.id, 0.0)
            for finding in evidence.findings
        }
        heaviest = sorted(points.items(), key=lambda item: (-item[1], item[0]))
        return [f"{name}:{value:g}" for name, value in heaviest[: self._options.findings]]

    def _client(self, envelope: Envelope) -> dict[str, object]:
        client = envelope.client
        return {
            "client": client.address,
            "client_name": self._private(client.name),
            "helo": self._private(client.helo),
            "authenticated": True if client.user else None,
        }

    def _private(self, name: str | None) -> str | None:
        """A name that the sender chose: it should be a host name, but may be an address."""
        return None if name is None else self._privacy.words(name)
