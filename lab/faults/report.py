"""The matrix as a table, for a terminal of 80 columns or for docs/robustness.md."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence

from lab.faults.row import Outcome, Row

_WIDTH = 80


def listed(rows: Sequence[Row], style: str) -> str:
    """The rows with their fault; as Markdown also with what must be seen."""
    if style != "markdown":
        return "\n".join(f"{each.name:<34}{each.fault}" for each in rows)
    lines = [f"| `{each.name}` | {each.fault} | {each.must} |" for each in rows]
    return "\n".join(["| row | fault | what must be seen |", "| --- | --- | --- |", *lines])


def result(outcome: Outcome) -> str:
    """The last column: one word."""
    if outcome.untried:
        return "untried"
    return "held" if outcome.good else "FAILED"


def figures(outcome: Outcome) -> dict[str, int]:
    """How many messages and copies there were, and how many went wrong, over all sites of the row."""
    replies: Counter[int] = sum((each.replies for each in outcome.accounts), Counter())
    total = outcome.accounts
    return {
        "messages": sum(each.messages for each in total),
        "copies": sum(each.ledger.sent.total() for each in total),
        "delivered": sum(each.ledger.delivered.total() for each in total),
        "held": sum(each.ledger.quarantined.total() for each in total),
        "refused": sum(each.ledger.refused.total() for each in total),
        "lost": sum(each.lost.total() for each in total),
        "doubled": sum(each.doubled.total() for each in total),
        "unjudged": sum(each.unjudged.total() for each in total),
        "4xx": sum(count for code, count in replies.items() if 400 <= code < 500),
    }


def line(outcome: Outcome) -> str:
    """One row of the text table, and below it what was not seen."""
    counts = figures(outcome)
    bad = f"{counts['lost']:>6}{counts['doubled']:>6}{counts['unjudged']:>6}"
    numbers = f"{counts['messages']:>6}{counts['4xx']:>7}{bad}"
    text = f"{outcome.row.name:<34}{numbers}{outcome.seconds:>6.0f} s {result(outcome)}"
    extra = [outcome.untried] if outcome.untried else outcome.faults
    return "\n".join([text, *(_wrapped(each) for each in extra)])


HEAD = f"{'row':<34}{'mails':>6}{'4xx':>7}{'lost':>6}{'twice':>6}{'unj.':>6}{'time':>6}   result"


def _wrapped(text: str) -> str:
    return textwrap.fill(text[:600], _WIDTH, initial_indent="    ", subsequent_indent="      ")


def totals(outcomes: Sequence[Outcome]) -> str:
    """The last lines: sums, and how many rows passed."""
    sums: Counter[str] = Counter()
    for each in outcomes:
        sums.update(figures(each))
    words = Counter(map(result, outcomes))
    return (
        f"{len(outcomes)} rows: {words['held']} held, {words['FAILED']} failed, {words['untried']} untried.\n"
        f"{sums['messages']} messages, {sums['copies']} copies = {sums['delivered']} delivered + {sums['held']} held "
        f"+ {sums['refused']} refused;\n"
        f"{sums['lost']} lost, {sums['doubled']} doubled, {sums['unjudged']} delivered unjudged."
    )


def markdown(outcomes: Sequence[Outcome]) -> str:
    """The table for the document."""
    head = "| row | fault | messages | lost, doubled, unjudged | what was seen |\n| --- | --- | ---: | ---: | --- |"
    return "\n".join([head, *map(_markdown, outcomes), "", totals(outcomes).replace("\n", " ")])


def _markdown(outcome: Outcome) -> str:
    counts = figures(outcome)
    ledger = f"{counts['lost']}, {counts['doubled']}, {counts['unjudged']}" if outcome.accounts else "–"
    shown = [outcome.untried and f"untried: {outcome.untried}", *outcome.faults, *outcome.seen]
    basic = ("0 lost: 0", "0 doubled: 0", "0 unjudged: 0", "nobody gave up: 0")
    words = "; ".join(each for each in shown if each and each not in basic).replace("|", "\\|")
    state = "" if outcome.good else "**failed** "
    cells = [f"`{outcome.row.name}`", outcome.row.fault, str(counts["messages"]), ledger, state + words]
    return f"| {' | '.join(cells)} |"
