"""Counts the rows of an evaluation. Pure: rows in, numbers out.

Rates have Wilson 95 % intervals (Wilson 1927), since the numbers are often small. The contribution of a finding to an
action is how many verdicts fall below (or rise to) that action when the policy judges the same findings without it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sekisho.cases import EXPECTED
from sekisho.checks.table import KINDS
from sekisho.policy import family_of
from sekisho.verdict import Disposition

DISPOSITIONS = ("accept", "tag", "quarantine", "reject", "tempfail")
COUNTED = ("total", *DISPOSITIONS, "error", "degraded")
LABELS = ("phish", "ham")
UNLABELLED = "unlabelled"  # the name of what has no label
GROUP_KEYS = ("folder", "lang", "brand", "kind")
ACTIONS = ("tag", "quarantine", "reject")
SCORE_BINS = 15  # between a score of 0 and the one from which mail is rejected
Row = Mapping[str, Any]


def tabulate(rows: Sequence[Row], reject: float = 15.0) -> dict[str, Any]:
    """The object of `sekisho evaluate --format json` without `seconds`: verdicts by label and by group, scores, the
    contribution of findings and families, and the rows that were judged wrongly.

    `reject` is the score (points) from which mail is rejected; the bins of the scores depend on it.
    """
    return {
        **{label: counts(labelled(rows, label)) for label in LABELS},
        UNLABELLED: counts(labelled(rows, None)),
        "groups": {name: counts(group) for name, group in _groups(rows).items()},
        "expected": expected(rows),
        "by": {key: grouped(rows, key) for key in GROUP_KEYS},
        "scores": scores(rows, reject),
        "findings": findings(rows),
        "families": families(rows),
        "wrong": [row for row in rows if wrong(row)],
    }


def _groups(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each folder and of each kind."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        for group in filter(None, (row["folder"], row.get("kind"))):
            groups.setdefault(group, []).append(row)
    return dict(sorted(groups.items()))


def right(row: Row) -> bool | None:
    """Whether the verdict is one that the case expects (`expect`, `at_most`); None if the case expects none. A verdict
    that no case can expect (tempfail, error) is wrong."""
    expect, at_most = row.get("expect"), row.get("at_most")
    if expect is None and at_most is None:
        return None
    if row["verdict"] not in EXPECTED:
        return False
    reached = EXPECTED.index(row["verdict"])
    if at_most is not None:
        return reached <= EXPECTED.index(at_most)
    return reached == 0 if expect == "accept" else reached >= EXPECTED.index(expect)


def expected(rows: Iterable[Row]) -> dict[str, Any]:
    """How many verdicts are right and wrong by what the cases expect: of all cases that expect one, by label, and by
    folder or kind (`groups`)."""
    telling = [row for row in rows if right(row) is not None]
    return {
        **_rightness(telling),
        **{label: _rightness(labelled(telling, label)) for label in LABELS},
        "groups": {name: _rightness(group) for name, group in _groups(telling).items()},
    }


def _rightness(rows: Sequence[Row]) -> dict[str, int]:
    hits = sum(1 for row in rows if right(row))
    return {"total": len(rows), "right": hits, "wrong": len(rows) - hits}


def wrong(row: Row) -> bool:
    """True for a file without a verdict, and for a verdict that the case does not expect. Where the case expects none:
    for a fake that was accepted and a genuine mail that was not."""
    if row["verdict"] == "error":
        return True
    fits = right(row)
    if fits is not None:
        return not fits
    return (row["label"] == "phish") == (row["verdict"] == "accept") if row["label"] else False


def labelled(rows: Iterable[Row], label: str | None) -> list[Row]:
    """The rows with one label; None: those without a label."""
    return [row for row in rows if row["label"] == label]


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows have each verdict."""
    verdicts = Counter(row["verdict"] for row in rows)
    degraded = sum(1 for row in rows if row.get("degraded"))
    return {name: verdicts.get(name, 0) for name in COUNTED} | {"total": len(rows), "degraded": degraded}


