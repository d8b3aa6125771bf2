"""When the share of severe verdicts has jumped. Pure arithmetic, without files or clocks.

A mistake of ours (a wrong rule, a wrong threshold) hits the mail of many senders at once. A campaign of one sender
does not, whatever its size. So severe verdicts are counted in buckets, once by the client's network and once by the
author's organisation, and one bucket counts only for a small part of a jump. Of the two counts the smaller one is
used: many networks with one author are one sender, and so are many authors from one network.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from sekisho.guard.options import GuardOptions

BUCKETS = 512
"""Buckets of each kind (network, organisation) in one stretch. A secret key decides the bucket of a sender."""
_MAX_SENDERS_REQUIRED = 100
"""The most senders that a jump is required to come from: more could not be told apart in so few buckets."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many messages were judged, and how many of them severely. The numbers of the long run decay, so they are not
    integers."""

    total: float = 0.0
    severe: float = 0.0

    @property
    def share(self) -> float:
        """The share of severe verdicts, 0 to 1."""
        return self.severe / self.total if self.total else 0.0

    def __add__(self, more: Tally) -> Tally:
        return Tally(self.total + more.total, self.severe + more.severe)

    def faded(self, seconds: float, options: GuardOptions) -> Tally:
        """The tally after so many seconds; half of it is gone after each `memory_hours`."""
        left = 0.5 ** (max(0.0, seconds) / (options.memory_hours * 3600))
        return Tally(self.total * left, self.severe * left)


Buckets = Sequence[int]


@dataclass(frozen=True, slots=True)
class Spread:
    """The verdicts of one or more stretches of time: how many mild ones, and the severe ones by bucket."""

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
        """How many severe verdicts there were, of each sender at most `most`."""
        return min(_bounded(self.networks, most), _bounded(self.organisations, most))

    def tally(self, most: float) -> Tally:
        """A tally in which at most `most` severe verdicts of each sender count."""
        severe = self.severe(most)
        return Tally(self.mild + severe, severe)


def _sum(one: Buckets, other: Buckets) -> Buckets:
    if not one or not other:
        return one or other
    return array("L", map(int.__add__, one, other))


def _bounded(buckets: Buckets, most: float) -> float:
    """The sum, with at most `most` of each bucket, corrected for senders that share a bucket (linear counting)."""
    used = len(buckets) - buckets.count(0)
    if not used:
        return 0.0
    senders = len(buckets) * math.log(len(buckets) / max(1, len(buckets) - used))
    return sum(min(each, most) for each in buckets) * senders / used


def raised_share(usual: float, factor: float) -> float:
    """The share (0 to 1) whose odds are `factor` times those of the usual share: with 5, 0.05 becomes 0.21."""
    return factor * usual / (1 - usual + factor * usual)


def jump_size(mild: float, long_run: Tally, options: GuardOptions) -> float:
    """How many severe verdicts are a jump when there are `mild` mild ones."""
    share = raised_share(max(long_run.share, options.least_percent / 100), options.factor)
    beside = mild * share / (1 - share) if share < 1 else math.inf
    return max(float(options.minimum), beside)


def max_per_sender(jump: float, options: GuardOptions) -> float:
    """How many severe verdicts of one sender count at most, if `jump` of them are a jump. At least 1."""
    return max(1.0, jump / min(max(options.minimum, 2), _MAX_SENDERS_REQUIRED))


def is_jump(window: Spread, long_run: Tally, options: GuardOptions) -> bool:
    """True if the window holds so many severe verdicts, of so many senders, that a mistake of ours is more likely."""
    if long_run.total < options.history:
        return False
    jump = max(2.0, jump_size(window.mild, long_run, options))
    return window.severe(max_per_sender(jump, options)) > jump * (1 - 1e-9)
