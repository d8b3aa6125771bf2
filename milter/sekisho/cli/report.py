"""`sekisho report`: what was held, or in shadow would have been, for whom and why; a page that ends with what to do
next."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from gettext import gettext as _
from pathlib import Path

import click
from rich.cells import cell_len, set_cell_size

from sekisho.cli import output
from sekisho.cli.folding import folded
from sekisho.cli.report_words import COLUMNS, DONE, SEPARATOR, TITLES, WOULD
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.review.log_files import UnreadableLogError, distinct, files_of, lines_of
from sekisho.review.report import (
    STOPPED,
    TABLES,
    TOTALS,
    PeriodReport,
    ranked,
    report_document,
    report_of,
    row_of,
)
from sekisho.verdict import WORDS, Thresholds

STDIN = Path("-")
FROM_JOURNAL = "journalctl -u sekisho-milter -o cat --since=-7d | sekisho report --since 7d -"
NAME_COLUMNS = 38
MAX_TEXT_COLUMNS = 78
SHOWN_DOMAINS = 3  # named in an advice
SHOWN_FILES = 3
SHOWN_NEAR = 2  # messages on each side of a threshold
COUNTS = ("reject", "quarantine", "tag", "accept", "total")


def run(
    config: Config, files: Sequence[Path], since: datetime, until: datetime, style: str, rows: int
) -> None:
    """Print the report of a period: from these files (`-` is standard input), else from the daemon's log. `rows` is how
    many rows a table of the text has at most. Raises UsageError if there is no log to read, and ClickException if it
    cannot be read or is another program's."""
    _refuse(since, until)
    policy, journal = config.policy, config.journal
    report = PeriodReport(since, until, Thresholds(policy.tag, policy.quarantine, policy.reject))
    try:
        sources = _sources(config, files, since)
        lines = (line for file in sources for line in (_stdin() if file == STDIN else lines_of([file])))
        report_of(lines, report, findings=journal.findings, recipients=journal.recipients)
    except UnreadableLogError as error:
        raise click.ClickException(str(error)) from error
    places = _places(sources)
    if report.lines and not report.own_lines:
        raise click.ClickException(
            f"{places}: none of the lines ({report.lines}) is of sekisho's log. Name the file of log.target, or: "
            f"{FROM_JOURNAL}"
        )
    if style == "json":
        output.write_json(report_document(report))
    elif style == "csv":
        output.write(_csv(report))
    else:
        output.write("".join(f"{line.rstrip()}\n" for line in _text(report, rows, places)))


def _refuse(since: datetime, until: datetime) -> None:
    """Raises UsageError for a period without a moment in it."""
    if since < until:
        return
    if since >= SystemClock().now():
        raise click.UsageError(f"--since: {_moment(since)} is in the future")
    raise click.UsageError(f"--since must be before --until: {_moment(since)} is not before {_moment(until)}")


def _sources(config: Config, files: Sequence[Path], since: datetime) -> tuple[Path, ...]:
    """The files to read, each once. Raises UsageError without a log, UnreadableLogError."""
    if list(files).count(STDIN) > 1:
        raise click.UsageError("standard input (-) can be read once")
    if files:
        return distinct(files)
    if not config.log.target.startswith("/"):
        raise click.UsageError(f"the log goes to {config.log.target} and is no file. Give it: {FROM_JOURNAL}")
    log = Path(config.log.target)
    found = files_of(log, since)
    if not found and not log.exists():
        raise click.ClickException(f"{log}: the log is not there; has the daemon run?")
    return found or (log,)


def _places(sources: Sequence[Path]) -> str:
    """What was read, for people."""
    named = [_("standard input") if each == STDIN else output.shown(each) for each in sources]
    if len(named) > SHOWN_FILES:
        named = [*named[: SHOWN_FILES - 1], _("{number} more").format(number=len(named) - SHOWN_FILES + 1)]
    return _(SEPARATOR).join(named)


def _stdin() -> Iterator[str]:
    if sys.stdin is None:
        raise UnreadableLogError("standard input is closed")
    try:
        for line in sys.stdin.buffer:
            yield line.decode("utf-8", "replace").rstrip("\n")
    except OSError as error:
        raise UnreadableLogError(f"standard input: {error.strerror or error}") from error


