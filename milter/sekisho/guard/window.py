"""What counts as a jump. Pure arithmetic, apart from files and clocks.

A mistake of ours (a wrong rule, a wrong threshold) falls on the mail of many senders at once. A wave that one sender
makes does not, however large it is. So severe verdicts are counted in buckets, once by the client's network and once
by the author's organisation, and one bucket counts for a small share of what a jump takes. What is judged by both
counts is the smaller one: many networks with one author, or many authors from one network, are one sender.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from sekisho.guard.options import GuardOptions

BUCKETS = 512
"""Of each kind, for one stretch of time. Which sender is in which bucket is keyed."""
_MOST_SENDERS = 100
"""Senders, at most, that a jump has to come from; beyond that the buckets would not tell them apart."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages judged, and how many of them severely. The long run's numbers fade, so they are no integers."""

    total: float = 0.0
    severe: float = 0.0

    @property
    def share(self) -> float:
        """The severe ones among all, from 0 to 1."""
        return self.severe / self.total if self.total else 0.0

    def __add__(self, more: Tally) -> Tally:
        return Tally(self.total + more.total, self.severe + more.severe)

    def faded(self, seconds: float, options: GuardOptions) -> Tally:
        """The tally after a time, with half of it gone every `memory_hours`."""
        left = 0.5 ** (max(0.0, seconds) / (options.memory_hours * 3600))
        return Tally(self.total * left, self.severe * left)


Buckets = Sequence[int]


@dataclass(frozen=True, slots=True)
class Spread:
    """What one stretch of time, or several together, saw: mild verdicts, and the severe ones by bucket."""

    mild: float = 0.0
    networks: Buckets = ()
    organisations: Buckets = ()

    def __add__(self, more: Spread) -> Spread:
        return Spread(
            self.mild + more.mild,
            _sum(self.networks, more.networks),
            _sum(self.organisations, more.organisations),
        )

    def severe(self, most: float) -> float:
        """Severe verdicts, of each sender at most so many."""
        return min(_bounded(self.networks, most), _bounded(self.organisations, most))

    def tally(self, most: float) -> Tally:
        """The same as a tally: what one sender sends beyond its share does not count."""
        severe = self.severe(most)
        return Tally(self.mild + severe, severe)


def _sum(one: Buckets, other: Buckets) -> Buckets:
    if not one or not other:
        return one or other
    return array("L", map(int.__add__, one, other))


def _bounded(buckets: Buckets, most: float) -> float:
    """The sum with each bucket bounded, and corrected for senders that share one (linear counting)."""
    used = len(buckets) - buckets.count(0)
    if not used:
        return 0.0
    senders = len(buckets) * math.log(len(buckets) / max(1, len(buckets) - used))
    return sum(min(each, most) for each in buckets) * senders / used


def highest(usual: float, factor: float) -> float:
    """The share whose odds are `factor` times those of the usual share: it grows with it and stays below 1."""
    return factor * usual / (1 - usual + factor * usual)


def needed(mild: float, long_run: Tally, options: GuardOptions) -> float:
    """The severe verdicts that are a jump beside so many mild ones."""
    share = highest(max(long_run.share, options.least_percent / 100), options.factor)
    beside = mild * share / (1 - share) if share < 1 else math.inf
    return max(float(options.minimum), beside)


def most_of_one(jump: float, options: GuardOptions) -> float:
    """How many severe verdicts of one sender count, where `jump` of them are a jump. One always does."""
    return max(1.0, jump / min(max(options.minimum, 2), _MOST_SENDERS))


def jumped(window: Spread, long_run: Tally, options: GuardOptions) -> bool:
    """True if the window holds so many severe verdicts of so many senders that they are more likely our mistake."""
    if long_run.total < options.history:
        return False
    jump = max(2.0, needed(window.mild, long_run, options))
    return window.severe(most_of_one(jump, options)) > jump * (1 - 1e-9)
