"""What counts as a jump. Pure arithmetic, apart from files and clocks."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.guard.options import GuardOptions


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages judged, and how many of them severely. The long run's numbers fade, so they are no integers."""

    total: float = 0.0
    severe: float = 0.0

    @property
    def share(self) -> float:
        return self.severe / self.total if self.total else 0.0

    def __add__(self, more: Tally) -> Tally:
        return Tally(self.total + more.total, self.severe + more.severe)

    def faded(self, seconds: float, options: GuardOptions) -> Tally:
        """The tally after a time, with half of it gone every `memory_hours`."""
        left = 0.5 ** (max(0.0, seconds) / (options.memory_hours * 3600))
        return Tally(self.total * left, self.severe * left)


def highest(usual: float, factor: float) -> float:
    """The share whose odds are `factor` times those of the usual share: it grows with it and stays below 1."""
    return factor * usual / (1 - usual + factor * usual)


def jumped(window: Tally, long_run: Tally, options: GuardOptions) -> bool:
    """True if the window holds so many severe verdicts that they are more likely our mistake."""
    if long_run.total < options.history or window.severe < options.minimum:
        return False
    return window.share > highest(max(long_run.share, options.least_percent / 100), options.factor)
