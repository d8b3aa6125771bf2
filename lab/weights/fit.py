"""Learns points from labelled mail: a logistic regression in which no finding lowers a score.

The log odds that a mail is a fake are a sum of three parts: its points times the worth of a point; circumstances, that
is, what could be known about the mail at all (of either sign); and combinations of several findings. A combination
decides by itself in the policy, so its effect must not be added to its members. No weight of a finding is negative.
Only the weights of findings become points.

The ridge pulls every finding to its present points, not to 0. Strong findings often come together. If two always come
together, a fit with a ridge to 0 makes one of them worthless. What the data cannot show should stay as it was decided
by people.

A weight that comes from only one source tells collections apart. So the fit is repeated without each source, and a
point moves only as far as all fits agree; if they disagree on the direction, it stays. `screen` first removes findings
that only tell collections apart, and rare findings keep their points.

scikit-learn's LogisticRegression has no bounds, and its ridge pulls only to 0. So loss and gradient are computed here,
and scipy's L-BFGS-B minimises, which keeps bounds exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from lab.weights.gather import Mail, merged_sources
from lab.weights.screen import apart, unwitnessed
from sekisho.checks.table import KINDS
from sekisho.policy import COMBINATIONS, OVERRIDES, stack_shares
from sekisho.policy.decide import holds
from sekisho.policy.table import covers

Array = NDArray[np.float64]
Bounds = list[tuple[float | None, float | None]]
Points = Mapping[str, float]

RIDGE = 1.0  # the cost of moving a finding by one point: half the log loss of a mail
MIN_GROUPS = 8  # a finding in fewer groups is not learned
MAX_POINTS = 100.0  # as the option allows
STEP = 0.5  # points are proposed in such steps; a finding that has points keeps this many at least
MIN_CHANGE = 0.25  # points: a smaller change is not proposed
WHOLE = "all mail"
CIRCUMSTANCES = ("client", "authentication", "page", "links")
TODAY: Points = {kind.id: float(kind.points) for kind in KINDS}
JOINT = tuple(row for row in COMBINATIONS if len(row.all_of) + bool(row.any_of) > 1)
TRIGGERS = frozenset(row.when for row in OVERRIDES)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`points` of every finding. For fitted ones also the points from all mail (`whole`), and the smallest and largest
    without one source. `bound_by` names, for each that moves, the source without which it moves least (or `WHOLE`).
    `apart` says why a finding is not fitted; those in `unwitnessed` may not rise."""

    points: Points
    whole: Points
    least: Points
    most: Points
    bound_by: Mapping[str, str]
    apart: Mapping[str, str]
    unwitnessed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Design:
    """Mails as matrices: `found` by finding; `rest` by combination, circumstance and constant. `fixed` are the points
    of findings that are not fitted, `today` the present points of those that are, `most` the limit of these."""

    columns: tuple[str, ...]
    found: Array
    rest: Array
    fixed: Array
    today: Array
    most: Array
    guilty: Array
    counts: Array


def propose(mails: Sequence[Mail], ridge: float = RIDGE) -> Proposal:
    """The points that the labelled mail supports. The same mails give the same points, in any order."""
    mails = sorted(mails, key=lambda each: (each.collection, each.group, each.found, each.label))
    names = frequent(mails)
    useless = apart(mails, names)
    columns = tuple(name for name in names if name not in useless)
    bounded = unwitnessed(mails, columns)
    design = designed(mails, columns, TODAY, bounded)
    left_out, fits = zip(*_fits(design, merged_sources(mails), ridge), strict=True)
    table = np.array([fit[: len(columns)] for fit in fits])
    least, most = table.min(axis=0), table.max(axis=0)
    points = {name: settled(points, points, points) for name, points in TODAY.items()}
    bound_by = {}
    for place, name in enumerate(columns):
        points[name] = settled(TODAY[name], least[place], most[place])
        if points[name] != TODAY[name]:
            column = table[:, place] * (1 if points[name] > TODAY[name] else -1)
            bound_by[name] = left_out[int(column.argmin())]
    whole, low, high = (dict(zip(columns, map(float, each), strict=True)) for each in (table[0], least, most))
    return Proposal(points, whole, low, high, bound_by, useless, bounded)


def _fits(design: Design, sources: Sequence[str], ridge: float) -> Iterator[tuple[str, Array]]:
    """The fit of all mail, then one without each source, if fakes and genuine mail remain; each with what it leaves
    out."""
    model = _model(design, _worth(design), ridge)
    whole = _solve(design, model, np.ones(len(sources), bool), model.centre)
    yield WHOLE, whole
    for source in sorted(set(sources)):
        chosen = np.array([each != source for each in sources])
        if len(set(design.guilty[chosen])) > 1:
            yield source, _solve(design, model, chosen, whole)


def settled(today: float, least: float, most: float) -> float:
    """The points on which all fits agree, in steps; the present ones if they disagree or the change is too small. A
    finding without points gets none, and one with points keeps a step: no fit changes what somebody meant by it."""
    agreed = least if least > today else most if most < today else today
    if abs(agreed - today) < MIN_CHANGE:
        agreed = today
    return max(STEP, round(agreed / STEP) * STEP) if today else 0.0


