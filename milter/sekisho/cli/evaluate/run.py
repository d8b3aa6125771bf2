"""Judges the cases with a progress bar, counts and prints."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.progress import Progress, TextColumn, TimeRemainingColumn

from sekisho.case_runner import UnknownBrandError
from sekisho.cli import output
from sekisho.cli.evaluate import tables
from sekisho.config import Config
from sekisho.evaluation import CaseRow, Omissions, files_below, judge_files, measure
from sekisho.text import printable


def run(
    config: Config, folder: Path, jobs: int | None, omissions: Omissions, *, style: str, view: tables.View
) -> None:
    """Judge all cases below the folder in `jobs` processes and print the tables. A file that cannot be read is an error
    row, never left out. `jobs` None: as many processes as cores.

    Raises UsageError for an unknown brand and ClickException for a folder without messages.
    """
    started = time.perf_counter()
    try:
        rows = list(judged(config, folder, omissions, jobs))
    except UnknownBrandError as error:
        raise click.UsageError(f"--without-brand: no brand has the id {printable(str(error), 60)}") from error
    if not rows:
        raise click.ClickException(f"{folder}: no .eml files")
    result = measure.tabulate(rows, config.policy.reject)
    result["seconds"] = round(time.perf_counter() - started, 1)
    if style == "json":
        output.write_json(result, 1)
    elif style == "markdown":
        output.write(tables.markdown(result, view))
    else:
        tables.show(output.console(), result, rows, view)


def judged(config: Config, folder: Path, omissions: Omissions, jobs: int | None = None) -> Iterator[CaseRow]:
    """A row for each file below the folder, from `jobs` processes, with a progress bar on a terminal. Raises what
    `judge_files` raises."""
    files = files_below(folder)
    columns = (
        *Progress.get_default_columns()[:2],
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    progress = Progress(
        *columns, console=output.console(sys.stderr), disable=not sys.stderr.isatty(), transient=True
    )
    with progress:
        bar = progress.add_task("judging", total=len(files))
        for row in judge_files(config, folder, files, omissions, jobs):
            progress.advance(bar)
            yield row
