"""One judgement as data: the JSON of `sekisho check`, and what the quarantine keeps.

Everything that explains a verdict (header, log, store, CLI) is rendered from the same evidence; this is its document
form. Pure: types in, plain data out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.evidence import Evidence, Finding
from sekisho.text import printable
from sekisho.verdict import Action, Outcome

METHODS = ("spf", "dkim", "dmarc", "arc", "iprev")
VERSION = 1  # of the stored document


def document(evidence: Evidence, weights: Mapping[str, float]) -> dict[str, Any]:
    """The evidence with the points it was given: what a decision can be replayed from."""
    return {
        "claims": [
            {
                "brand": each.brand,
                "where": each.where,
                "text": printable(each.text, 200),
                "strength": each.strength,
            }
            for each in evidence.claims
        ],
        "proofs": [
            {
                "domain": each.domain,
                "method": each.method,
                "aligned": each.aligned,
                "brand": each.brand,
                "scope": each.scope,
            }
            for each in evidence.proofs
        ],
        "auth": {method: str(evidence.word(method)) for method in METHODS},
        "findings": [finding(each, weights) for each in evidence.findings],
        "degraded": list(evidence.degraded),
    }


def finding(each: Finding, weights: Mapping[str, float]) -> dict[str, Any]:
    """A finding with its points, its sentences and its facts as they may be printed."""
    return {
        "id": each.kind.id,
        "points": round(weights.get(each.kind.id, each.kind.points), 2),
        "brand": each.brand,
        "reason_en": each.reason_en,
        "reason_ja": each.reason_ja,
        "facts": each.shown(),
    }


def recipient(outcome: Outcome) -> dict[str, Any]:
    return {
        "rcpt": printable(outcome.recipient.address, 320),
        "verdict": outcome.verdict.disposition.word,
        "action": outcome.applied.word,
        "policy": outcome.verdict.policy,
    }


def judgement(
    evidence: Evidence, weights: Mapping[str, float], action: Action, stages: Mapping[str, float]
) -> dict[str, Any]:
    """The contract's object for one message, without `file`."""
    verdict = action.strictest
    assert verdict is not None, "a message is judged by the default rules if it has no recipients"
    thresholds = verdict.thresholds
    return {
        "verdict": verdict.disposition.word,
        "score": verdict.score,
        "thresholds": {
            "tag": thresholds.tag,
            "quarantine": thresholds.quarantine,
            "reject": thresholds.reject,
        },
        "decided_by": verdict.decided_by,
        "mode": str(verdict.mode),
        **document(evidence, weights),
        "recipients": [recipient(each) for each in action.outcomes],
        "stages_ms": {stage: round(seconds * 1000, 3) for stage, seconds in stages.items()},
    }
