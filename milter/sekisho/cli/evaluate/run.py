"""Judges the cases with a progress bar, counts and prints."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress, TextColumn, TimeRemainingColumn

from sekisho.basis import Basis
from sekisho.case_runner import CaseRunner, UnknownBrandError
from sekisho.cli import output
from sekisho.cli.evaluate import tables
from sekisho.evaluation import (
    CaseRow,
    Omissions,
    RowsFileError,
    files_below,
    judge_files,
    measure,
    rows_file,
)
from sekisho.text import printable

BROKEN_STATUS = 2  # a case cannot be read


@dataclass(frozen=True, slots=True)
class Report:
    """How the result is told: in `text`, `json` or `markdown`, which tables, and the file of the rows."""

    style: str
    view: tables.View
    rows: Path | None = None


def run(basis: Basis, folder: Path, omissions: Omissions, report: Report, jobs: int | None = None) -> int:
    """Judge all cases below the folder in `jobs` processes and print the tables. A case that cannot be read is an error
    row, never left out. `jobs` None: as many processes as cores.

    Returns the exit status: 2 if there is such a case. Raises UsageError for an unknown brand and ClickException for a
    folder without messages and for a file of the rows that cannot be written.
    """
    started = time.perf_counter()
    try:
        with rows_file(_not_stdout(report.rows)) if report.rows else nullcontext(_nowhere) as write:
            runner = CaseRunner.of(basis, without=omissions.brands)
            rows = list(judged(runner, folder, omissions.without, jobs))
            if not rows:
                raise click.ClickException(f"{folder}: no .eml files")
            write(rows)
    except UnknownBrandError as error:
        raise click.UsageError(f"--without-brand: no brand has the id {printable(str(error), 60)}") from error
    except RowsFileError as error:
        raise click.ClickException(f"--rows: {error}") from error
    result = {
        "judged_with": runner.judged_with,
        "without": sorted(omissions.without),
        "without_brands": sorted(omissions.brands),
        **measure.tabulate(rows, basis.config.policy.reject),
        "seconds": round(time.perf_counter() - started, 1),
    }
    _print(result, rows, report)
    return _name_broken(rows)


def _not_stdout(path: Path) -> Path:
    """The path. Raises UsageError for `-`: the report is on standard output."""
    if str(path) == "-":
        raise click.UsageError("--rows - would mix with the report on standard output: name a file")
    return path


def _nowhere(rows: Iterable[CaseRow]) -> None:
    """Write no rows."""


def _print(result: Mapping[str, Any], rows: list[CaseRow], report: Report) -> None:
    if report.style == "json":
        output.write_json(result, 1)
    elif report.style == "markdown":
        output.write(tables.markdown(result, report.view))
    else:
        tables.show(output.console(), result, rows, report.view)


def _name_broken(rows: Iterable[CaseRow]) -> int:
    """Print each case that could not be judged, with the reason. Returns the exit status."""
    broken = [row for row in rows if row["verdict"] == "error"]
    for row in broken:
        output.say(f"{row['file']}: {row['reason']}", err=True)
    return BROKEN_STATUS if broken else 0


def judged(
    runner: CaseRunner, folder: Path, without: frozenset[str] = frozenset(), jobs: int | None = None
) -> Iterator[CaseRow]:
    """A row for each file below the folder, from `jobs` processes, with a progress bar on a terminal. `without` as in
    `judge_files`."""
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
        for row in judge_files(runner, folder, files, without, jobs):
            progress.advance(bar)
            yield row