def _csv(report: PeriodReport) -> str:
    """All tables as one: each row says which it belongs to."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("by", "name", "total", *WORDS, "id", "score"))
    empty = [""] * (len(WORDS) + 2)
    writer.writerows(("all", name, report.totals[name], *empty) for name in TOTALS)
    writer.writerows(("verdict", word, report.verdicts[word], *empty) for word in WORDS)
    for table in TABLES:
        for name, counts in ranked(report, table):
            writer.writerow((table, _field(name), *row_of(counts).values(), "", ""))
    for threshold, side, mail in report.near():
        blank = [""] * (len(WORDS) + 1)
        writer.writerow((f"near_{threshold}", side, *blank, _field(mail.id or mail.queue_id), mail.score))
    return stream.getvalue()


def _field(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in set("=+-@") else text


def _text(report: PeriodReport, rows: int, places: str) -> Iterator[str]:
    width = min(output.prose_columns(), MAX_TEXT_COLUMNS)
    period = _("{since} to {until}, from {places}")
    period = period.format(since=_moment(report.since), until=_moment(report.until), places=places)
    yield from folded(period, width, rest="  ")
    yield from _heading(report)
    if report.totals["messages"]:
        yield from _tables(report, rows)
        yield from _near(report)
    yield ""
    for advice in _next(report):
        yield from folded(advice, width, "- ", "  ")


def _heading(report: PeriodReport) -> Iterator[str]:
    """What was done, and what would have been done."""
    totals = report.totals
    yield _("{messages} messages to {recipients} recipients").format(
        messages=totals["messages"], recipients=totals["recipients"]
    )
    if done := _counted(report, DONE):
        yield _("done: {counts}").format(counts=done)
    if would := _counted(report, WOULD):
        yield _("would have been done, but for shadow or max_action: {counts}").format(counts=would)
    if totals["degraded"]:
        yield _("judged without all evidence (DNS, time): {number}").format(number=totals["degraded"])


def _counted(report: PeriodReport, words: Mapping[str, str]) -> str:
    """The totals that are not zero, each with its words."""
    told = (_(text).format(number=report.totals[name]) for name, text in words.items() if report.totals[name])
    return _(SEPARATOR).join(told)


def _tables(report: PeriodReport, rows: int) -> Iterator[str]:
    yield ""
    yield _row("", tuple(map(_, COLUMNS)))
    for table, title in TITLES.items():
        found = [
            (name, counts)
            for name, counts in ranked(report, table)
            if any(counts[word] for word in (*STOPPED, "tag"))
        ]
        cut = _(", {shown} of {all}").format(shown=rows, all=len(found)) if len(found) > rows else ""
        yield _(title) + cut + ("" if found else _(": none"))
        for name, counts in found[:rows]:
            shown = _("(no brand that is known)") if name == "?" else name
            yield _row(f"  {shown}", tuple(str(counts[word] or "-") for word in COUNTS))


def _row(name: str, counts: Sequence[str]) -> str:
    """A name and its numbers. A name that is too long has a line of its own, so that it is never cut."""
    numbers = "".join(" " * (8 - cell_len(each)) + each for each in counts)
    if cell_len(name) > NAME_COLUMNS:
        return f"{name}\n{' ' * NAME_COLUMNS}{numbers}"
    return f"{set_cell_size(name, NAME_COLUMNS)}{numbers}"


def _near(report: PeriodReport) -> Iterator[str]:
    last = ""
    for threshold, side, mail in report.near(SHOWN_NEAR):
        if not last:
            yield _("nearest to a threshold (of those that points decided)")
        if threshold != last:
            yield _("  {threshold} at {points}").format(
                threshold=threshold, points=f"{getattr(report.thresholds, threshold):g}"
            )
            last = threshold
        domain = next(iter(mail.names["author_domain"]), "?")
        where = _("above") if side == "above" else _("below")
        yield f"    {mail.score:>5g}  {where}  {mail.id or mail.queue_id}  {domain}"


def _next(report: PeriodReport) -> Iterator[str]:
    """What to do next."""
    totals = report.totals
    if not totals["messages"]:
        yield _(
            "No message came in this time, or the log does not reach so far: see --since, and sekisho status."
        )
        return
    stopped = any(totals[name] for name in ("held", "rejected", "would_hold", "would_reject"))
    if stopped:
        yield _(
            "Does an author's domain above send genuine mail? sekisho trace ID says why it was judged so. Mend the "
            "cause (trust.forwarders, a brand file); an allow entry is the last resort."
        )
    if both := [name for name, counts in ranked(report, "author_domain") if _judged_both_ways(counts)]:
        named = both[:SHOWN_DOMAINS] + ([_("others")] if len(both) > SHOWN_DOMAINS else [])
        yield _("Partly accepted and partly not: mail of {domains}. Begin with these.").format(
            domains=_(SEPARATOR).join(named)
        )
    if near := list(dict.fromkeys(threshold for threshold, _side, _mail in report.near(1))):
        yield _(
            "Look at the mails nearest to {thresholds}: genuine ones above it, forged ones below it?"
        ).format(thresholds=_(SEPARATOR).join(near))
    if totals["would_hold"] + totals["would_reject"]:
        yield _(
            "If all that would have been stopped is forged: enforce for a few recipients first (docs/operating.md, "
            "From shadow to enforce)."
        )
    if totals["held"]:
        yield _("What is held: sekisho quarantine list --since 7d")
    if not stopped:
        yield _("Nothing was held, and nothing would have been.")
    yield from _doubts(report)


def _doubts(report: PeriodReport) -> Iterator[str]:
    """Why the figures may be too low, and what to do about it."""
    if report.dropped:
        yield _("The log lost {number} lines: the figures are too low.").format(number=report.dropped)
    if report.damaged:
        yield _("{number} lines were cut on the way and cannot be read: the figures are too low.").format(
            number=report.damaged
        )
    if not (report.complete or report.dropped or report.damaged):
        yield _(
            "Some lines name not all findings or recipients: raise journal.findings and journal.recipients."
        )
    if report.begins is not None and (report.begins - report.since).days >= 1:
        yield _("The first message came on {moment}: the log may not reach back further.").format(
            moment=_moment(report.begins)
        )


def _judged_both_ways(counts: Mapping[str, int]) -> bool:
    return bool(counts["accept"]) and any(counts[word] for word in STOPPED)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
