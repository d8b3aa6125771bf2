"""`sekisho report`: what was held, or in shadow would have been, for whom and why; on one screen that ends with what to
do next."""

from __future__ import annotations

import csv
import io
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click
from rich.cells import cell_len, set_cell_size

from sekisho.cli import output
from sekisho.config import Config
from sekisho.review.log_files import UnreadableLogError, files_of, lines_of
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
TITLES = {
    "recipient_domain": "for whom (recipients' domain)",
    "brand": "in the name of (brand)",
    "author_domain": "from (author's domain)",
    "finding": "because of (finding)",
}
NAME_COLUMNS = 38
TEXT_COLUMNS = 78
SHOWN_DOMAINS = 3  # named in an advice
SHOWN_NEAR = 2  # messages on each side of a threshold
COUNTS = ("reject", "quarantine", "tag", "accept", "total")


def run(
    config: Config, files: Sequence[Path], since: datetime, until: datetime, style: str, rows: int
) -> None:
    """Print the report of a period: from these files (`-` is standard input), else from the daemon's log. `rows` is how
    many rows a table of the text has at most. Raises UsageError if there is no log to read, and ClickException if it
    cannot be read."""
    if since >= until:
        raise click.UsageError("--since must be before --until")
    policy, journal = config.policy, config.journal
    report = PeriodReport(since, until, Thresholds(policy.tag, policy.quarantine, policy.reject))
    try:
        lines = _lines(config, files, since)
        report_of(lines, report, findings=journal.findings, recipients=journal.recipients)
    except UnreadableLogError as error:
        raise click.ClickException(str(error)) from error
    if style == "json":
        output.write_json(report_document(report))
    elif style == "csv":
        output.write(_csv(report))
    else:
        output.write("".join(f"{line.rstrip()}\n" for line in _text(report, rows)))


def _lines(config: Config, files: Sequence[Path], since: datetime) -> Iterable[str]:
    """Raises UsageError without a log, UnreadableLogError."""
    if list(files).count(STDIN) > 1:
        raise click.UsageError("standard input (-) can be read once")
    if files:
        return (line for file in files for line in (_stdin() if file == STDIN else lines_of([file])))
    if not config.log.target.startswith("/"):
        raise click.UsageError(
            f"the log goes to {config.log.target} and is no file. Give it: "
            "journalctl -u sekisho-milter -o cat --since=-7d | sekisho report --since 7d -"
        )
    log = Path(config.log.target)
    found = files_of(log, since)
    if not found and not log.exists():
        raise click.ClickException(f"{log}: the log is not there; has the daemon run?")
    return lines_of(found, (b"event",))


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
    for word in WORDS:
        writer.writerow(("verdict", word, report.verdicts[word], *[""] * (len(WORDS) + 2)))
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


def _text(report: PeriodReport, rows: int) -> Iterator[str]:
    yield f"{_moment(report.since)} to {_moment(report.until)}, from the {report.source}"
    yield from _heading(report)
    if report.totals["messages"]:
        yield from _tables(report, rows)
        yield from _near(report)
    yield ""
    for advice in _next(report):
        yield textwrap.fill(
            advice,
            TEXT_COLUMNS,
            initial_indent="- ",
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _heading(report: PeriodReport) -> Iterator[str]:
    """What was done, and what would have been done."""
    totals = report.totals
    yield f"{totals['messages']} messages to {totals['recipients']} recipients"
    names = [
        name for name in TOTALS[3:] if totals[name] and name != "degraded" and not name.startswith("would_")
    ]
    if totals["unjudged"]:
        names.append("unjudged")
    if names:
        yield "done: " + ", ".join(f"{totals[name]} {name}" for name in names)
    would = {name.removeprefix("would_"): totals[name] for name in TOTALS if name.startswith("would_")}
    if any(would.values()):
        said = ", ".join(f"{word} {number}" for word, number in would.items() if number)
        yield f"would have been done, but for shadow or max_action: {said}"
    if totals["degraded"]:
        yield f"judged without all evidence (DNS, time): {totals['degraded']}"


def _tables(report: PeriodReport, rows: int) -> Iterator[str]:
    yield ""
    yield _row("", ("reject", "hold", "tag", "accept", "all"))
    for table, title in TITLES.items():
        found = [
            (name, counts)
            for name, counts in ranked(report, table)
            if any(counts[word] for word in (*STOPPED, "tag"))
        ]
        more = f", {rows} of {len(found)}" if len(found) > rows else ""
        yield title + more + ("" if found else ": none")
        for name, counts in found[:rows]:
            shown = "(no brand that is known)" if name == "?" else name
            yield _row(f"  {shown}", tuple(str(counts[word] or "-") for word in COUNTS))


def _row(name: str, counts: Sequence[str]) -> str:
    """A name and its numbers. A name that is too long has a line of its own, so that it is never cut."""
    numbers = "".join(f"{each:>8}" for each in counts)
    if cell_len(name) > NAME_COLUMNS:
        return f"{name}\n{' ' * NAME_COLUMNS}{numbers}"
    return f"{set_cell_size(name, NAME_COLUMNS)}{numbers}"


def _near(report: PeriodReport) -> Iterator[str]:
    last = ""
    for threshold, side, mail in report.near(SHOWN_NEAR):
        if not last:
            yield "nearest to a threshold (of those that points decided)"
        if threshold != last:
            yield f"  {threshold} at {getattr(report.thresholds, threshold):g}"
            last = threshold
        domain = next(iter(mail.names["author_domain"]), "?")
        yield f"    {mail.score:>5g} {side}  {mail.id or mail.queue_id}  {domain}"


def _next(report: PeriodReport) -> Iterator[str]:
    """What to do next."""
    totals = report.totals
    if not totals["messages"]:
        yield "No message came in this time, or the log does not reach so far: see --since, and sekisho status."
        return
    stopped = sum(totals[name] for name in ("held", "rejected", "would_hold", "would_reject"))
    if stopped:
        yield (
            "Does an author's domain above send genuine mail? sekisho trace ID says why it was judged so. Mend the "
            "cause (trust.forwarders, a brand file); an allow entry is the last resort."
        )
    if both := [name for name, counts in ranked(report, "author_domain") if _judged_both_ways(counts)]:
        more = " and others" if len(both) > SHOWN_DOMAINS else ""
        yield (
            f"Mail of {', '.join(both[:SHOWN_DOMAINS])}{more} was partly accepted and partly not: begin with these."
        )
    if any(True for _ in report.near(1)):
        yield "Look at the mails nearest to quarantine: genuine ones above it, forged ones below it?"
    if totals["would_hold"] + totals["would_reject"]:
        yield (
            "If all that would have been stopped is forged: enforce for a few recipients first (docs/operating.md, "
            "From shadow to enforce)."
        )
    if totals["held"]:
        yield "What is held: sekisho quarantine list --since 7d"
    if not stopped:
        yield "Nothing was held, and nothing would have been."
    yield from _doubts(report)


def _doubts(report: PeriodReport) -> Iterator[str]:
    """Why the figures may be too low, and what to do about it."""
    if report.dropped:
        yield f"The log lost {report.dropped} lines: the figures are too low."
    elif not report.complete:
        yield "Some lines name not all findings or recipients: raise journal.findings and journal.recipients."
    if report.begins is not None and (report.begins - report.since).days >= 1:
        yield f"The first message came on {_moment(report.begins)}: the log may not reach back further."


def _judged_both_ways(counts: Mapping[str, int]) -> bool:
    return bool(counts["accept"]) and any(counts[word] for word in STOPPED)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
