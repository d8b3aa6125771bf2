"""`sekisho check`: the daemon's own pipeline over files, explained to a reader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sekisho.cli import cases, output
from sekisho.cli.judge import judge
from sekisho.config import Config

COLOURS = {
    "accept": "green",
    "tag": "yellow",
    "quarantine": "red",
    "reject": "bold red",
    "tempfail": "magenta",
}


def run(
    config: Config,
    files: tuple[Path, ...],
    sidecar: Path | None,
    *,
    ask_dns: bool,
    without: frozenset[str],
    style: str,
) -> None:
    """Judge every file; nothing is printed for any of them if one cannot be read."""
    try:
        loaded = [cases.load(file, sidecar, without) for file in files]
    except cases.CaseError as error:
        raise click.ClickException(str(error)) from error
    judged = judge(config, ask_dns=ask_dns)
    reports = [{"file": output.shown(case.path), **judged(case)} for case in loaded]
    if style == "json":
        document = reports[0] if len(reports) == 1 else reports
        output.write_json(document)
        return
    console = output.console()
    for report in reports:
        show(console, report)


def show(console: Console, report: Mapping[str, Any]) -> None:
    """A reader's page: the verdict, who is claimed and who is proven, then the findings with their points."""
    verdict, limits = report["verdict"], report["thresholds"] or {}
    steps = "".join(f"{name} {points:g}, " for name, points in limits.items())
    head = Text.assemble(
        (verdict.upper(), COLOURS[verdict]),
        f"  {report['score']:g} points  ({steps}decided by {report['decided_by']})",
    )
    console.print(Text(report["file"], style="bold"))
    console.print(head)
    console.print(
        _line("claims", [f"{each['brand'] or each['text']} ({each['where']})" for each in report["claims"]])
    )
    console.print(_line("proven", [_proof(each) for each in report["proofs"]]))
    console.print(_line("auth", [f"{method} {word}" for method, word in report["auth"].items()]))
    if report["degraded"]:
        console.print(_line("unknown", report["degraded"]))
    console.print(_findings(report["findings"]))


def _line(name: str, values: list[str]) -> Text:
    return Text.assemble((f"{name:<8}", "dim"), ", ".join(dict.fromkeys(values)) or "nothing")


def _proof(proof: Mapping[str, Any]) -> str:
    aligned = "aligned" if proof["aligned"] else "not aligned"
    return (
        f"{proof['domain']} ({proof['method']}, {aligned}{', ' + proof['brand'] if proof['brand'] else ''})"
    )


def _findings(findings: list[Mapping[str, Any]]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in sorted(findings, key=lambda each: -each["points"]):
        reason = Text(f"{each['reason_en']}\n{each['reason_ja']}")
        table.add_row(f"{each['points']:+g}", Text(each["id"], style="cyan"), reason)
    return table
