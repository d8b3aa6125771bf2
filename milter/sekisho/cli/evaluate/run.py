"""Every file judged once, over several processes; then counted and shown."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress, TextColumn, TimeRemainingColumn

from sekisho.cli import cases, output
from sekisho.cli.evaluate import measure, tables
from sekisho.cli.judge import Court, UnknownBrandError, document
from sekisho.config import Config
from sekisho.judgement import Examined
from sekisho.policy import covers, family_of
from sekisho.text import printable

Row = dict[str, Any]
FACTS = ("kind", "lang", "names_brand", "corpus")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the cases is left aside (`client`, `auth`), and which brands the registry is judged without."""

    without: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()


class _Worker:
    """What a pool process keeps between files: the pipeline, built once."""

    row: Callable[[Path, Path], Row] | None = None


def run(
    config: Config, folder: Path, jobs: int | None, asked: Asked, *, style: str, view: tables.View
) -> None:
    """Judge all and print the tables. A file that cannot be read is an error row, never left out."""
    started = time.perf_counter()
    try:
        rows = list(judged(config, folder, asked, jobs))
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


def judged(config: Config, folder: Path, asked: Asked, jobs: int | None = None) -> Iterator[Row]:
    """A row for each file below the folder, in the order of their names, with a progress bar on a terminal."""
    files = sorted(folder.rglob("*.eml"))
    Court.of(config, without=asked.brands)  # what is wrong with it is said once, not by every process
    columns = (
        *Progress.get_default_columns()[:2],
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    progress = Progress(
        *columns, console=output.console(sys.stderr), disable=not sys.stderr.isatty(), transient=True
    )
    workers = jobs or os.cpu_count() or 1
    with progress, ProcessPoolExecutor(workers, initializer=_start, initargs=(config, asked)) as pool:
        bar = progress.add_task("judging", total=len(files))
        for row in pool.map(_row, files, [folder] * len(files), chunksize=16):
            progress.advance(bar)
            yield row


def _start(config: Config, asked: Asked) -> None:
    court = Court.of(config, without=asked.brands)
    _Worker.row = lambda file, folder: row_of(court, file, folder, asked.without)


def _row(file: Path, folder: Path) -> Row:
    assert _Worker.row is not None, "the pool's initializer built it"
    return _Worker.row(file, folder)


def row_of(court: Court, file: Path, folder: Path, without: frozenset[str] = frozenset()) -> Row:
    """One file's outcome, small enough to travel between processes."""
    name = file.relative_to(folder)
    row: Row = {
        "file": output.shown(name),
        "folder": output.shown(name.parent),
        "label": None,
        "verdict": "error",
    }
    try:
        case = cases.load(file, without=without)
        examined = court.examine(case)
        report = document(court.judge(examined))
    except cases.CaseError as error:
        return row | {"reason": output.shown(error)}
    except Exception as error:
        return row | {"reason": output.shown(repr(error))}
    return row | {
        "label": case.label,
        "verdict": report["verdict"],
        "score": report["score"],
        "decided_by": report["decided_by"],
        "degraded": bool(report["degraded"]),
        "findings": {each["id"]: each["points"] for each in report["findings"]},
        "left_out": left_out(court, examined, report["verdict"]),
        "ms": round(sum(report["stages_ms"].values()), 2),
        "brand": _brand(case.facts, report["claims"]),
        **{key: _word(case.facts.get(key)) for key in FACTS},
    }


def left_out(court: Court, examined: Examined, verdict: str) -> dict[str, str]:
    """The verdict without each finding, and without each family (`auth.`), where it is another one. The checks are not
    run again."""
    ids = [each.kind.id for each in examined.evidence.findings]
    names = dict.fromkeys((*ids, *map(family_of, ids)))
    without = {name: frozenset(each for each in ids if covers(name, each)) for name in names}
    # A family of which one finding was made is left out with it.
    verdicts = {some: document(court.judge(examined, some))["verdict"] for some in set(without.values())}
    return {name: verdicts[some] for name, some in without.items() if verdicts[some] != verdict}


def _brand(facts: Mapping[str, Any], claims: list[Mapping[str, Any]]) -> str | None:
    """Whose name is used: as the case says, else the first that the message claims."""
    said = _word(facts.get("brand")) or _word(facts.get("names_brand"))
    return said or next((str(each["brand"]) for each in claims if each["brand"]), None)


def _word(value: Any) -> str | None:
    """A fact of a sidecar that names a group; anything else names none."""
    return printable(value, 100) if isinstance(value, str) and value else None
