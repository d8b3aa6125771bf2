"""Says it, to the log and to systemd, when the maintenance process dies again and again, and when it lives again."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sekisho.daemon import systemd

LOG = logging.getLogger("sekisho.daemon")
OFTEN = 2
"""Early deaths in a row that are no accident any more."""
GROWN = 10.0
"""Seconds after which a maintenance process is taken to live."""


class MaintenanceState:
    """Belongs to the supervisor. Without that process mail is judged, but not counted, and nobody can ask."""

    def __init__(self) -> None:
        self._dying = False

    def turn(self, early_deaths: int, births: Iterable[float], now: float) -> None:
        """`early_deaths` in a row of a process that had just started; `births` of those that live (monotonic)."""
        grown = any(now - born > GROWN for born in births)
        if self._dying and grown:
            self._dying = False
            LOG.warning("the maintenance process lives again")
            systemd.notify("STATUS=the maintenance process lives again")
        elif not self._dying and not grown and early_deaths >= OFTEN:
            self._dying = True
            LOG.error(
                "the maintenance process dies again and again: no metrics, no health, no retention until it lives"
            )
            systemd.notify("STATUS=the maintenance process dies again and again, see the log")
