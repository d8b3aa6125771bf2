"""`sekisho quarantine purge`: removes messages for good, after it has said which and a person has agreed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from gettext import gettext as _
from gettext import ngettext

import click

from sekisho.cli import output
from sekisho.cli.opening import NeverMadeError, reviewing, who
from sekisho.cli.options import of_locale
from sekisho.cli.quarantine import write_entries
from sekisho.config import Config
from sekisho.explain.held_facts import STATES
from sekisho.held import Entry, State
from sekisho.review.documents import entry_document

MAX_SHOWN_ENTRIES = 10
LONGEST_AGE = timedelta(days=36_500)  # nothing is older, and the calendar has no year 0


def run(
    config: Config, age: timedelta, states: Sequence[str], *, dry_run: bool, yes: bool, style: str
) -> None:
    """Remove the messages, and print how many. With `dry_run`, print only which they are. Without `yes` the person at
    the terminal is asked. Raises UsageError if nobody can be asked."""
    if not (
        dry_run or yes or output.answers()
    ):  # also if nothing is due today: a script must not fail by chance
        raise click.UsageError(
            "this removes messages for good, and nobody is at a terminal to agree: say --yes (in a script or timer), "
            "or --dry-run to see which they are"
        )
    try:
        _purge(config, min(age, LONGEST_AGE), states, dry_run=dry_run, yes=yes, style=style)
    except NeverMadeError:
        if dry_run:
            _show(0, (), style)
        else:
            _tell(0, style)


def _purge(
    config: Config, age: timedelta, states: Sequence[str], *, dry_run: bool, yes: bool, style: str
) -> None:
    wanted = [State(each) for each in states]
    with reviewing(config) as review:
        if dry_run or not yes:
            number, oldest = review.purgeable(age, wanted, MAX_SHOWN_ENTRIES)
            if dry_run:
                _show(number, oldest, style)
                return
            if number and not _agreed(number, states):
                _tell(0, style)
                return
        gone = review.purge(age, wanted, who())
    _tell(gone, style)


def _tell(removed: int, style: str) -> None:
    if style == "json":
        output.write_json({"removed": removed})
    else:
        output.say(_("{number} removed").format(number=removed))


def _show(number: int, oldest: Sequence[Entry], style: str) -> None:
    if style == "json":
        output.write_json({"would_remove": number, "oldest": [entry_document(entry) for entry in oldest]})
        return
    if oldest:
        write_entries(oldest)
    said = _("{number} would be removed").format(number=number)
    above = _(", the oldest {number} of them above").format(number=len(oldest))
    output.say(said + (above if number > len(oldest) else ""))


def _agreed(number: int, states: Sequence[str]) -> bool:
    them = ngettext("{number} message", "{number} messages", number).format(number=number)
    question = _("Remove {messages} ({states}) with content and record, for good?")
    named = _(", ").join(of_locale(STATES[State(each)]) for each in states)
    return output.ask(question.format(messages=them, states=named))
