"""One judgement as JSON values: the object of `sekisho check`, and what the quarantine keeps.

Header, log, store and command line are made from the same evidence; this is its form as a document. Pure: types in,
plain data out. A text from a message is one printable line of bounded length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sekisho.brands import Brand, BrandIndex
from sekisho.evidence import METHODS, Evidence, Finding, NamedIdentity
from sekisho.results import MethodResult
from sekisho.text import printable
from sekisho.verdict import Action, Outcome, Verdict

SCHEMA = 1  # grows when a key of the stored document changes its meaning
MAX_TEXT_CHARS = 300  # of a text that comes from a message
MAX_ADDRESS_CHARS = 320
MAX_DOMAINS = 5  # of a brand


def stored_document(
    evidence: Evidence, weights: Mapping[str, float], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """What the quarantine keeps of a judgement: evidence, points and outcomes, so that the policy can judge it again.
    `weights` are points by finding id."""
    return {
        "schema": SCHEMA,
        **_explained(evidence, weights),
        "results": [_result(each) for each in evidence.results],
        "recipients": [{**_recipient(each), **_decided(each.verdict)} for each in outcomes],
    }


def judgement_document(
    evidence: Evidence, weights: Mapping[str, float], action: Action, stages: Mapping[str, float]
) -> dict[str, Any]:
    """The object of `sekisho check --format json` for one message, without `file`. `weights` are points by finding id,
    `stages` seconds by stage (in the object: milliseconds)."""
    verdict = action.strictest
    assert verdict is not None, "a message is judged by the default rules if it has no recipients"
    return {
        "verdict": verdict.disposition.word,
        **_decided(verdict),
        **_explained(evidence, weights),
        "recipients": [_recipient(each) for each in action.outcomes],
        "stages_ms": {stage: round(seconds * 1000, 3) for stage, seconds in stages.items()},
    }


def describe_brands(registry: BrandIndex, brands: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    """Name, domains and place to verify of the brands with these ids. An id that the registry does not have is left
    out."""
    known = {brand.id: brand for each in brands if each and (brand := registry.get(each)) is not None}
    return {
        brand.id: {
            "name": brand.names[0],
            "domains": list(writing_domains(brand)[:MAX_DOMAINS]),
            "verify_en": brand.verify.en if brand.verify else "",
            "verify_ja": brand.verify.ja if brand.verify else "",
            "url": (brand.verify and brand.verify.url) or "",
        }
        for brand in known.values()
    }


def writing_domains(brand: Brand) -> tuple[str, ...]:
    """The confirmed domains from which the brand sends mail, without names below another of them."""
    writing = [name for name, entry in brand.domains.items() if entry.proves and "mail" in entry.use]
    return tuple(name for name in writing if not any(name.endswith(f".{other}") for other in writing))


def _explained(evidence: Evidence, weights: Mapping[str, float]) -> dict[str, Any]:
    """The named identity, claims, proofs, authentication results and findings."""
    return {
        "identity": None if evidence.identity is None else _identity(evidence.identity),
        "claims": [
            {
                "brand": each.brand,
                "where": str(each.where),
                "text": printable(each.text, MAX_TEXT_CHARS),
                "strength": each.strength,
            }
            for each in evidence.claims
        ],
        "proofs": [
            {
                "domain": printable(each.domain, MAX_TEXT_CHARS),
                "method": each.method,
                "aligned": each.aligned,
                "brand": each.brand,
                "scope": str(each.scope),
            }
            for each in evidence.proofs
        ],
        "auth": {method: str(evidence.result(method)) for method in METHODS},
        "findings": [_finding(each, weights) for each in evidence.findings],
        "degraded": [printable(reason, MAX_TEXT_CHARS) for reason in evidence.degraded],
    }


def _identity(identity: NamedIdentity) -> dict[str, Any]:
    """Whom the message speaks as, where it says so first, and why that counts."""
    return {
        "brand": identity.brand,
        "name": printable(identity.name, MAX_TEXT_CHARS),
        "place": str(identity.where),
        "why_en": " ".join(why.en for why in identity.reasons),
        "why_ja": "".join(why.ja for why in identity.reasons),
    }


def _finding(each: Finding, weights: Mapping[str, float]) -> dict[str, Any]:
    """A finding with its points, its sentences and its printable facts."""
    facts = each.shown()
    return {
        "id": each.kind.id,
        "points": round(weights.get(each.kind.id, each.kind.points), 2),
        "brand": each.brand,
        "reason_en": each.kind.en.format_map(facts),
        "reason_ja": each.kind.ja.format_map(facts),
        "facts": facts,
    }


def _result(each: MethodResult) -> dict[str, Any]:
    """One authentication result with its identifier."""
    return {
        "method": each.method,
        "word": str(each.result),
        "domain": None if each.domain is None else printable(each.domain, MAX_TEXT_CHARS),
        "reason": printable(each.reason, MAX_TEXT_CHARS),
        "properties": {name: printable(value, MAX_TEXT_CHARS) for name, value in each.properties},
        "recorded": each.recorded,
    }


def _recipient(outcome: Outcome) -> dict[str, Any]:
    return {
        "rcpt": printable(outcome.recipient.address, MAX_ADDRESS_CHARS),
        "verdict": outcome.verdict.disposition.word,
        "action": outcome.applied.word,
        "policy": printable(outcome.verdict.policy, MAX_TEXT_CHARS),
    }


def _decided(verdict: Verdict) -> dict[str, Any]:
    """The verdict for one recipient, and what decided it."""
    thresholds = verdict.thresholds
    return {
        "score": verdict.score,
        "decided_by": printable(verdict.decided_by, MAX_TEXT_CHARS),
        "mode": str(verdict.mode),
        "thresholds": {
            "tag": thresholds.tag,
            "quarantine": thresholds.quarantine,
            "reject": thresholds.reject,
        },
    }
