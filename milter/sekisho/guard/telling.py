"""Texts about the switch, for people and for the log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from sekisho.events import watching
from sekisho.events.declaration import Event


class SwitchOperation(StrEnum):
    """What is done to the kill switch, as the audit has it."""

    PAUSE = "pause"
    RESUME = "resume"


SWITCHED: Mapping[str, Event] = {
    SwitchOperation.PAUSE: watching.PAUSED,
    SwitchOperation.RESUME: watching.RESUMED,
}
"""The log event that reports each operation."""


class Switching(Protocol):
    """A line of the audit about the switch."""

    @property
    def who(self) -> str:
        """The operator."""

    @property
    def note(self) -> str:
        """Until when, or what was ended."""

    @property
    def at(self) -> datetime | None:
        """When it was done."""


def switched(done: Switching) -> dict[str, Any]:
    """The fields of the log event."""
    at = done.at.isoformat(timespec="seconds") if done.at else None
    return {"who": done.who, "at": at, "what": done.note}


def told(end: float) -> str:
    """Until when, for people: `until 2026-11-30 06:00:00 UTC`. `end` is Unix seconds; infinity has no end."""
    try:
        return f"until {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "until somebody ends it"


def moment(end: float, now: float) -> str | None:
    """Until when, for programs: a time of RFC 3339, `ever`, or None if it is over. Both numbers are Unix seconds."""
    if end <= now:
        return None
    try:
        return "ever" if math.isinf(end) else datetime.fromtimestamp(end, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return "ever"
