"""`sekisho doctor`: the findings, and the command that mends each."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sekisho.config import load
from sekisho.doctor import Finding, Severity, examine
from sekisho.doctor.examine import Patient
from sekisho.text import printable

_MARKS = {Severity.ERROR: "error  ", Severity.WARNING: "warning", Severity.NOTE: "note   "}


def run(file: Path | None, postfix: Path | None, skip: tuple[str, ...], style: str) -> int:
    """Print what is found. 1 if there is anything to mend, else 0."""
    found = examine(Patient(load(file), file, postfix), frozenset(skip))
    if style == "json":
        sys.stdout.write(json.dumps([_plain(each) for each in found], ensure_ascii=False, indent=2) + "\n")
    else:
        for each in found:
            _print(each)
    to_mend = [each for each in found if each.severity > Severity.NOTE]
    if style == "text" and not to_mend:
        click.echo("nothing to mend")
    return 1 if to_mend else 0


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": finding.severity.name.lower(),
        "text": printable(finding.text, 1000),
        "mend": finding.mend,
    }


def _print(finding: Finding) -> None:
    click.echo(f"{_MARKS[finding.severity]}  {finding.code}: {printable(finding.text, 1000)}")
    if finding.mend:
        click.echo(f"         mend: {finding.mend}")
