"""`sekisho quarantine`: prints what is held and why, and the result of each operation."""

from __future__ import annotations

from collections.abc import Sequence

from sekisho.cli import output
from sekisho.cli.opening import reviewing, who
from sekisho.config import Config
from sekisho.explain import held_facts
from sekisho.held import EVERYTHING, Entry, Operation, Wanted
from sekisho.release import ReleaseRequest
from sekisho.review.documents import (
    brand_of,
    entry_document,
    judgement_of,
    operation_document,
    release_document,
)
from sekisho.text import printable

COLUMNS = ("id", "held", "score", "state", "brand", "author", "subject", "for")
MAX_CELL_CHARS = 300  # of a text of a message


def list_entries(config: Config, wanted: Wanted, limit: int, before: str | None, style: str) -> None:
    """Print the wanted messages, newest first, at most `limit`; with `before`, those older than that id."""
    with reviewing(config, reading=True) as review:
        entries = review.list(who(), wanted, limit, before)
    if style == "json":
        output.write_json([entry_document(entry) for entry in entries])
        return
    if not entries:
        output.say("nothing is held" if wanted == EVERYTHING else "nothing that is held is like that")
        return
    write_entries(entries)


def write_entries(entries: Sequence[Entry]) -> None:
    """Print held messages as a table."""
    output.write_rows(COLUMNS, [_cells(entry) for entry in entries], 5, ("brand", "author", "subject", "for"))


def _cells(entry: Entry) -> tuple[str, ...]:
    states = sorted({str(copy.state.value) for copy in entry.copies})
    return (
        entry.id,
        f"{entry.held_at.astimezone():%Y-%m-%d %H:%M}",
        f"{entry.score:g}",
        ", ".join(states),
        brand_of(entry) or "",
        printable(entry.author, MAX_CELL_CHARS),
        printable(entry.subject, MAX_CELL_CHARS),
        ", ".join(printable(copy.recipient.address, MAX_CELL_CHARS) for copy in entry.copies),
    )


def show_entry(config: Config, record: str, *, raw: bool, style: str, language: str) -> None:
    """Print one held message with its evidence in `en`, `ja` or `both` languages; with `raw`, its bytes."""
    with reviewing(config, reading=not raw) as review:
        entry = review.show(record)
        if raw:
            output.write_raw(review.source(entry, who()))
            return
    if style == "json":
        output.write_json(entry_document(entry) | {"evidence": dict(entry.document)})
        return
    from sekisho.cli import page  # noqa: PLC0415 - it brings all checks: `quarantine list` does without

    page.show(output.console(), judgement_of(entry), language, held_facts(entry))


def release(config: Config, records: Sequence[str], request: ReleaseRequest, style: str) -> int:
    """Release copies and print the result of each. Returns the exit status: 0 if all were released, else 1."""
    with reviewing(config) as review:
        done = review.release(records, request)
    if style == "json":
        output.write_json([release_document(each) for each in done])
    for each in done if style == "text" else ():
        output.say(f"{each.entry}  {printable(each.recipient, 320)}  {each.state.value}  {each.text}")
    return 0 if all(each.released for each in done) else 1


def delete(
    config: Config, records: Sequence[str], recipients: Sequence[str], uncertain: bool, style: str
) -> int:
    """Close copies. Returns the exit status: 0 if each record had a copy to close, else 1."""
    with reviewing(config) as review:
        closed = review.delete(records, who(), recipients, uncertain=uncertain)
    if style == "json":
        output.write_json([{"id": each.entry, "copies": each.copies} for each in closed])
    for each in closed if style == "text" else ():
        output.say(f"{each.entry}  {each.copies} deleted")
    return 0 if all(each.copies for each in closed) else 1


def history(config: Config, record: str | None, limit: int, style: str) -> None:
    """Print the operations, newest first, at most `limit`; with `record`, those on that message."""
    with reviewing(config, reading=True) as review:
        done = review.history(record, limit)
    if style == "json":
        output.write_json([operation_document(each) for each in done])
        return
    if not done:
        output.say("nothing was done yet")
        return
    columns = ("when", "what", "result", "id", "who", "reason", "note")
    output.write_rows(columns, [_operation_cells(each) for each in done], 4, ("who", "note"))


def _operation_cells(done: Operation) -> tuple[str, ...]:
    when = f"{done.at.astimezone():%Y-%m-%d %H:%M:%S}" if done.at else ""
    cells = (when, done.operation, done.result, done.entry or "", done.who, done.reason, done.note)
    return tuple(printable(cell, 300) for cell in cells)
