"""`sekisho brands lint | list | show`."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.cli.commands.core import cli
from sekisho.cli.options import config_option, configuration, format_option


@cli.group()
def brands() -> None:
    """The brands: the shipped files and those of your own."""


@brands.command("lint")
@format_option
@config_option
def brands_lint(style: str, path: Path | None) -> int:
    """Print what is wrong or risky in the brand files. Exit status 1 if anything is."""
    from sekisho.cli import brands as command

    return command.lint(configuration(path), style)


@brands.command("list")
@format_option
@config_option
def brands_list(style: str, path: Path | None) -> None:
    """List every brand with the domains that prove it."""
    from sekisho.cli import brands as command

    command.list_brands(configuration(path), style)


@brands.command("show")
@click.argument("brand")
@format_option
@config_option
def brands_show(brand: str, style: str, path: Path | None) -> None:
    """Print all that is known of one brand, by its id or a name."""
    from sekisho.cli import brands as command

    command.show(configuration(path), brand, style)
