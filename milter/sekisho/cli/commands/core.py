"""`sekisho` itself, and the commands that judge mail: `serve`, `check`, `evaluate`."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho import __version__
from sekisho.cli.options import (
    config_option,
    configuration,
    existing,
    format_option,
    parse_without,
    without_option,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sekisho")
def cli() -> None:
    """A checkpoint for mail: who a message claims to be from, against who is proven to have sent it."""


@cli.command()
@config_option
def serve(path: Path | None) -> int:
    """Run the milter. Exit status 69 if something that it needs is not there yet."""
    from sekisho import service

    return service.serve(existing(path))


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
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
@format_option
@config_option
def check(
    files: tuple[Path, ...],
    case: Path | None,
    ask_dns: bool,
    without: str,
    language: str,
    style: str,
    path: Path | None,
) -> None:
    """Judge messages as the milter would, and say why."""
    from sekisho.cli import check as command

    command.run(
        configuration(path),
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
    help="The tables: folder, kind, lang, brand, finding, score.",
)
@click.option(
    "--top", type=click.IntRange(1, 10_000), default=40, show_default=True, help="Rows of a table at most."
)
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
@config_option
def evaluate(  # noqa: PLR0913, PLR0917 - an argument for each option
    folder: Path,
    jobs: int | None,
    without: str,
    brands: tuple[str, ...],
    by: str,
    top: int,
    style: str,
    path: Path | None,
) -> None:
    """Judge every case below a folder and measure the result. Prints hits, false alarms, how much each finding
    contributes, and the cases that were judged wrongly."""
    from sekisho.cli import evaluate as command
    from sekisho.evaluation import Omissions

    omissions = Omissions(parse_without(without), frozenset(brands))
    view = command.View(command.parse_views(by), top)
    command.run(configuration(path), folder, jobs, omissions, style=style, view=view)
