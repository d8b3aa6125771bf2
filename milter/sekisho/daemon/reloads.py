"""When a new configuration is loaded.

At once if an operator asks (SIGHUP); if the keeper asks, two seconds after the reload before at the earliest, so
that many changes in a row are one reload; and again, at growing intervals, if the machine had no room for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.daemon.places import growing

APART = 2.0  # seconds between two reloads that the keeper asks for


@dataclass(slots=True)
class Reloads:
    """Times are monotonic seconds. However often it is asked for, one reload is due."""

    at: float | None = None
    began: float = float("-inf")
    refusals: int = 0

    def ask(self, now: float) -> None:
        self.at = now
        self.refusals = 0

    def wish(self, now: float) -> None:
        """Ask, without haste."""
        due = max(now, self.began + APART)
        self.at = due if self.at is None else min(self.at, due)

    def refused(self, now: float) -> float:
        """The one that began cannot be carried out now. Returns the seconds until it is tried again."""
        self.refusals += 1
        wait = max(growing(self.refusals), 1.0)
        self.at = now + wait if self.at is None else self.at
        return wait

    def due(self, now: float) -> bool:
        return self.at is not None and self.at <= now

    def begin(self, now: float) -> None:
        self.at = None
        self.began = now

    def succeeded(self) -> None:
        self.refusals = 0