def frequent(mails: Sequence[Mail]) -> tuple[str, ...]:
    """The findings that occur in enough groups, without those that only override others."""
    groups: dict[str, set[int]] = {}
    for mail in mails:
        for name in mail.found:
            groups.setdefault(name, set()).add(mail.group)
    return tuple(
        sorted(name for name, some in groups.items() if len(some) >= MIN_GROUPS and name not in TRIGGERS)
    )


def designed(
    mails: Sequence[Mail], columns: tuple[str, ...], points: Points, bounded: Collection[str] = ()
) -> Design:
    place = {name: number for number, name in enumerate(columns)}
    found = np.zeros((len(mails), len(columns)))
    fixed = np.zeros(len(mails))
    for number, mail in enumerate(mails):
        weighed = weighing(mail)
        shares = stack_shares({name: points[name] for name in weighed})
        for name in weighed:
            if name in place:
                found[number, place[name]] = shares.get(name, 1.0)
            else:
                fixed[number] += shares.get(name, 1.0) * points[name]
    return Design(
        columns,
        found,
        np.array([_rest(mail) for mail in mails], float),
        fixed,
        np.array([points[name] for name in columns], float),
        np.array([points[name] if name in bounded else MAX_POINTS for name in columns], float),
        np.array([mail.label == "phish" for mail in mails], float),
        _counts(mails),
    )


def weighing(mail: Mail) -> list[str]:
    """The findings of a mail, without those that another finding overrides."""
    taken = [of for row in OVERRIDES if row.when in mail.found for of in row.of]
    return [name for name in mail.found if not any(covers(of, name) for of in taken)]


def _rest(mail: Mail) -> list[bool]:
    met = [holds(row, mail.found) for row in JOINT]
    return [*met, *(name in mail.circumstances for name in CIRCUMSTANCES), True]


def _counts(mails: Sequence[Mail]) -> Array:
    """The count of each mail, so that a group of n mails counts as √n: more than one mail, less than n independent
    ones."""
    size = Counter((mail.group, mail.label) for mail in mails)
    return np.array([size[mail.group, mail.label] ** -0.5 for mail in mails])


@dataclass(frozen=True, slots=True)
class Model:
    """What is minimised: margins are `values` times the weights, plus `offset`. Each weight is pulled to its `centre`,
    with the strength of its `price`."""

    values: Array
    offset: Array
    centre: Array
    prices: Array
    bounds: Bounds


def _worth(design: Design) -> float:
    """The worth of one present point, in log odds: a fit of the score alone."""
    score = design.found @ design.today + design.fixed
    values = np.column_stack([score, design.rest])
    nothing = np.zeros(values.shape[1])
    model = Model(
        values,
        np.zeros(len(score)),
        nothing,
        _prices(design, np.zeros(1)),
        _bounds(design, np.full(1, MAX_POINTS)),
    )
    return float(_solve(design, model, np.ones(len(score), bool), nothing)[0]) or 1.0


def _model(design: Design, worth: float, ridge: float) -> Model:
    """The model of the points of the columns, followed by the log odds of the rest."""
    return Model(
        np.hstack([worth * design.found, design.rest]),
        worth * design.fixed,
        np.concatenate([design.today, np.zeros(design.rest.shape[1])]),
        _prices(design, np.full(len(design.columns), ridge)),
        _bounds(design, design.most),
    )


def _prices(design: Design, first: Array) -> Array:
    """The price of each weight. The constant has none: it only shows the mixture of the collections."""
    return np.concatenate([first, np.ones(design.rest.shape[1] - 1), np.zeros(1)])


def _bounds(design: Design, most: Array) -> Bounds:
    free = design.rest.shape[1] - len(JOINT)
    return [*((0.0, each) for each in most), *[(0.0, None)] * len(JOINT), *[(None, None)] * free]


def _solve(design: Design, model: Model, chosen: NDArray[np.bool_], start: Array) -> Array:
    """The weights that fit the chosen mails best."""
    values, offset, guilty = model.values[chosen], model.offset[chosen], design.guilty[chosen]
    counts, sign = balanced(guilty, design.counts[chosen]), 2 * guilty - 1

    def loss(weights: Array) -> tuple[float, Array]:
        margin = sign * (values @ weights + offset)
        moved = weights - model.centre
        total = counts @ np.logaddexp(0.0, -margin) + model.prices @ moved**2 / 2
        return float(total), values.T @ (-counts * sign * expit(-margin)) + model.prices * moved

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=model.bounds, options={"maxiter": 2000})
    return np.asarray(found.x, float)


def balanced(guilty: Array, counts: Array) -> Array:
    """Counts scaled so that all fakes together count as much as all genuine mail."""
    for label in (0.0, 1.0):
        share = counts[guilty == label].sum()
        if share:
            counts = np.where(guilty == label, counts * len(counts) / (2 * share), counts)
    return counts
