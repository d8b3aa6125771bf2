"""One judgement as data: the JSON of `sekisho check`, and what the quarantine keeps.

Everything that explains a verdict (header, log, store, CLI) is rendered from the same evidence; this is its document
form. Pure: types in, plain data out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sekisho.evidence import Evidence, Finding
from sekisho.results import MethodResult
from sekisho.text import printable
from sekisho.verdict import Action, Outcome, Verdict

METHODS = ("spf", "dkim", "dmarc", "arc", "iprev")
SCHEMA = 1  # grows when a key of the stored document changes its meaning
TEXT = 300  # characters of any hostile text in a document


def document(evidence: Evidence, weights: Mapping[str, float], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What the quarantine keeps of a judgement: evidence, points and outcomes, from which it can be replayed."""
    return {
        "schema": SCHEMA,
        **explained(evidence, weights),
        "results": [result(each) for each in evidence.results],
        "recipients": [{**recipient(each), **_decided(each.verdict)} for each in outcomes],
    }


def explained(evidence: Evidence, weights: Mapping[str, float]) -> dict[str, Any]:
    """Claims, proofs and findings: the part of the contract's object that explains."""
    return {
        "claims": [
            {
                "brand": each.brand,
                "where": each.where,
                "text": printable(each.text, TEXT),
                "strength": each.strength,
            }
            for each in evidence.claims
        ],
        "proofs": [
            {
                "domain": printable(each.domain, TEXT),
                "method": each.method,
                "aligned": each.aligned,
                "brand": each.brand,
                "scope": each.scope,
            }
            for each in evidence.proofs
        ],
        "auth": {method: str(evidence.result(method)) for method in METHODS},
        "findings": [finding(each, weights) for each in evidence.findings],
        "degraded": [printable(reason, TEXT) for reason in evidence.degraded],
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


def result(each: MethodResult) -> dict[str, Any]:
    """One authentication result with its identifier."""
    return {
        "method": each.method,
        "word": str(each.result),
        "domain": None if each.domain is None else printable(each.domain, TEXT),
        "reason": printable(each.reason, TEXT),
        "properties": {name: printable(value, TEXT) for name, value in each.properties},
        "recorded": each.recorded,
    }


def recipient(outcome: Outcome) -> dict[str, Any]:
    return {
        "rcpt": printable(outcome.recipient.address, 320),
        "verdict": outcome.verdict.disposition.word,
        "action": outcome.applied.word,
        "policy": printable(outcome.verdict.policy, TEXT),
    }


def _decided(verdict: Verdict) -> dict[str, Any]:
    """What was decided for one recipient, and by what."""
    thresholds = verdict.thresholds
    return {
        "score": verdict.score,
        "decided_by": printable(verdict.decided_by, TEXT),
        "mode": str(verdict.mode),
        "thresholds": {
            "tag": thresholds.tag,
            "quarantine": thresholds.quarantine,
            "reject": thresholds.reject,
        },
    }


def judgement(
    evidence: Evidence, weights: Mapping[str, float], action: Action, stages: Mapping[str, float]
) -> dict[str, Any]:
    """The contract's object for one message, without `file`."""
    verdict = action.strictest
    assert verdict is not None, "a message is judged by the default rules if it has no recipients"
    return {
        "verdict": verdict.disposition.word,
        **_decided(verdict),
        **explained(evidence, weights),
        "recipients": [recipient(each) for each in action.outcomes],
        "stages_ms": {stage: round(seconds * 1000, 3) for stage, seconds in stages.items()},
    }
