"""The wall clock, read here and nowhere else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A wall clock that stands at the time a case arrived; time still passes for deadlines."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    monotonic = staticmethod(time.monotonic)
