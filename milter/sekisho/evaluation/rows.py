"""Every file below a folder judged once, over several processes: a row for each.

Each file is judged alone and its checks run once, so order and number of processes change nothing. What a finding is
worth is asked of the policy: the same findings without that one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sekisho import cases
from sekisho.case_runner import CaseRunner, document_of
from sekisho.config import Config
from sekisho.judgement import Examined
from sekisho.policy import covers, family_of
from sekisho.text import printable

MAX_TEXT = 4000  # characters of a file's name or of a reason
CaseRow = dict[str, Any]
FACTS = ("kind", "lang", "names_brand", "corpus")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the cases is left aside (`client`, `auth`), and which brands the registry is judged without."""

    without: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()


class _PoolProcess:
    """What a process of the pool keeps between files: the pipeline, built once."""

    row: Callable[[Path, Path], CaseRow] | None = None


def files_below(folder: Path) -> list[Path]:
    """The messages below a folder, in the order of their names."""
    return sorted(folder.rglob("*.eml"))


def judge_files(
    config: Config, folder: Path, files: Sequence[Path], asked: Asked, jobs: int | None = None
) -> Iterator[CaseRow]:
    """A row for each of the files below the folder, in their order, from so many processes (None: the cores). A file
    that cannot be read is an error row, never left out.

    Raises ConfigError, and UnknownBrandError for a brand that is not in the registry.
    """
    CaseRunner.of(config, without=asked.brands)  # what is wrong with it is said once, not by every process
    workers = jobs or os.cpu_count() or 1
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(config, asked)) as pool:
        yield from pool.map(_row, files, [folder] * len(files), chunksize=16)


def _start(config: Config, asked: Asked) -> None:
    runner = CaseRunner.of(config, without=asked.brands)
    _PoolProcess.row = lambda file, folder: row_of(runner, file, folder, asked.without)


def _row(file: Path, folder: Path) -> CaseRow:
    assert _PoolProcess.row is not None, "the pool's initializer built it"
    return _PoolProcess.row(file, folder)


def row_of(runner: CaseRunner, file: Path, folder: Path, without: frozenset[str] = frozenset()) -> CaseRow:
    """One file's outcome, small enough to travel between processes."""
    name = file.relative_to(folder)
    row: CaseRow = {
        "file": _shown(name),
        "folder": _shown(name.parent),
        "label": None,
        "verdict": "error",
    }
    try:
        case = cases.load(file, without=without)
        examined = runner.examine(case)
        report = document_of(runner.judge(examined))
    except cases.CaseError as error:
        return row | {"reason": _shown(error)}
    except Exception as error:
        return row | {"reason": _shown(repr(error))}
    return row | {
        "label": case.label,
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
    """The verdict without each finding, and without each family (`auth.`), where it is another one. The checks are not
    run again."""
    ids = [each.kind.id for each in examined.evidence.findings]
    names = dict.fromkeys((*ids, *map(family_of, ids)))
    without = {name: frozenset(each for each in ids if covers(name, each)) for name in names}
    # A family of which one finding was made is left out with it.
    verdicts = {some: document_of(runner.judge(examined, some))["verdict"] for some in set(without.values())}
    return {name: verdicts[some] for name, some in without.items() if verdicts[some] != verdict}


def _brand(facts: Mapping[str, Any], claims: list[Mapping[str, Any]]) -> str | None:
    """Whose name is used: as the case says, else the first that the message claims."""
    said = _word(facts.get("brand")) or _word(facts.get("names_brand"))
    return said or next((str(each["brand"]) for each in claims if each["brand"]), None)


def _word(value: Any) -> str | None:
    """A fact of a sidecar that names a group; anything else names none."""
    return printable(value, 100) if isinstance(value, str) and value else None


def _shown(value: object) -> str:
    return printable(str(value), MAX_TEXT)
