"""The answers of `review` as JSON values. The keys are those of the API; text of a message is one printable line."""

from __future__ import annotations

from typing import Any

from sekisho.explain import accused
from sekisho.held import Entry, Operation
from sekisho.release import ReleaseResult
from sekisho.text import printable

MAX_TEXT_CHARS = 300  # of a text that comes from a message
MAX_ADDRESS_CHARS = 320
MAX_NOTE_CHARS = 500


def entry_document(entry: Entry) -> dict[str, Any]:
    """A held message without its evidence."""
    return {
        "id": entry.id,
        "held_at": entry.held_at.isoformat(),
        "last_seen": entry.last_seen.isoformat(),
        "repeats": entry.repeats,
        "digest": entry.digest,
        "size": entry.size,
        "verdict": entry.verdict,
        "score": entry.score,
        "decided_by": entry.decided_by,
        "brand": brand_of(entry),
        "findings": findings_of(entry),
        "proven": sorted({each["domain"] for each in entry.document.get("proofs", ())}),
        "author": printable(entry.author, MAX_TEXT_CHARS),
        "subject": printable(entry.subject, MAX_TEXT_CHARS),
        "envelope_from": printable(entry.envelope.sender or "", MAX_ADDRESS_CHARS),
        "queue_id": entry.envelope.queue_id,
        "client": entry.envelope.client.address,
        "recipients": [
            {"rcpt": printable(copy.recipient.address, MAX_ADDRESS_CHARS), "state": copy.state.value}
            for copy in entry.copies
        ],
    }


def brand_of(entry: Entry) -> str | None:
    """The brand in whose name the message comes: the one that it speaks as, else the first that it poses as."""
    identity = entry.document.get("identity")
    if identity and identity["brand"]:
        return printable(identity["brand"], MAX_TEXT_CHARS)
    posed = accused(entry.document.get("findings", ()))
    return printable(posed[0], MAX_TEXT_CHARS) if posed else None


def findings_of(entry: Entry) -> list[str]:
    """The ids of the findings, the most points first."""
    points: dict[str, float] = {}
    for each in entry.document.get("findings", ()):
        points[each["id"]] = max(each["points"], points.get(each["id"], each["points"]))
    return sorted(points, key=lambda name: (-points[name], name))


def judgement_of(entry: Entry) -> dict[str, Any]:
    """The evidence of a held message with the verdict on it, for `explain.explanation_of`. The thresholds are those of
    the first recipient that has the strictest verdict."""
    decided = [each for each in entry.document.get("recipients", ()) if each["verdict"] == entry.verdict]
    return {
        "file": entry.id,
        "verdict": entry.verdict,
        "score": entry.score,
        "decided_by": entry.decided_by,
        "thresholds": decided[0]["thresholds"] if decided else None,
        **entry.document,
    }


def release_document(done: ReleaseResult) -> dict[str, Any]:
    """The result for one copy that was to be released."""
    return {
        "id": done.entry,
        "rcpt": printable(done.recipient, MAX_ADDRESS_CHARS),
        "state": done.state.value,
        "reply": done.text,
    }


def operation_document(done: Operation) -> dict[str, Any]:
    """A line of the audit."""
    return {
        "at": done.at.isoformat() if done.at else None,
        "who": printable(done.who, MAX_TEXT_CHARS),
        "operation": done.operation,
        "result": done.result,
        "id": done.entry,
        "copy": done.copy,
        "reason": done.reason,
        "note": printable(done.note, MAX_NOTE_CHARS),
    }
