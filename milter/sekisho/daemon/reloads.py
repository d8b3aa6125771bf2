"""When a new configuration is loaded.

After SIGHUP it is loaded at once. If the machine had no resources for it, it is tried again at growing intervals.
However many signals come while another reload is going on, one reload follows.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.daemon.places import growing


@dataclass(slots=True)
class Reloads:
    """The reload that is due: `at` is its time (monotonic seconds), None if there is none."""

    at: float | None = None
    refusals: int = 0

    def ask(self, now: float) -> None:
        """A reload is wanted now (monotonic seconds)."""
        self.at = now
        self.refusals = 0

    def refused(self, now: float) -> float:
        """The reload that began cannot be done now. Returns the seconds until it is tried again."""
        self.refusals += 1
        wait = max(growing(self.refusals), 1.0)
        self.at = now + wait if self.at is None else self.at
        return wait

    def due(self, now: float) -> bool:
        """True if a reload must begin (`now` is in monotonic seconds)."""
        return self.at is not None and self.at <= now

    def begin(self) -> None:
        """The reload begins, so none is due."""
        self.at = None

    def succeeded(self) -> None:
        """The next retry waits the shortest time again."""
        self.refusals = 0
