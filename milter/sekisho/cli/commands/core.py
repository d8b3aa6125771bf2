"""`sekisho` itself, and the commands that judge mail: `serve`, `check`, `evaluate`."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho import __version__
from sekisho.cli.options import (
    config_option,
    existing,
    format_option,
    parse_without,
    without_option,
)
from sekisho.cli.types import NewFile


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sekisho")
def cli() -> None:
    """A checkpoint for mail: who a message claims to be from, against who is proven to have sent it."""


@cli.command()
@click.option(
    "--smtp",
    is_flag=True,
    help="Run the SMTP door alone, for MTAs without milters.",
)
@config_option
def serve(smtp: bool, path: Path | None) -> int:
    """Run the milter, or the SMTP door. Exit status 69 if something that it needs is not there yet."""
    from sekisho import service

    return service.serve(existing(path), smtp=smtp)


@cli.command()
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True)
)
@click.option(
    "--case", "case", type=click.Path(path_type=Path), help="The case file, if it is not beside the mail."
)
@click.option(
    "--dns/--no-dns", "ask_dns", default=False, help="Ask real DNS where a message has no case file."
)
@without_option
@click.option(
    "--lang",
    "language",
    type=click.Choice(["both", "en", "ja"]),
    default="both",
    show_default=True,
    help="The languages of the text.",
)
@click.option(
    "--shipped", is_flag=True, help="Judge with the shipped state, without anything of this machine."
)
@format_option
@config_option
def check(  # noqa: PLR0913, PLR0917 - an argument for each option
    files: tuple[Path, ...],
    case: Path | None,
    ask_dns: bool,
    without: str,
    language: str,
    shipped: bool,
    style: str,
    path: Path | None,
) -> None:
    """Judge messages as this machine's milter would, and say why. FILE - is standard input."""
    from sekisho.cli import basis
    from sekisho.cli import check as command

    command.run(
        basis.for_check(path, shipped=shipped),
        files,
        case,
        ask_dns=ask_dns,
        without=parse_without(without),
        style=style,
        language=language,
    )


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Processes (default: the cores).")
@without_option
@click.option(
    "--without-brand",
    "brands",
    multiple=True,
    metavar="ID|all",
    help="Judge with a registry that lacks this brand, or all. May be repeated.",
)
@click.option(
    "--by",
    default="folder,kind,score,finding",
    show_default=True,
    metavar="WHAT,…",
    help="The tables: folder, kind, lang, brand, finding, family, score.",
)
@click.option(
    "--top", type=click.IntRange(1, 10_000), default=40, show_default=True, help="Rows of a table at most."
)
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
@click.option(
    "--rows",
    type=NewFile(),
    metavar="FILE",
    help="Write a line for each case into this file: CSV if its name ends in .csv, else JSON Lines.",
)
@click.option(
    "--registry",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Judge with the brand files of this folder instead of the shipped ones.",
)
@click.option(
    "--site", is_flag=True, help="Judge as this machine does: its configuration, lists and overlays."
)
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, readable=False),
    help="Judge as this configuration says (default: the shipped state).",
)
def evaluate(  # noqa: PLR0913, PLR0917 - an argument for each option
    folder: Path,
    jobs: int | None,
    without: str,
    brands: tuple[str, ...],
    by: str,
    top: int,
    style: str,
    rows: Path | None,
    registry: Path | None,
    site: bool,
    path: Path | None,
) -> int:
    """Judge every case below a folder and measure the result. Prints hits, false alarms, how much each finding
    contributes, and the cases that were judged wrongly.

    It judges with the shipped state, so the result is the same on every machine, unless --site or --config says
    otherwise. Exit status 2 if a case cannot be read; the others are judged all the same.
    """
    from sekisho.cli import basis
    from sekisho.cli import evaluate as command
    from sekisho.evaluation import Omissions

    report = command.Report(style, command.View(command.parse_views(by), top), rows)
    omissions = Omissions(parse_without(without), frozenset(brands))
    return command.run(basis.for_evaluate(path, registry, site=site), folder, omissions, report, jobs)
