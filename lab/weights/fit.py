"""Points from labelled mail: a logistic regression in which evidence of guilt never lowers a score.

The log odds that a mail is a fake are a sum of its points times what a point is worth, of what could be known of the
mail at all (circumstances, of either sign), and of combinations that take several findings: those decide by themselves,
so what they add to their members is not put on the members. No finding weighs less than nothing, and only the
findings' weights become points.

The ridge draws every finding to the points that it has today, not to nothing. Strong findings come together, and of two
that always come together a fit from nothing makes one worthless; what it cannot know should stay as somebody thought it
out.

A weight that comes from one source tells collections apart. So the fit is repeated without each source, and a point
moves only as far as all of them agree; where they disagree on the direction it stays. `screen` takes out what tells
only collections apart before anything is fitted, and rare findings keep their points.

scikit-learn's LogisticRegression knows neither bounds nor a ridge about anything but nothing, hence the few lines of
loss and gradient here and scipy's L-BFGS-B, which keeps bounds exactly.
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
from sekisho.policy import COMBINATIONS, OVERRIDES
from sekisho.policy.decide import holds
from sekisho.policy.table import covers

Array = NDArray[np.float64]
Bounds = list[tuple[float | None, float | None]]
Points = Mapping[str, float]

RIDGE = 1.0  # what it costs to move a finding by one point: half a mail's log loss
RARE = 8  # groups: what fewer show is not learned
MOST = 100.0  # points, as the option allows
STEP = 0.1  # points are proposed in such steps
WORTHWHILE = 0.25  # points: a smaller change is none
CIRCUMSTANCES = ("client", "authentication", "page", "links")
TODAY: Points = {kind.id: float(kind.points) for kind in KINDS}
JOINT = tuple(row for row in COMBINATIONS if len(row.all_of) + bool(row.any_of) > 1)
TRIGGERS = frozenset(row.when for row in OVERRIDES)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`points` for every finding. For those that were fitted the points of all mail (`whole`) and the least and
    the most without one source; `apart` says why a finding gets none, `unwitnessed` may not rise."""

    points: Points
    whole: Points
    least: Points
    most: Points
    apart: Mapping[str, str]
    unwitnessed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Design:
    """Mails as numbers: `found` by finding, `rest` by combination, circumstance and constant; `fixed` are the
    points of what is not fitted, `today` those of what is, `most` how far these may rise."""

    columns: tuple[str, ...]
    found: Array
    rest: Array
    fixed: Array
    today: Array
    most: Array
    guilty: Array
    counts: Array


def propose(mails: Sequence[Mail], ridge: float = RIDGE) -> Proposal:
    """The points that labelled mail argues for. The same mails give the same points, in any order."""
    mails = sorted(mails, key=lambda each: (each.collection, each.group, each.found, each.label))
    names = frequent(mails)
    useless = apart(mails, names)
    columns = tuple(name for name in names if name not in useless)
    kept = dict(TODAY) | dict.fromkeys(useless, 0.0)
    bounded = unwitnessed(mails, columns)
    design = designed(mails, columns, kept, bounded)
    fits = [fit[: len(columns)] for fit in _fits(design, merged_sources(mails), ridge)]
    least, most = np.min(fits, axis=0), np.max(fits, axis=0)
    points = {name: settled(TODAY[name], *ends) for name, *ends in zip(columns, least, most, strict=True)}
    whole, low, high = (dict(zip(columns, map(float, each), strict=True)) for each in (fits[0], least, most))
    return Proposal(kept | points, whole, low, high, useless, bounded)


def _fits(design: Design, sources: Sequence[str], ridge: float) -> Iterator[Array]:
    """The fit of all mail, then one without each source that leaves fakes and genuine mail."""
    model = _model(design, _worth(design), ridge)
    whole = _solve(design, model, np.ones(len(sources), bool), model.centre)
    yield whole
    for source in sorted(set(sources)):
        chosen = np.array([each != source for each in sources])
        if len(set(design.guilty[chosen])) > 1:
            yield _solve(design, model, chosen, whole)


