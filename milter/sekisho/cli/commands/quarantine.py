"""`sekisho quarantine list | show | release | delete | purge | export | history`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from sekisho.cli.commands.core import cli
from sekisho.cli.options import (
    Age,
    ScoreRange,
    Since,
    config_option,
    configuration,
    format_option,
    language_of_locale,
)
from sekisho.cli.types import Address, NewFile
from sekisho.held import ReleaseReason, State

REASONS = tuple(each.value for each in ReleaseReason)
STATES = tuple(str(state) for state in State)
REMOVABLE = ("held", "released", "uncertain", "deleted", "expired")
records_argument = click.argument("records", nargs=-1, required=True, metavar="ID...")
recipients_option = click.option(
    "--rcpt", "recipients", multiple=True, metavar="ADDRESS", help="Only this recipient's copy; repeatable."
)


@cli.group()
def quarantine() -> None:
    """Held messages: list, read, release and delete them."""


@quarantine.command("list")
@click.option("--author", metavar="TEXT", help="Only if the author's name or address has this text.")
@click.option(
    "--rcpt",
    "recipient",
    metavar="ADDRESS|PART",
    help="Only of this recipient; a part, as a domain: of all whose address has it.",
)
@click.option(
    "--brand", metavar="ID", help="Only in the name of this brand, as `sekisho brands list` has it."
)
@click.option("--finding", metavar="ID", help="Only with this finding, as brand.display_name.")
@click.option("--since", type=Since(), metavar="AGE|TIME", help="Only held since then: 7d, 2026-11-23.")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    help="Only with a copy in this state; repeatable.",
)
@click.option(
    "--score",
    type=ScoreRange(),
    default="..",
    metavar="N..M",
    help="Only with such a score: 8..12, 15.., ..9.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--before", metavar="ID", help="Entries older than this one: the next page.")
@format_option
@config_option
def quarantine_list(  # noqa: PLR0913, PLR0917 - an argument for each option
    author: str | None,
    recipient: str | None,
    brand: str | None,
    finding: str | None,
    since: datetime | timedelta | None,
    states: tuple[str, ...],
    score: tuple[float | None, float | None],
    limit: int,
    before: str | None,
    style: str,
    path: Path | None,
) -> None:
    """List messages of the quarantine, newest first. Prints at most `--limit` of them; those that all options fit."""
    from sekisho.cli import quarantine as command
    from sekisho.cli.moments import moment_of
    from sekisho.held import Wanted

    earliest = None if since is None else moment_of(since)
    wanted = Wanted(author, recipient, brand, finding, tuple(map(State, states)), earliest, *score)
    command.list_entries(configuration(path), wanted, limit, before, style)


@quarantine.command("show")
@click.argument("record", metavar="ID")
@click.option("--raw", is_flag=True, help="The message itself, as the milter saw it.")
@click.option(
    "--lang",
    "language",
    type=click.Choice(["both", "en", "ja"]),
    default=language_of_locale,
    help="The languages of the text (default: Japanese or English as the locale says, else both).",
)
@format_option
@config_option
def quarantine_show(record: str, raw: bool, language: str, style: str, path: Path | None) -> None:
    """Print one message and why it is held. Says which sender it claims, which one is proven, and each reason."""
    from sekisho.cli import quarantine as command

    command.show_entry(configuration(path), record, raw=raw, style=style, language=language)


@quarantine.command("release")
@records_argument
@recipients_option
@click.option(
    "--to", type=Address(), default=None, metavar="ADDRESS", help="Send the one copy there instead."
)
@click.option(
    "--reason", type=click.Choice(REASONS), default=ReleaseReason.REQUESTED.value, show_default=True
)
@click.option(
    "--uncertain",
    is_flag=True,
    help="Also copies that Postfix may have already: they may arrive a second time.",
)
@format_option
@config_option
def release(
    records: tuple[str, ...],
    recipients: tuple[str, ...],
    to: str | None,
    reason: str,
    uncertain: bool,
    style: str,
    path: Path | None,
) -> int:
    """Hand held messages back to Postfix, past the filter. Exit status 1 if any copy was not released."""
    from sekisho.cli import quarantine as command
    from sekisho.cli.opening import who
    from sekisho.release import ReleaseRequest

    request = ReleaseRequest(who(), reason, frozenset(recipients), to or "", uncertain)
    return command.release(configuration(path), records, request, style)


@quarantine.command("delete")
@records_argument
@recipients_option
@click.option("--uncertain", is_flag=True, help="Also copies that Postfix may have already.")
@format_option
@config_option
def delete(
    records: tuple[str, ...], recipients: tuple[str, ...], uncertain: bool, style: str, path: Path | None
) -> int:
    """Close held copies without delivering them. They cannot be released any more; retention or `purge` later removes
    content and record. Exit status 1 if an entry had no copy to close."""
    from sekisho.cli import quarantine as command

    return command.delete(configuration(path), records, recipients, uncertain, style)


@quarantine.command("purge")
@click.option("--older-than", "age", type=Age(), required=True, metavar="AGE", help="As 30d, 12h or 5m.")
@click.option(
    "--state",
    "states",
    type=click.Choice(REMOVABLE),
    multiple=True,
    default=("released", "deleted", "expired"),
    show_default=True,
    help="States that all copies must be in; repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option(
    "--yes", is_flag=True, help="Do not ask. Needed where nobody can answer: in scripts and timers."
)
@format_option
@config_option
def purge(
    age: timedelta, states: tuple[str, ...], dry_run: bool, yes: bool, style: str, path: Path | None
) -> None:
    """Remove messages with content and record, for good. Asks first."""
    from sekisho.cli import purging

    purging.run(configuration(path), age, states, dry_run=dry_run, yes=yes, style=style)


@quarantine.command("export")
@records_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["eml", "mbox"]),
    default="eml",
    show_default=True,
    help="eml: the very bytes; mbox: all of them in one file (mboxrd), to standard output or --output.",
)
@click.option("--output", type=NewFile(), help="A file, or for several eml an existing directory.")
@click.option(
    "--case/--no-case",
    "case",
    default=None,
    help="Beside each eml file its case: NAME.json, with which `sekisho check` judges it as it was judged. "
    "Default: with --output.",
)
@config_option
def export(
    records: tuple[str, ...], form: str, output: Path | None, case: bool | None, path: Path | None
) -> None:
    """Write held messages to files or to standard output. The audit records it."""
    from sekisho.cli import exporting

    exporting.run(configuration(path), records, form, output, with_case=case)


@quarantine.command("history")
@click.argument("record", required=False, metavar="[ID]")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@format_option
@config_option
def history(record: str | None, limit: int, style: str, path: Path | None) -> None:
    """Print who did what to the quarantine, newest first. With ID, to that message only; at most `--limit`
    lines."""
    from sekisho.cli import quarantine as command

    command.history(configuration(path), record, limit, style)
