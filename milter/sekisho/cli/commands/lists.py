"""`sekisho pause | resume` and `sekisho list …`: what people change while the daemon runs; each is carried out by a
module of its own."""

# ruff: noqa: PLC0415 - a command imports what it runs, so that --help is instant

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import click

from sekisho.cli.commands.core import cli, config_option, configuration, existing, format_option
from sekisho.cli.commands.quarantine import Age

EVER = "ever"


class Span(click.ParamType):  # type: ignore[type-arg]
    """As `Age`, but longer than nothing; `ever` is None: without an end."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | None:
        if value == EVER:
            return None
        try:
            span = Age().convert(value, param, ctx)
        except (click.BadParameter, OverflowError):
            self.fail(f"{value!r} is no time such as 30m, 2h or 1d, and not `ever`", param, ctx)
        if not span:
            self.fail(f"{value!r} is no time at all", param, ctx)
        return span


LISTS = click.Choice(["allow", "block"])
scope_option = click.option(
    "--scope",
    default="",
    metavar="WHO",
    help="A recipient, a recipient domain or a group; else the whole site.",
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

    switching.pause(configuration(existing(path)), span)


@cli.command()
@config_option
def resume(path: Path | None) -> None:
    """End a pause, or the guard's fall-back to tagging."""
    from sekisho.cli import switching

    switching.resume(configuration(existing(path)))


@cli.command()
@format_option
@config_option
def status(style: str, path: Path | None) -> None:
    """Print the state of the daemon on one screen. Exit status 1 if it is not ready, is paused or tags only, or if mail
    waits in an outbox."""
    from sekisho.cli import status as command

    raise SystemExit(command.run(configuration(existing(path)), style))


@cli.group("list")
def lists() -> None:
    """Block and allow entries, changed while the daemon runs. They add to those of the configuration."""


@lists.command("add")
@click.argument("name", type=LISTS, metavar="allow|block")
@click.argument("entry")
@scope_option
@click.option("--expires", default="", metavar="WHEN", help="A day or a time, as 2026-12-31.")
@click.option("--comment", default="", help="Why.")
@click.option("--authenticated", is_flag=True, help="Only if the author's domain is proven (allow).")
@click.option("--dkim", default="", metavar="DOMAIN", help="Only if that domain has signed (allow).")
@config_option
def list_add(name: str, entry: str, path: Path | None, **more: object) -> None:
    """Add an entry. ENTRY is user@example.jp, example.jp, .example.jp (that domain and all below it) or
    192.0.2.0/24."""
    from sekisho.cli import listing

    listing.add(configuration(existing(path)), name, {"entry": entry, **more})


@lists.command("remove")
@click.argument("name", type=LISTS, metavar="allow|block")
@click.argument("entry")
@scope_option
@config_option
def list_remove(name: str, entry: str, scope: str, path: Path | None) -> None:
    """Remove an entry that `list add` made."""
    from sekisho.cli import listing

    listing.remove(configuration(existing(path)), name, entry, scope)


@lists.command("list")
@format_option
@config_option
def list_list(style: str, path: Path | None) -> None:
    """List all entries. Says which stand in the configuration and which were made with `list add`."""
    from sekisho.cli import listing

    listing.show(configuration(existing(path)), style)


@lists.command("import")
@click.argument("file", type=click.File("rb"))
@config_option
def list_import(file: BinaryIO, path: Path | None) -> None:
    """Add the entries of a file that `list export` wrote. All are added or none; `-` is standard input."""
    from sekisho.cli import listing

    listing.take(configuration(existing(path)), file.read())


@lists.command("export")
@config_option
def list_export(path: Path | None) -> None:
    """Print the entries of `list add`, as JSON for `list import`."""
    from sekisho.cli import listing

    listing.export(configuration(existing(path)))
