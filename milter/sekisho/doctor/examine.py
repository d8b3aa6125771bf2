"""Every subject in order. A subject that cannot be looked at is a finding, not a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.doctor import disk, door, files, names, postfix, times
from sekisho.doctor.model import Finding, warning
from sekisho.doctor.postconf import Postfix, PostfixUnreadable
from sekisho.ports import Clock


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: our configuration, its file, and the directory of Postfix's (None: the default)."""

    config: Config
    file: Path | None = None
    postfix: Path | None = None
    clock: Clock = field(default_factory=SystemClock)


def _postfix(patient: Patient) -> Iterator[Finding]:
    yield from postfix.examine(Postfix.read(patient.postfix), patient.config)


def _socket(patient: Patient) -> Iterator[Finding]:
    try:
        owner = Postfix.read(patient.postfix).get("mail_owner") or "postfix"
    except PostfixUnreadable:
        owner = "postfix"
    yield from door.examine(patient.config.wire, owner)


SUBJECTS: dict[str, Callable[[Patient], Iterator[Finding]]] = {
    "postfix": _postfix,
    "dns": lambda patient: names.examine(patient.config.dns, patient.clock),
    "socket": _socket,
    "store": lambda patient: disk.examine(patient.config, patient.clock),
    "clock": lambda patient: times.examine(patient.clock),
    "files": lambda patient: files.examine(patient.config, patient.file),
}


def examine(patient: Patient, skip: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """All findings, the severest first, subject by subject."""
    found: list[Finding] = []
    for subject, look in SUBJECTS.items():
        if subject in skip:
            continue
        try:
            found += look(patient)
        except PostfixUnreadable as error:
            found.append(
                warning(
                    "postfix.unreadable",
                    f"Postfix's settings cannot be read: {error}",
                    "sekisho doctor --postfix-config DIR   (as a user who may read it)",
                )
            )
    return tuple(sorted(found, key=lambda each: -each.severity))
