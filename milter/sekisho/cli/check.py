"""`sekisho check`: files judged by the daemon's own pipeline, and the judgement explained."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sekisho import cases
from sekisho.basis import Basis
from sekisho.case_runner import CaseRunner
from sekisho.cases import Case
from sekisho.cli import basis as judging
from sekisho.cli import output, page
from sekisho.plain_errors import of_system

STDIN = Path("-")


def run(
    basis: Basis,
    files: tuple[Path, ...],
    sidecar: Path | None,
    *,
    ask_dns: bool,
    without: frozenset[str],
    style: str,
    language: str = "both",
) -> None:
    """Judge every file (`-`: standard input) and print the judgements. Raises UsageError if `sidecar` (the case file)
    comes with several files, and ClickException, before anything is printed, if a file cannot be read."""
    if sidecar is not None and len(files) > 1:
        raise click.UsageError("--case goes with one file")
    if files.count(STDIN) > 1:
        raise click.UsageError("standard input (-) can be read once")
    try:
        loaded = list(_loaded(files, sidecar, without))
    except cases.CaseError as error:
        raise click.ClickException(str(error)) from error
    runner = CaseRunner.of(basis, ask_dns=ask_dns)
    judged_with = runner.judged_with
    reports = [
        {"file": output.shown(case.path), "judged_with": judged_with, **runner.explain(case)}
        for case in loaded
    ]
    if style == "json":
        output.write_json(reports[0] if len(reports) == 1 else reports)
        return
    console = output.console()
    for number, report in enumerate(reports):
        if number:
            console.rule(style="dim")
        page.show(console, report, language)
    console.print()
    console.print(judging.line(judged_with), style="dim", soft_wrap=not console.folds)


def _loaded(files: tuple[Path, ...], sidecar: Path | None, without: frozenset[str]) -> Iterator[Case]:
    """The case of each file. Raises CaseError."""
    for file in files:
        if file == STDIN:
            yield cases.of_bytes(file, _standard_input(), sidecar, without)
        else:
            yield cases.load(file, sidecar, without)


def _standard_input() -> bytes:
    """All of standard input. Raises CaseError if it is closed or empty, or cannot be read."""
    try:
        if sys.stdin is None:
            raise cases.CaseError("standard input is closed")
        if not (raw := sys.stdin.buffer.read()):
            raise cases.CaseError("standard input is empty")
        return raw
    except OSError as error:
        raise cases.CaseError(f"standard input: {of_system(error)}") from error
