"""`docs/weights.md`: the proposal, and the evidence for and against it, as tables."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.weights import trade
from lab.weights.fit import STEP, TODAY, TRIGGERS, WHOLE, Proposal
from lab.weights.folds import BRAND, LATER, SOURCE
from lab.weights.gather import OTHERS, Mail, merged_sources
from lab.weights.replay import rows
from lab.weights.trial import Trial, counted, gap, pooled
from sekisho.cli.evaluate import tables
from sekisho.cli.tables import Sheet, cells, markdown
from sekisho.evaluation import measure
from sekisho.policy import PolicyOptions

SCHEMES = (LATER, SOURCE, BRAND)
NEAR = 3.0  # percentage points: a fold is listed if its rate differs more when it is held out
SHOWN = 10  # single brands
DECIDED: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "decided.toml").read_text("utf-8")
)
"""What people decided at the last refit, by finding: `was`, its points before, and `why` it moved or was kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """All data of the document."""

    mails: Sequence[Mail]
    proposal: Proposal
    trials: Sequence[Trial]


def text(report: Report) -> str:
    """The generated part of the document."""
    parts = [what(report.mails)]
    parts += [markdown(each) for each in sheets(report)]
    parts += ["### As configuration\n", f"```toml\n{toml(report.proposal)}```\n"]
    return "\n".join(parts)


def what(mails: Sequence[Mail]) -> str:
    labels = Counter(mail.label for mail in mails)
    groups = {label: len({mail.group for mail in mails if mail.label == label}) for label in measure.LABELS}
    sources = len({mail.source for mail in mails})
    return (
        f"{labels['phish']} fakes in {groups['phish']} campaigns and {labels['ham']} genuine mails in "
        f"{groups['ham']} threads or waves, of {sources} sources.\n"
    )


def toml(proposal: Proposal) -> str:
    """The points that would change, in the syntax of the configuration."""
    lines = [f'"{name}" = {points:g}' for name, points in changes(proposal).items()]
    return "\n".join(["[policy.points]", *lines]) + "\n"


def changes(proposal: Proposal) -> dict[str, float]:
    return {name: points for name, points in sorted(proposal.points.items()) if points != TODAY[name]}


def sheets(report: Report) -> Iterator[Sheet]:
    yield points_sheet(report)
    for title, points in (("today's", TODAY), ("the proposed", report.proposal.points)):
        judged = rows(report.mails, points)
        groups = {"all": counted(judged), **measure.grouped(judged, "folder")}
        yield tables.confusion(f"Verdicts with {title} points", groups)
    yield from trial_sheets(report)
    yield calibration_sheet(report)
    yield from trade_sheets(report)


def points_sheet(report: Report) -> Sheet:
    """Every finding that can be learned, or about which people decided: first those that change, then by the number of
    fakes with it."""
    mails, proposal, sources = report.mails, report.proposal, source_names(report.mails)
    found = Counter((mail.label, name) for mail in mails for name in mail.found)
    made = sorted(
        {name for _, name in found} - TRIGGERS,
        key=lambda name: (proposal.points[name] == TODAY[name], -found["phish", name], name),
    )
    learned = [name for name in made if name in proposal.whole or name in proposal.apart]
    shown = learned + sorted((DECIDED.keys() & TODAY.keys()) - {*learned})
    rare = [name for name in made if name not in shown]
    never = sorted(set(TODAY) - {*made, *shown} - TRIGGERS)
    columns = ("today", "proposed", "all mail", "without a source", "in folds", "in phish", "in ham", "")
    return Sheet(
        "Points",
        ("finding", *columns),
        tuple(
            cells(
                name,
                f"{TODAY[name]:g}",
                f"{proposal.points[name]:g}",
                f"{proposal.whole[name]:.1f}" if name in proposal.whole else "-",
                _range(proposal.least.get(name), proposal.most.get(name)),
                _range(*_ends([trial.points[name] for trial in report.trials])),
                found["phish", name],
                found["ham", name],
                "; ".join(filter(None, (decided(name), note(proposal, name, sources)))),
            )
            for name in shown
        ),
        note=f"Too rare to be learned, they keep their points: {', '.join(rare) or 'none'}.\n\n"
        f"Not seen at all: {', '.join(never) or 'none'}.",
    )


def decided(name: str) -> str:
    """What people decided about the finding at the last refit; empty if nothing."""
    if name not in DECIDED:
        return ""
    was, why = DECIDED[name]["was"], DECIDED[name]["why"]
    return f"{was:g} before: {why}" if was != TODAY[name] else f"kept at {was:g} by a person: {why}"


def note(proposal: Proposal, name: str, sources: Mapping[str, str]) -> str:
    """What the mail says of a finding, or why it says nothing. `sources` has the names of the sources."""
    if name not in proposal.whole and name not in proposal.apart:
        return "too rare to be learned"
    if name in proposal.apart:
        return f"not fitted, tells collections apart: {proposal.apart[name]}"
    if name in proposal.unwitnessed and proposal.whole[name] >= TODAY[name]:
        return "may not rise: hardly any genuine mail could show it"
    if abs(proposal.points[name] - TODAY[name]) < STEP / 2 + 0.01:
        return "rounded" if proposal.points[name] != TODAY[name] else ""
    bound = proposal.bound_by[name]
    least = "the fit of all mail moves it least" if bound == WHOLE else f"least without {sources[bound]}"
    return f"{'too low' if proposal.points[name] > TODAY[name] else 'too high'}: {least}"


def _ends(values: Sequence[float]) -> tuple[float | None, float | None]:
    return (min(values), max(values)) if values else (None, None)


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.1f} – {high:.1f}"


