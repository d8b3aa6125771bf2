"""`sekisho check`: files judged by the daemon's own pipeline, and the judgement explained."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho import cases
from sekisho.case_runner import CaseRunner
from sekisho.cli import output, page
from sekisho.config import Config


def run(
    config: Config,
    files: tuple[Path, ...],
    sidecar: Path | None,
    *,
    ask_dns: bool,
    without: frozenset[str],
    style: str,
    language: str = "both",
) -> None:
    """Judge every file and print the judgements. Raises UsageError if `sidecar` (the case file) comes with several
    files, and ClickException, before anything is printed, if a file cannot be read."""
    if sidecar is not None and len(files) > 1:
        raise click.UsageError("--case goes with one file")
    try:
        loaded = [cases.load(file, sidecar, without) for file in files]
    except cases.CaseError as error:
        raise click.ClickException(str(error)) from error
    runner = CaseRunner.of(config, ask_dns=ask_dns)
    reports = [{"file": output.shown(case.path), **runner.explain(case)} for case in loaded]
    if style == "json":
        output.write_json(reports[0] if len(reports) == 1 else reports)
        return
    console = output.console()
    for number, report in enumerate(reports):
        if number:
            console.rule(style="dim")
        page.show(console, report, language)
