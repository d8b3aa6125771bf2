"""Judges every file below a folder once, in several processes, and makes a row for each.

Each file is judged alone, so the order and the number of processes change nothing. The checks of a file run once. For
the contribution of a finding, the policy judges the same findings without that one.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sekisho import cases
from sekisho.case_runner import CaseRunner, document_of
from sekisho.judgement import Examined
from sekisho.policy import covers, family_of
from sekisho.text import printable

MAX_TEXT_CHARS = 4000  # of a file name or of a reason
CaseRow = dict[str, Any]
FACTS = ("kind", "lang", "names_brand", "corpus")


@dataclass(frozen=True, slots=True)
class Omissions:
    """What an evaluation leaves out: facts of the cases (`client`, `auth`), and brands of the registry (ids)."""

    without: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()


class _PoolProcess:
    """What a process of the pool keeps between files: a function that judges with the runner it was forked with."""

    row: Callable[[Path, Path], CaseRow] | None = None


def files_below(folder: Path) -> list[Path]:
    """The messages (`*.eml`) below a folder, sorted by name."""
    return sorted(folder.rglob("*.eml"))


def judge_files(
    runner: CaseRunner,
    folder: Path,
    files: Sequence[Path],
    without: frozenset[str] = frozenset(),
    jobs: int | None = None,
) -> Iterator[CaseRow]:
    """A row for each file, in the order of `files`, from `jobs` processes (None: as many as cores). A file that cannot
    be read is an error row, never left out. `folder` is the part of the paths that the rows do not show. `without` are
    facts of the cases that do not count (`client`, `auth`).

    The processes are forked and share the runner, so that all of them judge with the same lists and brands.
    """
    workers = jobs or os.cpu_count() or 1
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, fork, initializer=_start, initargs=(runner, without)) as pool:
        yield from pool.map(_row, files, [folder] * len(files), chunksize=16)


def _start(runner: CaseRunner, without: frozenset[str]) -> None:
    _PoolProcess.row = lambda file, folder: row_of(runner, file, folder, without)


def _row(file: Path, folder: Path) -> CaseRow:
    assert _PoolProcess.row is not None, "the pool's initializer built it"
    return _PoolProcess.row(file, folder)


def row_of(runner: CaseRunner, file: Path, folder: Path, without: frozenset[str] = frozenset()) -> CaseRow:
    """The row of one file: plain values that are passed between processes."""
    name = file.relative_to(folder)
    row: CaseRow = {
        "file": _shown(name),
        "folder": _shown(name.parent),
        "label": None,
        "verdict": "error",
    }
    try:
        if file.is_fifo():  # whoever reads it waits for ever
            raise cases.CaseError(f"{file}: is a pipe")
        case = cases.load(file, without=without)
        row |= {"label": case.label, "expect": case.expect, "at_most": case.at_most}
        examined = runner.examine(case)
        report = document_of(runner.judge(examined))
    except cases.CaseError as error:
        return row | {"reason": _shown(error)}
    except Exception as error:
        return row | {"reason": _shown(repr(error))}
    return row | {
        "verdict": report["verdict"],
        "score": report["score"],
        "decided_by": report["decided_by"],
        "degraded": bool(report["degraded"]),
        "findings": {each["id"]: each["points"] for each in report["findings"]},
        "left_out": left_out(runner, examined, report["verdict"]),
        "ms": round(sum(report["stages_ms"].values()), 2),
        "brand": _brand(case.facts, report["claims"]),
        **{key: _word(case.facts.get(key)) for key in FACTS},
    }


def left_out(runner: CaseRunner, examined: Examined, verdict: str) -> dict[str, str]:
    """The verdict without each finding and without each family (`auth.`), if it differs from `verdict`. The checks are
    not run again."""
    ids = [each.kind.id for each in examined.evidence.findings]
    names = dict.fromkeys((*ids, *map(family_of, ids)))
    without = {name: frozenset(each for each in ids if covers(name, each)) for name in names}
    # A family with a single finding needs no judgement of its own: its set of findings is the same.
    verdicts = {some: document_of(runner.judge(examined, some))["verdict"] for some in set(without.values())}
    return {name: verdicts[some] for name, some in without.items() if verdicts[some] != verdict}


def _brand(facts: Mapping[str, Any], claims: list[Mapping[str, Any]]) -> str | None:
    """The brand whose name is used: the one in the case, else the first that the message claims."""
    said = _word(facts.get("brand")) or _word(facts.get("names_brand"))
    return said or next((str(each["brand"]) for each in claims if each["brand"]), None)


def _word(value: Any) -> str | None:
    """A fact of a sidecar as the name of a group; None if it is no text."""
    return printable(value, 100) if isinstance(value, str) and value else None


def _shown(value: object) -> str:
    return printable(str(value), MAX_TEXT_CHARS)
