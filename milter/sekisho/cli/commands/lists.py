"""`sekisho list add | remove | list | import | export`."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from sekisho.cli.commands.core import cli
from sekisho.cli.options import config_option, configuration, format_option
from sekisho.cli.types import InputFile

LISTS = click.Choice(["allow", "block"])
force_option = click.option(
    "--force",
    is_flag=True,
    help="Also an allow entry that lets strangers in or drops a condition of the one before, and an expired one.",
)
scope_option = click.option(
    "--scope",
    default="",
    metavar="WHO",
    help="A recipient, a recipient domain or a group; else the whole site.",
)


@cli.group("list")
def lists() -> None:
    """Block and allow entries, changed while the daemon runs. They add to those of the configuration."""


@lists.command("add")
@click.argument("name", type=LISTS, metavar="allow|block")
@click.argument("entry")
@scope_option
@click.option(
    "--expires", default="", metavar="WHEN", help="A day or a time, as 2026-12-31, by the local clock."
)
@click.option("--comment", default="", help="Why.")
@click.option("--authenticated", is_flag=True, help="Only if the author's domain is proven (allow).")
@click.option("--dkim", default="", metavar="DOMAIN", help="Only if that domain has signed (allow).")
@force_option
@config_option
def list_add(name: str, entry: str, force: bool, path: Path | None, **more: object) -> None:
    """Add an entry. ENTRY is user@example.jp, example.jp, .example.jp (that domain and all below it) or
    192.0.2.0/24."""
    from sekisho.cli import listing

    listing.add(configuration(path), name, {"entry": entry, **more}, force=force)


@lists.command("remove")
@click.argument("name", type=LISTS, metavar="allow|block")
@click.argument("entry")
@scope_option
@config_option
def list_remove(name: str, entry: str, scope: str, path: Path | None) -> None:
    """Remove an entry that `list add` made."""
    from sekisho.cli import listing

    listing.remove(configuration(path), name, entry, scope)


@lists.command("list")
@format_option
@config_option
def list_list(style: str, path: Path | None) -> None:
    """List all entries. Says which stand in the configuration and which were made with `list add`."""
    from sekisho.cli import listing

    listing.show(configuration(path), style)


@lists.command("import")
@click.argument("file", type=InputFile("rb"))
@force_option
@config_option
def list_import(file: BinaryIO, force: bool, path: Path | None) -> None:
    """Add the entries of a file that `list export` wrote. All are added or none; `-` is standard input."""
    from sekisho.cli import listing
    from sekisho.runtime_changes.lists import MAX_EXPORT_BYTES

    data = file.read(MAX_EXPORT_BYTES + 1)
    listing.import_entries(configuration(path), data, file.name, force=force)


@lists.command("export")
@config_option
def list_export(path: Path | None) -> None:
    """Print the entries of `list add`, as JSON for `list import`."""
    from sekisho.cli import listing

    listing.export(configuration(path))