def trial_sheets(report: Report) -> Iterator[Sheet]:
    """Each scheme as a whole, and then its folds. Of brands only those are shown whose rates differ most when they are
    held out."""
    by_scheme = {scheme: [each for each in report.trials if each.scheme == scheme] for scheme in SCHEMES}
    whole = [pooled(trials, scheme) for scheme, trials in by_scheme.items() if trials]
    yield _trials("Validation: what was not seen", whole)
    names = source_names(report.mails)
    for scheme, trials in by_scheme.items():
        farthest = sorted(trials, key=_distance, reverse=True)
        shown = farthest[:SHOWN] if scheme == BRAND else trials
        far = sum(_distance(each) > NEAR for each in trials)
        note = f"{far} of {len(trials)} folds are more than {NEAR:g} percentage points away."
        yield _trials(f"Validation: {scheme}", shown, names if scheme == SOURCE else {}, note)


def _distance(trial: Trial) -> float:
    gaps = (gap(trial, label, worse) for label in measure.LABELS for worse in ("tagged", "held"))
    return max((abs(each) for each in gaps if each is not None), default=0.0)


def _trials(
    title: str, trials: Sequence[Trial], names: Mapping[str, str] | None = None, note: str = ""
) -> Sheet:
    columns = ("tagged today", "in sample", "unseen", "gap", "held today", "in sample", "unseen", "gap")
    return Sheet(
        title,
        ("", "label", "total", *columns),
        tuple(
            cells((names or {}).get(each.name, each.name), label, *_rates(each, label))
            for each in trials
            for label in measure.LABELS
            if each.inside[label]["total"]
        ),
        left=2,
        note=note,
    )


def _rates(trial: Trial, label: str) -> Iterator[str]:
    total = trial.inside[label]["total"]
    yield str(total)
    for worse, hits in (("tagged", measure.tagged), ("held", measure.held)):
        for counts in (trial.today, trial.inside, trial.outside):
            yield f"{hits(counts[label]) / total:.1%}"
        yield f"{gap(trial, label, worse) or 0:+.1f}"


def source_names(mails: Sequence[Mail]) -> dict[str, str]:
    """Names for sources: a number, and the collection that has most of their mail. Their real names are private."""
    size: dict[str, Counter[str]] = {}
    for mail, source in zip(mails, merged_sources(mails), strict=True):
        size.setdefault(source, Counter())[mail.collection] += 1
    ordered = sorted(size, key=lambda source: (-size[source].total(), source))
    return {
        source: OTHERS if source == OTHERS else f"{number}: {size[source].most_common(1)[0][0]}"
        for number, source in enumerate(ordered, 1)
    }


def calibration_sheet(report: Report) -> Sheet:
    """The share of fakes by score, for both tables of points."""
    reject = PolicyOptions().reject
    spreads = [
        measure.scores(rows(report.mails, points), reject) for points in (TODAY, report.proposal.points)
    ]
    edges = spreads[0]["from"]
    body = []
    for number in range(1, len(edges)):
        low, high = edges[number], edges[number + 1] if number + 1 < len(edges) else None
        row = ["0" if number == 1 else f"{round(low)} –" + (f" {high:g}" if high else "")]
        for spread in spreads:
            row += _calibrated(spread, number)
        body.append(cells(*row))
    columns = ("fakes", "genuine", "share of fakes", "at equal numbers")
    return Sheet(
        "Calibration: score against share of fakes, with today's points and with the proposed",
        ("score", *columns, *(f"{each}, proposed" for each in columns)),
        tuple(body),
    )


def _calibrated(spread: Mapping[str, Mapping[str, Sequence[int]]], number: int) -> list[str]:
    counts = [spread[label]["counts"] for label in measure.LABELS]
    fakes, genuine = (each[number] for each in counts)
    even = trade.share(fakes, genuine, (sum(counts[0]), sum(counts[1])))
    rate = tables.rate(fakes, fakes + genuine)
    return [str(fakes), str(genuine), rate, "-" if even is None else f"{even:.1%}"]


def trade_sheets(report: Report) -> Iterator[Sheet]:
    """Both errors at each threshold, and the lowest thresholds that keep the budget of false alarms."""
    total = Counter(mail.label for mail in report.mails)
    for title, points in (("today's", TODAY), ("the proposed", report.proposal.points)):
        steps = list(trade.curve(report.mails, points))
        chosen = _chosen(trade.thresholds(steps, total["ham"]), trade.steadiness(report.mails, points))
        body = [
            cells(
                f"{step.points:g}",
                *(
                    f"{step.reached[label, action] / max(total[label], 1):.1%}"
                    if label == "phish"
                    else step.reached[label, action]
                    for action in measure.ACTIONS
                    for label in measure.LABELS
                ),
            )
            for step in steps
        ]
        columns = (f"{label} {each}" for each in ("tagged", "held", "rejected") for label in measure.LABELS)
        yield Sheet(
            f"Trade-off: thresholds with {title} points",
            ("from", *columns),
            tuple(body),
            note=chosen,
        )


def _chosen(chosen: Mapping[str, float | None], without: Mapping[str, Sequence[float | None]]) -> str:
    today = PolicyOptions()
    words = [
        f"{action} from {_limit(points)} (without a source {_limit(without[action][0])} to "
        f"{_limit(without[action][-1])}; today {getattr(today, action):g})"
        for action, points in chosen.items()
    ]
    return f"The lowest that keep their budgets: {', '.join(words)}."


def _limit(points: float | None) -> str:
    return "?" if points is None else f"{points:g}"
