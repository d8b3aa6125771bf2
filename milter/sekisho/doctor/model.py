"""What `sekisho doctor` reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """`error`: mail is or will be lost, delayed, or delivered without judgement. `warning`: the judgement has less
    evidence, or something works less well. `note`: for information, nothing to repair."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that the doctor found. `code` is stable; `mend` is the exact command that repairs it, or empty if there
    is nothing to do."""

    code: str
    severity: Severity
    text: str
    mend: str = ""

    @property
    def subject(self) -> str:
        """The subject: what is before the dot in the code."""
        return self.code.partition(".")[0]


def error(code: str, text: str, mend: str) -> Diagnosis:
    """A diagnosis of severity `ERROR`."""
    return Diagnosis(code, Severity.ERROR, text, mend)


def warning(code: str, text: str, mend: str) -> Diagnosis:
    """A diagnosis of severity `WARNING`."""
    return Diagnosis(code, Severity.WARNING, text, mend)


def note(code: str, text: str, mend: str = "") -> Diagnosis:
    """A diagnosis of severity `NOTE`."""
    return Diagnosis(code, Severity.NOTE, text, mend)
