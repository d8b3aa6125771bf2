"""The wall clock, and what it can be compared with: read here and nowhere else."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sekisho.ports import Clock, Uptime

BOOT = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)


def uptime() -> Uptime:
    """Of this machine; a container has its host's. Without a name for the start it is the empty one."""
    boot = ""
    with suppress(OSError):
        boot = BOOT.read_text("ascii").strip()[:64]
    return Uptime(boot, time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A wall clock that stands at the time a case arrived; time still passes for deadlines."""

    moment: datetime

    def now(self) -> datetime:
        """Always that moment."""
        return self.moment

    monotonic = staticmethod(time.monotonic)


class Stopwatch:
    """Seconds per stage, on a clock's monotonic scale. `laps` holds them by the stage's name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()
        self.laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """The time since the last lap belongs to this stage."""
        now = self._clock.monotonic()
        self.laps[stage] = self.laps.get(stage, 0.0) + now - self._last
        self._last = now
