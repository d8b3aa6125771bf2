"""The commands that act on the quarantine, and those that look into what happened; each is carried out by a
module of its own."""

# ruff: noqa: PLC0415 - a command imports what it runs, so that --help is instant

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import click

from sekisho.cli.commands.core import (
    cli,
    config_option,
    configuration,
    existing,
    format_option,
    quarantine,
    user_option,
)
from sekisho.held import ReleaseReason

REASONS = tuple(each.value for each in ReleaseReason)
STATES = ("held", "released", "uncertain", "deleted", "expired")
_AGE = re.compile(r"(\d{1,6})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}

records_argument = click.argument("records", nargs=-1, required=True, metavar="ID...")
recipients_option = click.option(
    "--rcpt", "recipients", multiple=True, metavar="ADDRESS", help="Only this recipient's copy; repeatable."
)


class Age(click.ParamType):  # type: ignore[type-arg]
    """`30d`, `12h` or `5m` as a timedelta."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = _AGE.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is no age such as 30d, 12h or 5m", param, ctx)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})


@quarantine.command("release")
@records_argument
@recipients_option
@click.option("--to", default="", metavar="ADDRESS", help="Send the one copy there instead.")
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
    to: str,
    reason: str,
    uncertain: bool,
    style: str,
    path: Path | None,
) -> None:
    """Hand held messages back to Postfix, past the filter. Exit status 1 if any copy was not released."""
    from sekisho.cli import act

    if to and not re.fullmatch(r"[^\s<>@]+@[^\s<>@]+", to):
        raise click.UsageError(f"--to needs an address, not {to!r}")
    wish = act.wish(reason, recipients, to, again=uncertain)
    raise SystemExit(act.release(configuration(path), records, wish, style))


@quarantine.command("delete")
@records_argument
@recipients_option
@click.option("--uncertain", is_flag=True, help="Also copies that Postfix may have already.")
@config_option
def delete(records: tuple[str, ...], recipients: tuple[str, ...], uncertain: bool, path: Path | None) -> None:
    """Close held copies without delivering them. Retention or `purge` later removes content and record."""
    from sekisho.cli import act

    raise SystemExit(act.delete(configuration(path), records, recipients, uncertain))


@quarantine.command("purge")
@click.option("--older-than", "age", type=Age(), required=True, metavar="AGE", help="As 30d, 12h or 5m.")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    default=("released", "deleted", "expired"),
    show_default=True,
    help="States that all copies must be in; repeatable.",
)
@config_option
def purge(age: timedelta, states: tuple[str, ...], path: Path | None) -> None:
    """Remove messages with content and record, for good."""
    from sekisho.cli import act

    act.purge(configuration(path), age, states)


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
@click.option(
    "--output", type=click.Path(path_type=Path), help="A file, or for several eml an existing directory."
)
@config_option
def export(records: tuple[str, ...], form: str, output: Path | None, path: Path | None) -> None:
    """Write held messages out. The audit remembers it."""
    from sekisho.cli import exporting

    exporting.run(configuration(path), records, form, output)


@quarantine.command("history")
@click.argument("record", required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@format_option
@config_option
def history(record: str | None, limit: int, style: str, path: Path | None) -> None:
    """Print who did what to the quarantine, newest first. With RECORD, to that message only."""
    from sekisho.cli import act

    act.history(configuration(path), record, limit, style)


@cli.command()
@click.argument("what", metavar="ID|QUEUE-ID|MESSAGE-ID")
@format_option
@config_option
def trace(what: str, style: str, path: Path | None) -> None:
    """Print where a message is, and why. Tells in order what the log, the quarantine and the audit know of it."""
    from sekisho.cli import trace

    raise SystemExit(trace.run(configuration(path), what, style))


@cli.command()
@click.option(
    "--postfix-config",
    "postfix",
    type=click.Path(path_type=Path, file_okay=False),
    help="Postfix's configuration directory, if it is not the default one.",
)
@click.option(
    "--skip",
    multiple=True,
    type=click.Choice(["postfix", "dns", "socket", "store", "clock", "guard", "files"]),
    help="Leave a subject out; repeatable.",
)
@user_option
@format_option
@config_option
def doctor(
    postfix: Path | None, skip: tuple[str, ...], user: str | None, style: str, path: Path | None
) -> None:
    """Look for faults of the setup and print how to mend them. Looks at Postfix's settings, DNS, rights, store and
    disk, and changes nothing. Exit status 1 if anything is found."""
    from sekisho.cli import doctor as command

    raise SystemExit(command.run(existing(path), postfix, skip, user, style))
