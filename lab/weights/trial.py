"""Tests points on mail from which they were not learned: every fold learns its own points, and judges held-out mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from lab.weights.fit import TODAY, Points, propose
from lab.weights.folds import Fold
from lab.weights.replay import Row, rows
from sekisho.evaluation import measure

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One fold, or several together: verdicts by label with the present points, with those learned from all mail, and
    with those learned without the fold. `points` are the last ones; empty for several folds."""

    scheme: str
    name: str
    today: Counts
    inside: Counts
    outside: Counts
    points: Points


def tried(folds: Iterable[Fold], proposed: Points, ridge: float) -> list[Trial]:
    """The trial of every fold, on all processors. The result does not depend on their number."""
    listed = list(folds)
    with ProcessPoolExecutor() as pool:
        return list(pool.map(_trial, listed, [proposed] * len(listed), [ridge] * len(listed)))


def _trial(fold: Fold, proposed: Points, ridge: float) -> Trial:
    learned = propose(fold.train, ridge).points
    today, inside, outside = (counted(rows(fold.test, points)) for points in (TODAY, proposed, learned))
    return Trial(fold.scheme, fold.name, today, inside, outside, learned)


def counted(judged: Sequence[Row]) -> Counts:
    return {label: measure.counts(measure.labelled(judged, label)) for label in measure.LABELS}


def pooled(trials: Sequence[Trial], name: str) -> Trial:
    """Several folds of one scheme as one."""

    def added(some: Sequence[Counts]) -> Counts:
        return {
            label: {key: sum(each[label][key] for each in some) for key in measure.COUNTED}
            for label in measure.LABELS
        }

    return Trial(
        trials[0].scheme,
        name,
        added([each.today for each in trials]),
        added([each.inside for each in trials]),
        added([each.outside for each in trials]),
        {},
    )


def gap(trial: Trial, label: str, worse: str) -> float | None:
    """How the rate changes if the mail was held out, in percentage points; negative if it is smaller."""
    total = trial.inside[label]["total"]
    if not total:
        return None
    hits = {"tagged": measure.tagged, "held": measure.held}[worse]
    return 100 * (hits(trial.outside[label]) - hits(trial.inside[label])) / total
