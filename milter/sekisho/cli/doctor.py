"""`sekisho doctor`: the faults of the setup, each with the command that mends it."""

from __future__ import annotations

from pathlib import Path

from sekisho.cli import output
from sekisho.cli.configuring import account_of
from sekisho.config import load
from sekisho.doctor import Diagnosis, Severity, examine
from sekisho.doctor.commands import Commands
from sekisho.doctor.examine import Patient
from sekisho.text import printable

_MARKS = {Severity.ERROR: "error  ", Severity.WARNING: "warning", Severity.NOTE: "note   "}


def run(file: Path | None, postfix: Path | None, skip: tuple[str, ...], user: str | None, style: str) -> int:
    """Print what is found. Returns the exit status: 1 if there is anything to mend, else 0."""
    config = load(file)
    account = account_of(config, user)
    commands = Commands(file, account.name, account.group)
    found = examine(Patient(config, file, postfix, commands=commands), frozenset(skip))
    if style == "json":
        output.write_json([_plain(each) for each in found])
    else:
        for each in found:
            _print(each)
    to_mend = [each for each in found if each.severity > Severity.NOTE]
    if style == "text" and not to_mend:
        output.say("nothing to mend")
    return 1 if to_mend else 0


def _plain(finding: Diagnosis) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": finding.severity.name.lower(),
        "text": printable(finding.text, 1000),
        "mend": finding.mend,
    }


def _print(finding: Diagnosis) -> None:
    output.say(f"{_MARKS[finding.severity]}  {finding.code}: {printable(finding.text, 1000)}")
    if finding.mend:
        output.say(f"         mend: {finding.mend}")
