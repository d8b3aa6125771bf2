"""Evidence and verdicts as one JSON document: what an entry remembers of why it is held.

The keys are those of the command line's JSON. Every text is printable: a reader of the document meets no
control character, whatever the message held. `schema` grows when a key changes its meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sekisho.evidence import Claim, Evidence, Finding, Proof, Result
from sekisho.text import printable
from sekisho.verdict import Outcome

SCHEMA = 1
METHODS = ("spf", "dkim", "dmarc", "arc", "iprev")
TEXT = 300


def document(evidence: Evidence, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The evidence and the outcomes as JSON values. Pure."""
    return {
        "schema": SCHEMA,
        "claims": [_claim(claim) for claim in evidence.claims],
        "proofs": [_proof(proof) for proof in evidence.proofs],
        "auth": {method: evidence.word(method).value for method in METHODS},
        "results": [_result(result) for result in evidence.results],
        "findings": [_finding(finding) for finding in evidence.findings],
        "recipients": [_recipient(outcome) for outcome in outcomes],
        "degraded": [printable(reason, TEXT) for reason in evidence.degraded],
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "brand": claim.brand,
        "where": claim.where,
        "text": printable(claim.text, TEXT),
        "strength": claim.strength.value,
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "domain": printable(proof.domain, TEXT),
        "method": proof.method,
        "aligned": proof.aligned,
        "brand": proof.brand,
        "scope": proof.scope,
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "method": result.method,
        "word": result.word.value,
        "domain": None if result.domain is None else printable(result.domain, TEXT),
        "reason": printable(result.reason, TEXT),
        "properties": {name: printable(value, TEXT) for name, value in result.properties},
        "recorded": result.recorded,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.kind.id,
        "points": finding.kind.points,
        "brand": finding.brand,
        "reason_en": finding.reason_en,
        "reason_ja": finding.reason_ja,
        "facts": finding.shown(),
    }


def _recipient(outcome: Outcome) -> dict[str, Any]:
    verdict = outcome.verdict
    return {
        "rcpt": printable(outcome.recipient.address, TEXT),
        "verdict": verdict.disposition.word,
        "action": outcome.applied.word,
        "policy": printable(verdict.policy, TEXT),
        "score": verdict.score,
        "decided_by": printable(verdict.decided_by, TEXT),
        "mode": verdict.mode.value,
        "thresholds": {
            "tag": verdict.thresholds.tag,
            "quarantine": verdict.thresholds.quarantine,
            "reject": verdict.thresholds.reject,
        },
    }
