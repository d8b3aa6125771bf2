"""`sekisho pause | resume | status | trace | report | doctor`: commands for the running daemon."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from sekisho.cli.commands.core import cli
from sekisho.cli.options import (
    Since,
    Span,
    config_option,
    configuration,
    existing,
    format_option,
    user_option,
)


@cli.command()
@click.option(
    "--for",
    "span",
    type=Span(),
    default="2h",
    show_default=True,
    metavar="SPAN|ever",
    help="How long, as 30m, 2h or 1d; `ever` is until `sekisho resume`.",
)
@config_option
def pause(span: timedelta | None, path: Path | None) -> None:
    """Accept all mail from now on, and only count it. Holds at once, and over a restart; the audit and the log say who
    did it."""
    from sekisho.cli import switching

    switching.pause(configuration(path), span)


@cli.command()
@config_option
def resume(path: Path | None) -> None:
    """End a pause, or the guard's fall-back to tagging."""
    from sekisho.cli import switching

    switching.resume(configuration(path))


@cli.command()
@format_option
@config_option
def status(style: str, path: Path | None) -> int:
    """Print the state of the daemon on one screen. Exit status 1 if it is not ready, is paused or tags only, or if mail
    waits in an outbox."""
    from sekisho.cli import status as command

    return command.run(configuration(path), style)


@cli.command()
@click.argument("what", metavar="ID|QUEUE-ID|MESSAGE-ID")
@format_option
@config_option
def trace(what: str, style: str, path: Path | None) -> int:
    """Print where a message is, and why. Prints in order of time what the log, the quarantine and the audit have about
    it. Exit status 1 if they have nothing."""
    from sekisho.cli import trace as command

    return command.run(configuration(path), what, style)


@cli.command()
@click.argument("files", nargs=-1, metavar="[FILE|-]...", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--since", type=Since(), default="7d", show_default=True, metavar="AGE|TIME", help="As 7d or 2026-11-23."
)
@click.option(
    "--until", type=Since(), default="0m", metavar="AGE|TIME", help="The end of the period (default: now)."
)
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True
)
@click.option(
    "--top",
    type=click.IntRange(1, 10_000),
    default=3,
    show_default=True,
    help="Rows of a table of the text at most.",
)
@config_option
def report(
    files: tuple[Path, ...],
    since: datetime | timedelta,
    until: datetime | timedelta,
    style: str,
    top: int,
    path: Path | None,
) -> None:
    """Sum up what was or would have been held, for whom and why. Reads the daemon's log with its rotated files, or the
    FILEs; - is standard input, as from `journalctl -u sekisho-milter -o cat`. Prints at most `--top` rows of a
    table."""
    from sekisho.cli import report as command
    from sekisho.cli.moments import moment_of

    command.run(configuration(path), files, moment_of(since), moment_of(until), style, top)


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
    type=click.Choice(
        ["postfix", "dns", "socket", "store", "clock", "guard", "files", "metrics", "smtp", "directory"]
    ),
    help="Leave a subject out; repeatable.",
)
@user_option
@format_option
@config_option
def doctor(
    postfix: Path | None, skip: tuple[str, ...], user: str | None, style: str, path: Path | None
) -> int:
    """Look for faults of the setup and print how to mend them. Looks at Postfix's settings, DNS, rights, store and
    disk, and changes nothing. Exit status 1 if anything is found."""
    from sekisho.cli import doctor as command

    return command.run(existing(path), postfix, skip, user, style)
