"""Children that must be kept alive, and when a missing one may be forked.

After an early death, or if the machine refuses a fork, the supervisor waits, longer each time: what is missing (memory,
processes, descriptors, a database) seldom comes back sooner if it is tried more often.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from sekisho.daemon.child import STATUS_LATER, Child
from sekisho.daemon.setup import Setup
from sekisho.events import lifecycle

LOG = logging.getLogger("sekisho.daemon")
YOUNG_SECONDS = 10.0  # a child that dies sooner died early: there is a wait before it is replaced
_MAX_WAIT_SECONDS = 30.0
_MAX_DOUBLINGS = 20  # more than the longest wait needs


def growing(times: int) -> float:
    """Seconds to wait after so many failures in a row: 0 after the first, 30 at most."""
    return min(_MAX_WAIT_SECONDS, 0.1 * 2.0 ** min(times, _MAX_DOUBLINGS)) if times > 1 else 0.0


@dataclass(slots=True)
class Places:
    """The children of one kind and configuration.

    `wanted` is how many there should be; `due` when missing ones may be forked (monotonic seconds). `refused`: the
    machine had no process for us, or killed one, so the same may succeed later. `failed`: a child ended by an error."""

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
        """True if all children are there and ready."""
        return len(self.children) == self.wanted and all(child.ready for child in self.children)

    def fill(self, start: Callable[[Places], None], now: float) -> None:
        """Fork the children that are due; `now` is in monotonic seconds. A refused fork is tried again later, and the
        first one in a row is logged."""
        for moment in [moment for moment in self.due if moment <= now]:
            self.due.remove(moment)
            try:
                start(self)
            except OSError as error:
                self.refused = True
                self.refusals += 1
                self.due.append(now + max(growing(self.refusals), 0.1))
                if self.refusals == 1:
                    lifecycle.FORK_REFUSED.write(LOG, reason=error.strerror or error)
            else:
                self.refusals = 0

    def lost(self, child: Child, now: float, code: int, at_work: bool = False) -> None:
        """Remove a dead child and plan its successor. `now` is in monotonic seconds; `code` is the exit status, or
        negative for a signal. If it died with mail in progress (`at_work`), that is no early death: it could start, and
        the message that may have ended it is not given to a worker again."""
        self.children.remove(child)
        young = now - child.born < YOUNG_SECONDS and not at_work
        self.early_deaths = self.early_deaths + 1 if young else 0
        self.due.append(now + growing(self.early_deaths))
        if code in {
            -signal.SIGKILL,
            STATUS_LATER,
        }:  # SIGKILL comes most likely from the kernel, for lack of memory
            self.refused = True
        else:
            self.failed = True
