"""Words about the switch, for people and for the log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol


class SwitchOperation(StrEnum):
    """What is done to the kill switch, as the audit has it."""

    PAUSE = "pause"
    RESUME = "resume"


SWITCHED: Mapping[str, str] = {SwitchOperation.PAUSE: "paused", SwitchOperation.RESUME: "resumed"}
"""The event of the log that tells of each."""


class Switching(Protocol):
    """A line of the audit about the switch; `note` says until when, and what was ended."""

    @property
    def who(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def at(self) -> datetime | None: ...


def switched(done: Switching) -> dict[str, Any]:
    """The fields of the event."""
    at = done.at.isoformat(timespec="seconds") if done.at else None
    return {"who": done.who, "at": at, "what": done.note}


def told(end: float) -> str:
    """Until when, for people; `end` is seconds of Unix time, infinity is until somebody says otherwise."""
    try:
        return f"until {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "until somebody ends it"


def moment(end: float, now: float) -> str | None:
    """The same for programs: RFC 3339, `ever`, or None if it is over."""
    if end <= now:
        return None
    try:
        return "ever" if math.isinf(end) else datetime.fromtimestamp(end, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return "ever"
