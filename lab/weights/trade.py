"""How well scores predict fakes, and which thresholds follow from the trade-off between both errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.weights.fit import Points
from lab.weights.gather import Mail, merged_sources
from lab.weights.replay import verdict
from sekisho.evaluation.measure import ACTIONS, LABELS, wilson
from sekisho.policy import PolicyOptions
from sekisho.verdict import Disposition

# The share of genuine mail that each action may hit: the upper end of the 95 % interval must be below.
BUDGET = {"tag": 0.01, "quarantine": 0.0025, "reject": 0.00125}
LIMITS = (*(number / 2 for number in range(4, 20)), *map(float, range(10, 21)))  # thresholds that are tried


@dataclass(frozen=True, slots=True)
class Step:
    """For a threshold of `points`: how many mails of each label get each action or a more severe one."""

    points: float
    reached: dict[tuple[str, str], int]


def curve(mails: Sequence[Mail], points: Points) -> Iterator[Step]:
    """What each threshold does. Combinations, which need no threshold, are included."""
    alike = Counter((mail.label, mail.found) for mail in mails)
    one_of_each = {(mail.label, mail.found): mail for mail in mails}
    for limit in LIMITS:
        options = PolicyOptions(tag=limit, quarantine=limit, reject=limit)
        reached = {(label, action): 0 for label in LABELS for action in ACTIONS}
        for key, mail in one_of_each.items():
            disposition = verdict(mail, points, options).disposition
            for action in ACTIONS:
                reached[mail.label, action] += alike[key] * (disposition >= Disposition[action.upper()])
        yield Step(limit, reached)


def thresholds(steps: Sequence[Step], genuine: int) -> dict[str, float | None]:
    """The lowest threshold that keeps each budget; None if there is too little genuine mail to show it."""
    return {
        action: next(
            (
                step.points
                for step in steps
                if wilson(step.reached["ham", action], genuine)[1] <= BUDGET[action]
            ),
            None,
        )
        for action in ACTIONS
    }


def steadiness(mails: Sequence[Mail], points: Points) -> dict[str, list[float | None]]:
    """The thresholds that would be chosen if each source of genuine mail were left out in turn, the lowest first."""
    sources = merged_sources(mails)
    chosen: dict[str, list[float | None]] = {action: [] for action in ACTIONS}
    for left_out in sorted(
        {source for mail, source in zip(mails, sources, strict=True) if mail.label == "ham"}
    ):
        rest = [mail for mail, source in zip(mails, sources, strict=True) if source != left_out]
        genuine = sum(mail.label == "ham" for mail in rest)
        for action, limit in thresholds(list(curve(rest, points)), genuine).items():
            chosen[action].append(limit)
    return {
        action: sorted(limits, key=lambda each: each or LIMITS[-1] + 1) for action, limits in chosen.items()
    }


def share(fakes: int, genuine: int, total: tuple[int, int]) -> float | None:
    """The share of fakes among mails of some score, if there were as many genuine mails as fakes in all."""
    rates = fakes / max(total[0], 1), genuine / max(total[1], 1)
    return rates[0] / sum(rates) if sum(rates) else None
