"""Decides from the evidence. Pure: the same evidence and rules always give the same verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sekisho.evidence import Evidence
from sekisho.policy.rules import Rules
from sekisho.policy.table import COMBINATIONS, OVERRIDES, STACKS, Combination, Stack, covers, family_of
from sekisho.verdict import BY_POINTS, Disposition, Thresholds, Verdict


def weigh(evidence: Evidence, overrides: Mapping[str, float]) -> dict[str, float]:
    """The points by finding id, with two decimals, in the order of the findings. A kind counts once, even if it was
    found several times. `overrides` are points that differ from the declared ones."""
    weights: dict[str, float] = {}
    for finding in evidence.findings:
        weights.setdefault(finding.kind.id, overrides.get(finding.kind.id, finding.kind.points))
    for name, share in stack_shares(weights).items():
        weights[name] *= share
    for row in OVERRIDES:
        if row.when in weights:
            _take_back(weights, row.of, row.keep)
    return {name: round(points, 2) for name, points in weights.items()}


def stack_shares(weights: Mapping[str, float]) -> dict[str, float]:
    """The share (0..1) that counts of each finding that says what a stronger one says (`table.STACKS`)."""
    if len(weights) < 2:  # nearly all mail; one finding says nothing twice
        return {}
    return {name: share for stack in STACKS for name, share in _shares(weights, stack)}


def _shares(weights: Mapping[str, float], stack: Stack) -> Iterator[tuple[str, float]]:
    found = sorted((name for name in stack.of if weights.get(name, 0) > 0), key=lambda name: -weights[name])
    total = sum(weights[name] for name in found[1:])
    return ((name, min(stack.share, stack.most / total)) for name in found[1:])


def _take_back(weights: dict[str, float], of: tuple[str, ...], keep: float) -> None:
    taken = [name for name in weights if any(covers(row, name) for row in of) and weights[name] > 0]
    total = sum(weights[name] for name in taken)
    if total > keep:
        for name in taken:
            weights[name] *= keep / total


def decide(
    weights: Mapping[str, float],
    rules: Rules,
    *,
    allowed: str | None,
    blocked: str | None,
    block: Disposition,
) -> Verdict:
    """The verdict for one recipient.

    `weights` come from `weigh`; `allowed` and `blocked` are the list entries that match the message, `block` is what a
    block entry decides. An allow entry has priority over everything else.
    """
    score = round(sum(weights.values()), 2)
    disposition, by = _severest(by_points(score, rules.thresholds), weights)
    if allowed is not None:
        disposition, by = Disposition.ACCEPT, f"allow {allowed}"
    elif blocked is not None:
        disposition, by = max(disposition, block), f"block {blocked}"
    return Verdict(disposition, score, by, rules.thresholds, rules.name, rules.mode)


def unjudged(rules: Rules, why: str) -> Verdict:
    """The verdict for a recipient whose mail is not to be judged; `why` is one of `verdict.UNJUDGED`."""
    return Verdict(Disposition.ACCEPT, 0.0, why, rules.thresholds, rules.name, rules.mode)


def by_points(score: float, thresholds: Thresholds) -> Disposition:
    """What the score (points) alone decides: the severest threshold that it reaches."""
    if score >= thresholds.reject:
        return Disposition.REJECT
    if score >= thresholds.quarantine:
        return Disposition.QUARANTINE
    return Disposition.TAG if score >= thresholds.tag else Disposition.ACCEPT


def _severest(points: Disposition, found: Iterable[str]) -> tuple[Disposition, str]:
    disposition, by = points, BY_POINTS
    names = _with_families(found)
    if not names:
        return disposition, by
    for row in COMBINATIONS:
        if row.least > disposition and _holds(row, names):
            disposition, by = row.least, row.name
    return disposition, by


def holds(row: Combination, ids: Iterable[str]) -> bool:
    """True if the findings with these ids fulfil a combination."""
    return _holds(row, _with_families(ids))


def _holds(row: Combination, names: set[str]) -> bool:
    if row.any_of and names.isdisjoint(row.any_of):
        return False
    told = names.issuperset(row.all_of) if row.all_of else bool(row.any_of)
    return told and names.isdisjoint(row.none_of)


def _with_families(ids: Iterable[str]) -> set[str]:
    """The ids and the families (`auth.`) of the findings: a row may name either."""
    names = set(ids)
    return names.union(map(family_of, names))
