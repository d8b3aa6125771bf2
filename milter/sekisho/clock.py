"""The wall clock and the machine's uptime. They are read here and nowhere else."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sekisho.ports import Clock, Uptime

BOOT = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Implements `ports.Clock` with this machine's clock."""

    def now(self) -> datetime:
        """The present time, UTC."""
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)


def uptime() -> Uptime:
    """The uptime of this machine; in a container that of its host. `boot` is empty if the boot has no id."""
    boot = ""
    with suppress(OSError):
        boot = BOOT.read_text("ascii").strip()[:64]
    return Uptime(boot, time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Implements `ports.Clock` with a wall clock that stands still; deadlines still pass."""

    moment: datetime

    def now(self) -> datetime:
        """Always `moment`, the time at which a case arrived."""
        return self.moment

    monotonic = staticmethod(time.monotonic)


class Stopwatch:
    """Seconds per stage, on a clock's monotonic scale. `laps` holds them by the stage's name; `last` is when the last
    lap ended."""

    def __init__(self, clock: Clock) -> None:
        self._monotonic = clock.monotonic
        self.last = clock.monotonic()
        self.laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """The time since the last lap belongs to this stage."""
        now, before = self._monotonic(), self.last
        self.laps[stage] = self.laps[stage] + now - before if stage in self.laps else now - before
        self.last = now
