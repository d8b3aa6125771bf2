"""Tells the log and systemd when the maintenance process dies again and again, and when it lives again."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sekisho.daemon import systemd

LOG = logging.getLogger("sekisho.daemon")
EARLY_DEATHS_TO_TELL = 2
"""Early deaths in a row that are no accident any more."""
ALIVE_SECONDS = 10.0
"""Seconds after which a maintenance process is taken to live."""


class MaintenanceState:
    """Belongs to the supervisor. Without that process mail is judged, but no figures, health or status can be had."""

    def __init__(self) -> None:
        self._dying = False

    def turn(self, early_deaths: int, births: Iterable[float], now: float) -> None:
        """`early_deaths` in a row of a process that had just started; `births` of those that live (monotonic)."""
        grown = any(now - born > ALIVE_SECONDS for born in births)
        if self._dying and grown:
            self._dying = False
            LOG.warning("the maintenance process lives again")
            systemd.notify("STATUS=the maintenance process lives again")
        elif not self._dying and not grown and early_deaths >= EARLY_DEATHS_TO_TELL:
            self._dying = True
            LOG.error(
                "the maintenance process dies again and again: no metrics, no health, no retention until it lives"
            )
            systemd.notify("STATUS=the maintenance process dies again and again, see the log")
