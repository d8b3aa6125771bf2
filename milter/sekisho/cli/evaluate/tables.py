"""The numbers of an evaluation as tables, for a terminal and for a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import click
from rich.console import Console
from rich.text import Text

from sekisho.cli import basis, tables
from sekisho.cli.tables import Cell, Sheet, cells
from sekisho.evaluation import measure

VIEWS = ("folder", "kind", "lang", "brand", "finding", "family", "score")
DEFAULT_VIEWS = ("folder", "kind", "score", "finding")
BY_LABEL = ("finding", "family", "score")  # tables that count labelled cases only
MAX_BAR_COLUMNS = 18
HIDDEN_IF_EMPTY = ("tempfail", "error", "degraded")  # columns
FINDING_COLUMNS = (
    "",
    "points",
    "in\nphish",
    "in\nham",
    *(
        f"{label:>{len(column)}}\n{column}"
        for label in measure.LABELS
        for column in ("tagged", "quarant.", "rejected")
    ),
)
Measured = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """Which tables, and how many rows of each at most."""

    by: tuple[str, ...] = DEFAULT_VIEWS
    top: int = 40


def parse_views(text: str) -> tuple[str, ...]:
    """The tables that `folder,finding` names, in that order. Raises UsageError for an unknown name."""
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if unknown := set(words) - set(VIEWS):
        raise click.UsageError(f"--by knows {', '.join(VIEWS)}, not {', '.join(sorted(unknown))}")
    return words


def show(console: Console, result: Measured, rows: Sequence[measure.Row], view: View) -> None:
    """Print what was judged with, the tables, then the slowest cases and those that were judged wrongly."""
    blocks = (console.encoding or "").lower().startswith("utf")
    console.print(_judged_with(result), style="dim", soft_wrap=True)
    if warning := unlabelled(result):
        console.print(warning, style="yellow", soft_wrap=not console.is_terminal)
    for each in sheets(result, view, blocks=blocks):
        tables.show(console, each)
    slowest = sorted((row for row in rows if "ms" in row), key=lambda row: -cast(float, row["ms"]))[:5]
    named = ", ".join(f"{row['file']} {row['ms']:g} ms" for row in slowest)
    console.print()
    console.print(f"slowest: {named}", soft_wrap=True)
    known = sum(
        1 for row in rows if row["label"] or row["verdict"] == "error" or measure.right(row) is not None
    )
    console.print(f"wrong: {len(result['wrong'])} of {known}; {result['seconds']:g} s")
    for row in _worst(result["wrong"])[: view.top]:
        console.print(_wrong(row), soft_wrap=True)
    if len(result["wrong"]) > view.top:
        console.print(f"  … and {len(result['wrong']) - view.top} more (--top, --format json)")


def unlabelled(result: Measured) -> str:
    """What a reader must know first: how many cases say neither what they are nor what is expected of them, so that
    their verdicts are neither right nor wrong. Empty if there is none."""
    without, labels = (
        result[measure.UNLABELLED]["total"],
        sum(result[label]["total"] for label in measure.LABELS),
    )
    if not without:
        return ""
    how = "a label is a folder named phish or ham above the case, or `label` in its case file (docs/cases.md)"
    if not labels:
        return f"No case has a label, so no rate can be measured: {how}."
    return f"{without} of {without + labels} cases have no label and count in no rate: {how}."


def _worst(rows: Sequence[measure.Row]) -> list[measure.Row]:
    """The worst errors first: genuine mail with the highest score, fakes with the lowest."""

    def order(row: measure.Row) -> tuple[str, float]:
        score = row.get("score", 0.0)
        return row["label"] or "", score if row["label"] == "phish" else -score

    return sorted(rows, key=order)


def _wrong(row: measure.Row) -> Text:
    why = ", ".join(f"{name} {points:+g}" for name, points in row.get("findings", {}).items())
    return Text.assemble(
        f"  {row['label'] or '?':<5} {row['verdict']:<10} {row.get('score', 0):>5g}  {row['file']}  ",
        (_expectation(row), "cyan"),
        (why or row.get("reason", "nothing found"), "dim"),
    )


def _expectation(row: measure.Row) -> str:
    """What the case expects, for a reader: `(expected tag or worse)  `."""
    if row.get("at_most") is not None:
        return f"(expected at most {row['at_most']})  "
    if row.get("expect") is None:
        return ""
    return f"(expected {row['expect']}{'' if row['expect'] in {'accept', 'reject'} else ' or worse'})  "


def _judged_with(result: Measured) -> str:
    """One line: what was judged with, and what was left out."""
    left_out = [*result["without"], *(f"the brand {each}" for each in result["without_brands"])]
    return basis.line(result["judged_with"]) + (f"; without {', '.join(left_out)}" if left_out else "")


def markdown(result: Measured, view: View) -> str:
    """The same tables as Markdown, without the names of single files."""
    said = tables.plain(_judged_with(result).removeprefix("judged"))
    warning = [f"{tables.plain(unlabelled(result))}\n"] if unlabelled(result) else []
    return "\n".join(
        [f"Judged{said}.\n", *warning, *(tables.markdown(each) for each in sheets(result, view))]
    )


def sheets(result: Measured, view: View, *, blocks: bool = True) -> Iterator[Sheet]:
    """The tables of the view; first those of all cases. An empty grouping has no table."""
    labels = [label for label in (*measure.LABELS, measure.UNLABELLED) if result[label]["total"]]
    yield confusion("", {"all": {label: result[label] for label in labels or measure.LABELS}}, style="bold")
    if result["expected"]["total"]:
        groups = [name for key in ("folder", "kind") if key in view.by for name in result["by"][key]]
        yield expected_sheet(result["expected"], groups, view.top)
    labelled = any(result[label]["total"] for label in measure.LABELS)
    for key in view.by:
        if key in BY_LABEL and not labelled:
            continue
        if key == "finding":
            yield finding_sheet(result["findings"], view.top)
        elif key == "family":
            yield family_sheet(result["families"])
        elif key == "score":
            yield score_sheet(result["scores"], blocks=blocks)
        elif result["by"][key]:
            groups = result["by"][key]
            yield confusion(f"by {key}", groups, top=view.top, largest=key == "brand")


def confusion(
    title: str,
    groups: Mapping[str, Mapping[str, Mapping[str, int]]],
    *,
    top: int = 1_000_000,
    largest: bool = False,
    style: str = "",
) -> Sheet:
    """A row for each group and label, of at most `top` groups: how many of each verdict, and the rates of both actions
    with their intervals. `largest`: the largest groups first."""
    names = (
        sorted(groups, key=lambda name: -sum(each["total"] for each in groups[name].values()))
        if largest
        else list(groups)
    )
    rows = [(name, label, groups[name][label]) for name in names[:top] for label in groups[name]]
    filled = [name for name in HIDDEN_IF_EMPTY if any(counted[name] for _, _, counted in rows)]
    shown = [name for name in measure.COUNTED if name not in HIDDEN_IF_EMPTY or name in filled]
    return Sheet(
        title,
        ("", "label", *shown, "tagged or worse", "quarantined or worse"),
        tuple(_confusion_row(*row, shown, style) for row in rows),
        left=2,
        note=_more(len(names) - top),
    )


def _confusion_row(
    name: str, label: str, counted: Mapping[str, int], shown: Sequence[str], style: str
) -> tuple[Cell, ...]:
    numbers = [Cell(str(counted[each]), _alarm(each, label, counted) or style) for each in shown]
    rates = [rate(hits, counted["total"]) for hits in (measure.tagged(counted), measure.held(counted))]
    return (*cells(name, label, style=style), *numbers, *cells(*rates, style=style))


def _alarm(column: str, label: str, counted: Mapping[str, int]) -> str:
    """Red where a fake was accepted, a genuine mail was not, or a case could not be judged."""
    bad = {"phish": ("accept",), "ham": ("tag", "quarantine", "reject")}.get(label, ())
    return "red" if counted[column] and (column in bad or column == "error") else ""


def _more(left: int) -> str:
    return f"… and {left} more (--top)" if left > 0 else ""


def rate(hits: int, total: int) -> str:
    """The share `hits`/`total` with its interval: `94.2% (91.2%-96.3%)`."""
    if not total:
        return "-"
    low, high = measure.wilson(hits, total)
    return f"{hits / total:.1%} ({low:.1%}-{high:.1%})"


def expected_sheet(expected: Mapping[str, Any], groups: Sequence[str], top: int) -> Sheet:
    """How many verdicts are what the cases expect: of each label, and of at most `top` of the groups that expect
    any."""
    told = [name for name in groups if name in expected["groups"]]
    rows = [(f"all {label}", expected[label], "bold") for label in measure.LABELS if expected[label]["total"]]
    rows += [(name, expected["groups"][name], "") for name in told[:top]]
    return Sheet(
        "by what the cases expect (expect, at_most)",
        ("", "total", "wrong", "right", ""),
        tuple(_expected_row(*row) for row in rows),
        note=_more(len(told) - top),
    )


def _expected_row(name: str, counted: Mapping[str, int], style: str) -> tuple[Cell, ...]:
    wrong = Cell(str(counted["wrong"]), "red" if counted["wrong"] else style)
    right = cells(counted["right"], rate(counted["right"], counted["total"]), style=style)
    return (*cells(name, counted["total"], style=style), wrong, *right)


def score_sheet(scores: Mapping[str, Any], *, blocks: bool = True) -> Sheet:
    """A histogram for each label, its bars relative to the largest bin of the label. Empty bins at both ends are left
    out."""
    edges, labels = scores["from"], measure.LABELS
    filled = [
        number for number in range(len(edges)) if any(scores[label]["counts"][number] for label in labels)
    ]
    bins = range(filled[0], filled[-1] + 1) if filled else range(0)
    rows = []
    for number in bins:
        row = [Cell(_bin(edges, number))]
        for label in labels:
            count, total = scores[label]["counts"][number], sum(scores[label]["counts"])
            most = max(scores[label]["counts"])
            row += [Cell(str(count) if count else ""), Cell(f"{count / total:.1%}" if count else "", "dim")]
            row.append(
                Cell(tables.bar(count / most if most else 0, MAX_BAR_COLUMNS, blocks=blocks), _colour(label))
            )
        rows.append(tuple(row))
    columns = tuple(name for label in labels for name in (label, "", ""))
    return Sheet("scores", ("score", *columns), tuple(rows), note=_quartiles(scores), bars=frozenset({3, 6}))


def _bin(edges: Sequence[float | None], number: int) -> str:
    low = edges[number]
    if low is None:
        return "below 0"
    if number == 1:
        return "0"
    return f"{round(low):d} –" + (f" {edges[number + 1]:g}" if number + 1 < len(edges) else "")


def _colour(label: str) -> str:
    return "red" if label == "phish" else "green"


def _quartiles(scores: Mapping[str, Any]) -> str:
    parts = []
    for label in measure.LABELS:
        if scores[label]["p50"] is not None:
            spread = " · ".join(f"{scores[label][f'p{share}']:g}" for share in (5, 25, 50, 75, 95))
            parts.append(f"{label} {spread}")
    return "5th, 25th, 50th, 75th and 95th percentile: " + "; ".join(parts) if parts else ""


def finding_sheet(findings: Mapping[str, Any], top: int) -> Sheet:
    """How often each finding is made, and how many mails reach an action only with it, in at most `top` rows."""
    seen = {
        name: each for name, each in findings.items() if any(each[label]["found"] for label in measure.LABELS)
    }
    names = sorted(seen, key=lambda name: _worth(seen[name]))
    rows = [_finding_row(name, seen[name]) for name in names[:top]]
    idle = [name for name in names if not any(_needed(seen[name]))]
    note = f"Of {len(findings)} findings {len(seen)} were made; {len(idle)} of them decide nothing here by themselves."
    return Sheet(
        "by finding: how often it is made, and how many mails reach each action only because of it",
        FINDING_COLUMNS,
        tuple(rows),
        note="\n".join(filter(None, (_more(len(names) - top), note))),
    )


def family_sheet(families: Mapping[str, Any]) -> Sheet:
    """The same by family of findings: all findings of the family are left out at once."""
    seen = {name: each for name, each in families.items() if each["phish"]["found"] or each["ham"]["found"]}
    return Sheet(
        "by family: how many mails have a finding of it, and how many reach each action only because of all of them",
        FINDING_COLUMNS,
        tuple(_finding_row(name, seen[name]) for name in sorted(seen, key=lambda name: _worth(seen[name]))),
    )


def _needed(each: Mapping[str, Any]) -> list[int]:
    """How many mails of each label have each action, or a worse one, only because of the finding."""
    return [-each[label]["left_out"][action] for label in measure.LABELS for action in measure.ACTIONS]


def _worth(each: Mapping[str, Any]) -> tuple[int, ...]:
    """The key to sort by: first the findings that catch most fakes, then those that are found most often."""
    needed = _needed(each)
    return (-sum(needed[:3]), sum(needed[3:]), -each["phish"]["found"], each["ham"]["found"])


def _finding_row(name: str, each: Mapping[str, Any]) -> tuple[Cell, ...]:
    needed = _needed(each)
    found = [str(each[label]["found"] or "") for label in measure.LABELS]
    numbers = [
        Cell(f"{number:+d}" if number else "", "green" if number > 0 else "red") for number in needed[:3]
    ]
    numbers += [
        Cell(f"{number:+d}" if number else "", "red" if number > 0 else "green") for number in needed[3:]
    ]
    return (Cell(name), *cells(each["points"]), *cells(*found), *numbers)
