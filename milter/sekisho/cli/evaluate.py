"""`sekisho evaluate`: every case under a folder, and what the two errors are.

Two errors count: a fake delivered and a genuine mail held. Each file is judged alone, so order and `--jobs` change
nothing. Rates carry Wilson 95 % intervals (Wilson 1927): the numbers are often small.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, cast

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sekisho import compose
from sekisho.cli import cases, output
from sekisho.cli.judge import judge
from sekisho.config import Config

DISPOSITIONS = ("accept", "tag", "quarantine", "reject", "tempfail")
COUNTED = ("total", *DISPOSITIONS, "error", "degraded")
Judge = Callable[[cases.Case], dict[str, Any]]


class _Worker:
    """What a pool process keeps between files: the pipeline, built once."""

    judge: Judge | None = None
    without: frozenset[str] = frozenset()


def run(config: Config, folder: Path, jobs: int | None, *, without: frozenset[str], style: str) -> None:
    """Judge all and print the tables. A file that cannot be read is an error row, never left out."""
    files = sorted(folder.rglob("*.eml"))
    if not files:
        raise click.ClickException(f"{folder}: no .eml files")
    compose.knowledge(config)  # what is wrong with it is said once, not by every process
    started = time.perf_counter()
    rows = list(_judged(config, folder, files, jobs or os.cpu_count() or 1, without))
    result = tabulate(rows) | {"seconds": round(time.perf_counter() - started, 1)}
    if style == "json":
        output.write_json(result, 1)
    else:
        show(output.console(), result, rows)


def _judged(
    config: Config, folder: Path, files: list[Path], jobs: int, without: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """A row for each file, in the order of the files, with a progress bar on a terminal."""
    columns = (
        *Progress.get_default_columns()[:2],
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    progress = Progress(
        *columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True
    )
    with progress, ProcessPoolExecutor(jobs, initializer=_start, initargs=(config, without)) as pool:
        bar = progress.add_task("judging", total=len(files))
        for row in pool.map(_row, files, [folder] * len(files), chunksize=16):
            progress.advance(bar)
            yield row


def _start(config: Config, without: frozenset[str]) -> None:
    _Worker.judge = judge(config, ask_dns=False)
    _Worker.without = without


def _row(file: Path, folder: Path) -> dict[str, Any]:
    """One file's outcome, small enough to travel between processes."""
    assert _Worker.judge is not None, "the pool's initializer built it"
    name = file.relative_to(folder)
    row: dict[str, Any] = {
        "file": output.shown(name),
        "folder": output.shown(name.parent),
        "label": None,
        "verdict": "error",
    }
    try:
        case = cases.load(file, without=_Worker.without)
        report = _Worker.judge(case)
    except cases.CaseError as error:
        return row | {"reason": str(error)}
    except Exception as error:
        return row | {"reason": repr(error)}
    return row | {
        "label": case.label,
        "verdict": report["verdict"],
        "score": report["score"],
        "decided_by": report["decided_by"],
        "degraded": bool(report["degraded"]),
        "findings": {each["id"]: each["points"] for each in report["findings"]},
        "ms": round(sum(report["stages_ms"].values()), 2),
        **{key: case.facts.get(key) for key in ("kind", "lang", "brand", "names_brand", "corpus")},
    }


def tabulate(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The contract's object: confusion by label, and the same by folder and by kind."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for group in filter(None, (row["folder"], row.get("kind"))):
            groups.setdefault(group, []).append(row)
    return {
        "phish": _counts([row for row in rows if row["label"] == "phish"]),
        "ham": _counts([row for row in rows if row["label"] == "ham"]),
        "groups": {name: _counts(group) for name, group in sorted(groups.items())},
        "wrong": [row for row in rows if wrong(row)],
    }


def wrong(row: Mapping[str, Any]) -> bool:
    """A fake accepted, a genuine mail touched, or a file without a verdict."""
    if row["verdict"] == "error":
        return True
    return (row["label"] == "phish") == (row["verdict"] == "accept") if row["label"] else False


def _counts(rows: list[dict[str, Any]]) -> dict[str, int]:
    verdicts = Counter(row["verdict"] for row in rows)
    degraded = sum(1 for row in rows if row.get("degraded"))
    return {name: verdicts.get(name, 0) for name in COUNTED} | {"total": len(rows), "degraded": degraded}


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion, as fractions; (0, 1) for no observations."""
    if not total:
        return 0.0, 1.0
    z, share = 1.959964, hits / total
    centre = share + z * z / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def show(console: Console, result: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
    """The confusion table with intervals, then the slowest and the wrong ones."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("", *COUNTED, "tagged or worse", "quarantined or worse"):
        table.add_column(column, justify="left" if not column else "right")
    for name in ("phish", "ham"):
        table.add_row(f"all {name}", *_cells(result[name]), style="bold")
    for name, counts in result["groups"].items():
        table.add_row(name, *_cells(counts))
    console.print(table)
    slowest = sorted((row for row in rows if "ms" in row), key=lambda row: -cast(float, row["ms"]))[:5]
    console.print(
        "slowest: " + ", ".join(f"{row['file']} {row['ms']:g} ms" for row in slowest), soft_wrap=True
    )
    wrong_rows = result["wrong"]
    console.print(f"wrong: {len(wrong_rows)}; {result['seconds']:g} s")
    for row in sorted(wrong_rows, key=lambda row: (row["label"] or "", -row.get("score", 0)))[:40]:
        why = ", ".join(f"{name}={points:g}" for name, points in row.get("findings", {}).items())
        console.print(
            f"  {row['label']} {row['verdict']} {row.get('score', 0):g}  {row['file']}  {why or row.get('reason', '')}",
            soft_wrap=True,
        )


def _cells(counts: Mapping[str, int]) -> list[str]:
    tagged = counts["tag"] + counts["quarantine"] + counts["reject"]
    held = counts["quarantine"] + counts["reject"]
    rates = [_rate(hits, counts["total"]) for hits in (tagged, held)]
    return [str(counts[name]) for name in COUNTED] + rates


def _rate(hits: int, total: int) -> str:
    if not total:
        return "-"
    low, high = wilson(hits, total)
    return f"{hits / total:.1%} ({low:.1%}-{high:.1%})"
