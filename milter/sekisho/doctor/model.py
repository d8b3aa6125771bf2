"""What the doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """`error`: mail is or will be lost, delayed or let through unseen. `warning`: evidence is lost or a
    promise is weaker. `note`: worth knowing, nothing to mend."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`code` is stable; `mend` is the exact command, or empty where there is nothing to do."""

    code: str
    severity: Severity
    text: str
    mend: str = ""

    @property
    def subject(self) -> str:
        """The subject that was examined: the first word of the code."""
        return self.code.partition(".")[0]


def error(code: str, text: str, mend: str) -> Diagnosis:
    """Mail is or will be lost, delayed or let through unseen."""
    return Diagnosis(code, Severity.ERROR, text, mend)


def warning(code: str, text: str, mend: str) -> Diagnosis:
    """Evidence is lost, or a promise is weaker."""
    return Diagnosis(code, Severity.WARNING, text, mend)


def note(code: str, text: str, mend: str = "") -> Diagnosis:
    """Worth knowing; there may be nothing to mend."""
    return Diagnosis(code, Severity.NOTE, text, mend)
