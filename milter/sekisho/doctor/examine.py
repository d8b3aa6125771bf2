"""Examines every subject in order. If a subject cannot be examined, that is a diagnosis too, not a crash."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.doctor import (
    bypass,
    clock,
    files,
    kill_switch,
    metrics_port,
    milter_socket,
    postfix,
    resolver,
    smtp_door,
    storage,
    tables,
)
from sekisho.doctor.commands import Commands
from sekisho.doctor.model import Diagnosis, warning
from sekisho.doctor.postconf import Postfix, PostfixUnreadable
from sekisho.ports import Clock


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: our configuration, its file, and Postfix's configuration directory (None: the default)."""

    config: Config
    file: Path | None = None
    postfix: Path | None = None
    clock: Clock = field(default_factory=SystemClock)
    commands: Commands = field(default_factory=Commands)
    _read: list[Postfix] = field(default_factory=list)

    def settings(self) -> Postfix:
        """Postfix's settings, read once. Raises PostfixUnreadable."""
        if not self._read:
            self._read.append(Postfix.read(self.postfix))
        return self._read[0]


def _postfix(patient: Patient) -> Iterator[Diagnosis]:
    settings = patient.settings()
    found = postfix.examine(settings, patient.config, patient.commands)
    alone = smtp_door.stands_alone(settings, patient.config)
    yield from (each for each in found if not (alone and each.code == "postfix.not_asked"))
    if any(bypass.is_ours(each, patient.config.release) for each in settings.smtpd()):
        yield from bypass.examine_port(settings, patient.config.release)


def _socket(patient: Patient) -> Iterator[Diagnosis]:
    try:
        found = patient.settings()
    except PostfixUnreadable:
        found = None
    if found is not None and smtp_door.stands_alone(found, patient.config):
        return  # there is no milter, so its socket needs not to be there
    owner = (found and found.get("mail_owner")) or "postfix"
    yield from milter_socket.examine(patient.config.wire, owner, found, patient.commands)


def _smtp(patient: Patient) -> Iterator[Diagnosis]:
    if patient.config.smtp.next_hop:
        yield from smtp_door.examine(patient.settings(), patient.config, patient.commands)


SUBJECTS: dict[str, Callable[[Patient], Iterator[Diagnosis]]] = {
    "postfix": _postfix,
    "dns": lambda patient: resolver.examine(patient.config.dns, patient.clock, patient.commands),
    "store": lambda patient: storage.examine(patient.config, patient.clock, patient.commands),
    "clock": lambda patient: clock.examine(patient.clock),
    "guard": lambda patient: kill_switch.examine(patient.config, patient.clock, patient.commands),
    "files": lambda patient: files.examine(patient.config, patient.file, patient.commands),
    "directory": lambda patient: tables.examine(patient.config.directory, patient.commands),
    "smtp": _smtp,
    "metrics": lambda patient: metrics_port.examine(patient.config.metrics, patient.commands),
    "socket": _socket,  # last: its repair starts the daemon, which needs the subjects above
}


def examine(patient: Patient, skip: frozenset[str] = frozenset()) -> tuple[Diagnosis, ...]:
    """All diagnoses, the severest first, and in the order of the subjects."""
    found: list[Diagnosis] = []
    for subject, look in SUBJECTS.items():
        if subject in skip:
            continue
        try:
            found += look(patient)
        except PostfixUnreadable as failure:
            text = f"Postfix's settings cannot be read: {failure}"
            found.append(warning("postfix.unreadable", text, _readable(patient)))
    return tuple(sorted(found, key=lambda each: -each.severity))


def _readable(patient: Patient) -> str:
    """The command that makes the settings readable. Every user must be able to read main.cf, because Postfix's own
    commands read it. If the files do not exist, the directory is wrong or Postfix is not installed."""
    directory = patient.postfix or Path("/etc/postfix")
    files = [directory / name for name in ("main.cf", "master.cf")]
    if all(map(os.path.exists, files)):
        return shlex.join(("chmod", "a+r", *map(str, files)))
    if patient.postfix is not None:
        return patient.commands.sekisho("doctor")
    return "apt-get install postfix"
