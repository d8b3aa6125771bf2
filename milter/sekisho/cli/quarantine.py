"""`sekisho quarantine`: prints what is held and why, and the result of each operation."""

from __future__ import annotations

from collections.abc import Sequence
from gettext import gettext as _

from sekisho.cli import output
from sekisho.cli.folding import folded
from sekisho.cli.marked import mark
from sekisho.cli.opening import NeverMadeError, reviewing, who
from sekisho.cli.options import of_locale
from sekisho.cli.similar import refuse_unknown
from sekisho.config import Config
from sekisho.explain import held_facts, operation_details, operation_words
from sekisho.explain.held_facts import STATES
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

COLUMNS = (
    mark("id"), mark("held"), mark("score"), mark("state"), mark("brand"), mark("author"), mark("subject"), mark("for"),
)  # fmt: skip
HISTORY_COLUMNS = (mark("when"), mark("what"), mark("id"), mark("who"), mark("details"))
MAX_CELL_CHARS = 300  # of a text of a message


def list_entries(config: Config, wanted: Wanted, limit: int, before: str | None, style: str) -> None:
    """Print the wanted messages, newest first, at most `limit`; with `before`, those older than that id. Raises
    UsageError for a brand or a finding that no message can have."""
    try:
        with reviewing(config, reading=True) as review:
            found = review.list(who(), wanted, limit + 1, before)
    except NeverMadeError:
        found = ()
    if not found:
        refuse_unknown(config, wanted.brand, wanted.finding)
    entries = found[:limit]
    if style == "json":
        output.write_json([entry_document(entry) for entry in entries])
    elif entries:
        write_entries(entries)
    else:
        output.say(_("nothing is held") if wanted == EVERYTHING else _("nothing that is held is like that"))
    if len(found) > limit:
        output.say(
            _("There are more: --before {id} has the next ones, --limit raises the number.").format(
                id=entries[-1].id
            ),
            err=True,
        )


def write_entries(entries: Sequence[Entry]) -> None:
    """Print held messages as a table."""
    output.write_rows(tuple(map(_, COLUMNS)), [_cells(entry) for entry in entries], 5, range(4, 8))


def _cells(entry: Entry) -> tuple[str, ...]:
    states = [of_locale(STATES[state]) for state in sorted({copy.state for copy in entry.copies})]
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
        states = _(", ").join(of_locale(STATES[state]) for state in each.states)
        told = [each.entry, _("{number} deleted").format(number=each.copies)]
        if not each.copies:
            told.append(_("no copy to delete (they are: {states})").format(states=states))
        output.say("  ".join(told))
    if style == "text" and any(each.copies for each in closed):
        output.say(
            *folded(
                _(
                    "A deleted copy is not delivered and cannot be released any more. Until retention or a purge "
                    "removes the message, `sekisho quarantine export` has it."
                ),
                output.prose_columns(),
            ),
            err=True,
        )
    return 0 if all(each.copies for each in closed) else 1


def history(config: Config, record: str | None, limit: int, style: str) -> None:
    """Print the operations, newest first, at most `limit`; with `record`, those on that message."""
    try:
        with reviewing(config, reading=True) as review:
            found = review.history(record, limit + 1)
    except NeverMadeError:
        if record is not None:
            raise
        found = ()
    done = found[:limit]
    if style == "json":
        output.write_json([operation_document(each) for each in done])
    elif done:
        columns = tuple(map(_, HISTORY_COLUMNS))
        output.write_rows(columns, [_operation_cells(each) for each in done], 3, (3, 4))
    else:
        output.say(_("nothing was done yet"))
    if len(found) > limit:
        output.say(_("There are more: --limit raises the number."), err=True)


def _operation_cells(done: Operation) -> tuple[str, ...]:
    when = f"{done.at.astimezone():%Y-%m-%d %H:%M:%S}" if done.at else ""
    what = of_locale(operation_words(done.operation, done.result, done.note))
    details = operation_details(done.operation, done.reason, done.note)
    return tuple(
        printable(cell, MAX_CELL_CHARS) for cell in (when, what, done.entry or "", done.who, details)
    )
