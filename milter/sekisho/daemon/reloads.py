"""When a new configuration is loaded.

At once if an operator asks (SIGHUP), however often, and again, at growing intervals, if the machine had no room for
it. What is asked for while a reload cannot begin, since another one takes place, is one reload.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.daemon.places import growing


@dataclass(slots=True)
class Reloads:
    """Times are monotonic seconds. However often it is asked for, one reload is due."""

    at: float | None = None
    refusals: int = 0

    def ask(self, now: float) -> None:
        """A reload is asked for, now."""
        self.at = now
        self.refusals = 0

    def refused(self, now: float) -> float:
        """The one that began cannot be carried out now. Returns the seconds until it is tried again."""
        self.refusals += 1
        wait = max(growing(self.refusals), 1.0)
        self.at = now + wait if self.at is None else self.at
        return wait

    def due(self, now: float) -> bool:
        """True if one is to be begun."""
        return self.at is not None and self.at <= now

    def begin(self) -> None:
        """It is begun."""
        self.at = None

    def succeeded(self) -> None:
        """It is in force."""
        self.refusals = 0
