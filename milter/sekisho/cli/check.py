"""`sekisho check`: the daemon's own pipeline over files, explained to a reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sekisho.cli import cases, output, page, passing
from sekisho.cli.cases import Case
from sekisho.cli.judge import Court, document
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
    """Judge every file; nothing is printed for any of them if one cannot be read."""
    try:
        loaded = [cases.load(file, sidecar, without) for file in files]
    except cases.CaseError as error:
        raise click.ClickException(str(error)) from error
    court = Court.of(config, ask_dns=ask_dns)
    reports = [explained(court, case) for case in loaded]
    if style == "json":
        output.write_json(reports[0] if len(reports) == 1 else reports)
        return
    console = output.console()
    for number, report in enumerate(reports):
        if number:
            console.rule(style="dim")
        page.show(console, report, language)


def explained(court: Court, case: Case) -> dict[str, Any]:
    """The contract's object, with what a reader asks next: what the brands are, and what would let it pass."""
    examined = court.examine(case)
    judged = court.judge(examined)
    report = document(judged)
    named = [each["brand"] for each in (*report["findings"], *report["claims"], *report["proofs"])]
    return {
        "file": output.shown(case.path),
        **report,
        "brands": passing.described(court.knowledge.registry, named),
        "passes_if": passing.ways(court, case, examined, judged, page.accused(report["findings"])),
    }
