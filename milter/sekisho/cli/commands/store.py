"""`sekisho store check | backup | restore | copy | retention`."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.cli.commands.core import cli
from sekisho.cli.options import config_option, configuration, format_option
from sekisho.cli.types import NewFile


@cli.group("store")
def store() -> None:
    """The quarantine's database: check, back up, restore, copy."""


@store.command("check")
@format_option
@config_option
def check(style: str, path: Path | None) -> int:
    """Check the whole database. Looks at its structure, at rows that belong to nothing, and at the digest of each
    message. Exit status 1 if anything is wrong."""
    from sekisho.cli import store as command

    return command.check(configuration(path), style)


@store.command("backup")
@click.argument("target", metavar="DEST", type=NewFile())
@config_option
def backup(target: Path, path: Path | None) -> None:
    """Write a copy to DEST, a new file, while the daemon runs. For PostgreSQL: print the command."""
    from sekisho.cli import store as command

    command.write_backup(configuration(path), target)


@store.command("restore")
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path))
@config_option
def restore(source: Path, path: Path | None) -> None:
    """Put a backup in the place of the database. The daemon must not run; the old database is kept."""
    from sekisho.cli import store as command

    command.restore_backup(configuration(path), source)


@store.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--password-file",
    "secret",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="With the password for PostgreSQL; else store.password_file of the configuration.",
)
@config_option
def copy(source: str, target: str, secret: Path | None, path: Path | None) -> int:
    """Copy everything into another, empty store. FROM and TO are each a path or a URL as in store.url. The daemon must
    not run. Exit status 1 if a message was damaged already."""
    from sekisho.cli import store as command

    return command.copy_to(configuration(path), source, target, secret)


@store.command("retention")
@click.option("--resume", is_flag=True, help="Believe the clock as it stands now.")
@format_option
@config_option
def retention(resume: bool, style: str, path: Path | None) -> None:
    """Print the state of retention. Says when it last ran, whether it is paused and why, and what is due."""
    from sekisho.cli import retention as command

    command.show(configuration(path), resume=resume, style=style)
