"""Reports to the log and to systemd that the maintenance process keeps dying, and that it has recovered."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sekisho.daemon import systemd
from sekisho.events import lifecycle

LOG = logging.getLogger("sekisho.daemon")
EARLY_DEATHS_TO_TELL = 2
"""So many early deaths in a row are reported."""
ALIVE_SECONDS = 10.0
"""A maintenance process that lives longer has recovered."""


class MaintenanceState:
    """Whether the maintenance process keeps dying. Belongs to the supervisor. Without that process mail is judged, but
    there are no metrics, no health and no retention."""

    def __init__(self) -> None:
        self._dying = False

    def turn(self, early_deaths: int, births: Iterable[float], now: float) -> None:
        """Look once. `early_deaths`: how many died in a row soon after their start. `births`: start times of those that
        live; they and `now` are monotonic seconds."""
        recovered = any(now - born > ALIVE_SECONDS for born in births)
        if self._dying and recovered:
            self._dying = False
            lifecycle.MAINTENANCE_BACK.write(LOG)
            systemd.notify("STATUS=the maintenance process lives again")
        elif not self._dying and not recovered and early_deaths >= EARLY_DEATHS_TO_TELL:
            self._dying = True
            lifecycle.MAINTENANCE_DOWN.write(LOG, "no metrics, no health, no retention until it lives")
            systemd.notify("STATUS=the maintenance process dies again and again, see the log")