def tagged(counted: Mapping[str, int]) -> int:
    """How many were tagged or worse."""
    return counted["tag"] + counted["quarantine"] + counted["reject"]


def held(counted: Mapping[str, int]) -> int:
    """How many were quarantined or worse."""
    return counted["quarantine"] + counted["reject"]


def grouped(rows: Iterable[Row], key: str) -> dict[str, dict[str, dict[str, int]]]:
    """Counts by the value of `key` in a row and by label (`UNLABELLED` for a row without one)."""
    groups: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        if row.get(key):
            group = groups.setdefault(str(row[key]), {})
            group.setdefault(row["label"] or UNLABELLED, []).append(row)
    return {
        name: {label: counts(group[label]) for label in (*LABELS, UNLABELLED) if label in group}
        for name, group in sorted(groups.items())
    }


def findings(rows: Iterable[Row]) -> dict[str, Any]:
    """For each finding and label: on how many mails it was `found`, and how many more mails have each action or a worse
    one if the finding is left out (negative: so many mails need the finding)."""
    return _contributions({kind.id: {"points": kind.points} for kind in KINDS}, rows, lambda name: name)


def families(rows: Iterable[Row]) -> dict[str, Any]:
    """The same for each family of findings (`auth.`), all of whose findings are left out at once."""
    return _contributions({family_of(kind.id): {"points": ""} for kind in KINDS}, rows, family_of)


def _contributions(table: dict[str, Any], rows: Iterable[Row], named: Callable[[str], str]) -> dict[str, Any]:
    for each in table.values():
        each.update({label: {"found": 0, "left_out": dict.fromkeys(ACTIONS, 0)} for label in LABELS})
    for row in rows:
        if row["label"] in LABELS:
            _count_contributions(table, row, named)
    return table


def _count_contributions(table: dict[str, Any], row: Row, named: Callable[[str], str]) -> None:
    for name in set(map(named, row.get("findings", ()))):
        table[name][row["label"]]["found"] += 1
    for name, other in row.get("left_out", {}).items():
        if name in table:
            change = table[name][row["label"]]["left_out"]
            for action in ACTIONS:
                change[action] += _reaches(other, action) - _reaches(row["verdict"], action)


def _reaches(verdict: str, action: str) -> bool:
    least, reached = Disposition[action.upper()], Disposition[verdict.upper()]
    return least <= reached <= Disposition.REJECT


def scores(rows: Iterable[Row], reject: float) -> dict[str, Any]:
    """The distribution of the scores (points) of each label. Bin number i holds the scores from `from[i]` (None: no
    lower limit) to below `from[i + 1]`. Mail is rejected from the score `reject`."""
    edges = _edges(reject)
    by_label: dict[str, list[float]] = {label: [] for label in LABELS}
    for row in rows:
        if row["label"] in LABELS and "score" in row:
            by_label[row["label"]].append(row["score"])
    return {"from": [None, *edges], **{label: _spread(some, edges) for label, some in by_label.items()}}


def _edges(reject: float) -> list[float]:
    """The lower edges of the bins (points). A score of 0 has its own bin, since most genuine mail has it. Scores have
    two decimals."""
    step = max(1, math.ceil(reject / SCORE_BINS))
    last = math.ceil(reject / step) * step
    return [0, 0.01, *range(step, last + 1, step), last + 5 * step, last + 15 * step]


def _spread(values: list[float], edges: list[float]) -> dict[str, Any]:
    bins = Counter(bisect_right(edges, value) for value in values)
    ordered = sorted(values)
    return {
        "counts": [bins.get(number, 0) for number in range(len(edges) + 1)],
        **{f"p{share}": quantile(ordered, share / 100) for share in (5, 25, 50, 75, 95)},
    }


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of the values does not exceed; None without values."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion, as fractions; (0, 1) for no observations."""
    if not total:
        return 0.0, 1.0
    z, share = 1.959964, hits / total
    centre = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