def settled(today: float, least: float, most: float) -> float:
    """As far as every fit goes, in steps; today's where they disagree or the change is not worth it."""
    agreed = least if least > today else most if most < today else today
    return round(round(agreed / STEP) * STEP, 2) if abs(agreed - today) >= WORTHWHILE else today


def frequent(mails: Sequence[Mail]) -> tuple[str, ...]:
    """The findings that enough groups show; not those that only take others back."""
    groups: dict[str, set[int]] = {}
    for mail in mails:
        for name in mail.found:
            groups.setdefault(name, set()).add(mail.group)
    return tuple(sorted(name for name, some in groups.items() if len(some) >= RARE and name not in TRIGGERS))


def designed(
    mails: Sequence[Mail], columns: tuple[str, ...], points: Points, bounded: Collection[str] = ()
) -> Design:
    place = {name: number for number, name in enumerate(columns)}
    found = np.zeros((len(mails), len(columns)))
    fixed = np.zeros(len(mails))
    for number, mail in enumerate(mails):
        for name in weighing(mail):
            if name in place:
                found[number, place[name]] = 1.0
            else:
                fixed[number] += points[name]
    return Design(
        columns,
        found,
        np.array([_rest(mail) for mail in mails], float),
        fixed,
        np.array([points[name] for name in columns], float),
        np.array([points[name] if name in bounded else MOST for name in columns], float),
        np.array([mail.label == "phish" for mail in mails], float),
        _counts(mails),
    )


def weighing(mail: Mail) -> list[str]:
    """What was found, without what another finding takes back."""
    taken = [of for row in OVERRIDES if row.when in mail.found for of in row.of]
    return [name for name in mail.found if not any(covers(of, name) for of in taken)]


def _rest(mail: Mail) -> list[bool]:
    met = [holds(row, mail.found) for row in JOINT]
    return [*met, *(name in mail.circumstances for name in CIRCUMSTANCES), True]


def _counts(mails: Sequence[Mail]) -> Array:
    """A group of n mails counts as √n: neither as one nor as n that are independent."""
    size = Counter((mail.group, mail.label) for mail in mails)
    return np.array([size[mail.group, mail.label] ** -0.5 for mail in mails])


@dataclass(frozen=True, slots=True)
class Model:
    """What is solved for: margins are `values` times the weights, and `offset`; a weight is drawn to its `centre` at
    its price."""

    values: Array
    offset: Array
    centre: Array
    prices: Array
    bounds: Bounds


def _worth(design: Design) -> float:
    """What a point of today's is worth, in log odds: a fit of the score alone."""
    score = design.found @ design.today + design.fixed
    values = np.column_stack([score, design.rest])
    nothing = np.zeros(values.shape[1])
    model = Model(
        values, np.zeros(len(score)), nothing, _prices(design, np.zeros(1)), _bounds(design, np.full(1, MOST))
    )
    return float(_solve(design, model, np.ones(len(score), bool), nothing)[0]) or 1.0


def _model(design: Design, worth: float, ridge: float) -> Model:
    """Of the points of the columns, then of the log odds of the rest."""
    return Model(
        np.hstack([worth * design.found, design.rest]),
        worth * design.fixed,
        np.concatenate([design.today, np.zeros(design.rest.shape[1])]),
        _prices(design, np.full(len(design.columns), ridge)),
        _bounds(design, design.most),
    )


def _prices(design: Design, first: Array) -> Array:
    """The constant is free: it is only the mixture of the collections."""
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
    """Counts so that fakes and genuine mail weigh alike as a whole."""
    for label in (0.0, 1.0):
        share = counts[guilty == label].sum()
        if share:
            counts = np.where(guilty == label, counts * len(counts) / (2 * share), counts)
    return counts
