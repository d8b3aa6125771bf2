"""Children that are to be kept alive, and when those that are missing may be forked.

A child that died young and a fork that the machine refused are waited for, longer each time: what is missing
(memory, processes, descriptors, a database) does not come back sooner if it is asked for more often.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from sekisho.daemon.child import STATUS_LATER, Child
from sekisho.daemon.setup import Setup

LOG = logging.getLogger("sekisho.daemon")
YOUNG_SECONDS = 10.0  # seconds; a child that dies sooner is waited for before it is replaced
_MAX_WAIT_SECONDS = 30.0
_MAX_DOUBLINGS = 20  # more than the longest wait needs


def growing(times: int) -> float:
    """Seconds to wait after the nth failure in a row: none after the first, 30 at most."""
    return min(_MAX_WAIT_SECONDS, 0.1 * 2.0 ** min(times, _MAX_DOUBLINGS)) if times > 1 else 0.0


@dataclass(slots=True)
class Places:
    """`refused`: the machine had no process for us, or took one away, so that the same may succeed later."""

    wanted: int
    setup: Setup
    children: list[Child] = field(default_factory=list)
    due: list[float] = field(default_factory=list)
    early_deaths: int = 0
    refusals: int = 0
    refused: bool = False
    failed: bool = False

    @property
    def ready(self) -> bool:
        """True if all children that are wanted are there and ready."""
        return len(self.children) == self.wanted and all(child.ready for child in self.children)

    def fill(self, start: Callable[[Places], None], now: float) -> None:
        """Fork those that are due. What is refused is planned anew and said, the first time in a row."""
        for moment in [moment for moment in self.due if moment <= now]:
            self.due.remove(moment)
            try:
                start(self)
            except OSError as error:
                self.refused = True
                self.refusals += 1
                self.due.append(now + max(growing(self.refusals), 0.1))
                if self.refusals == 1:
                    LOG.error("a process cannot be started: %s; it is tried again", error)
            else:
                self.refusals = 0

    def lost(self, child: Child, now: float, code: int, at_work: bool = False) -> None:
        """Take a dead child off and plan its successor. `code` is negative for a signal. One that died with mail
        `at_work` is no early death: it could start, and what it died of does not come to a worker again."""
        self.children.remove(child)
        young = now - child.born < YOUNG_SECONDS and not at_work
        self.early_deaths = self.early_deaths + 1 if young else 0
        self.due.append(now + growing(self.early_deaths))
        if code in {-signal.SIGKILL, STATUS_LATER}:  # killed: most likely for its memory
            self.refused = True
        else:
            self.failed = True
