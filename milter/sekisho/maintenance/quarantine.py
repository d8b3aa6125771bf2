"""The periodic tasks of the quarantine. The maintenance process calls `turn` often, and it does what is due.

- Copies whose release was interrupted become `uncertain`.
- Operations that people did in other processes (the command line) are written to the log and counted, each once.
- Retention runs as often as configured. While the clock cannot be believed it is paused; a gauge and the log show that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from sekisho import clock as clocks
from sekisho.config import Config
from sekisho.events import keeping
from sekisho.guard import SWITCHED, switched
from sekisho.held import MAINTENANCE, Operation, OperationName, OperationResult
from sekisho.metrics import Metrics
from sekisho.ports import Clock, Uptime
from sekisho.store.lists import ListOperation
from sekisho.store.quarantine import Quarantine

LOG = logging.getLogger("sekisho.audit")
PAUSED_RETRY_SECONDS = 15.0  # between two checks whether a pause of retention has ended


class QuarantineMaintenance:
    """The periodic tasks of the quarantine. Belongs to the maintenance process."""

    def __init__(
        self,
        settings: Config,
        meter: Metrics,
        clock: Clock,
        uptime: Callable[[], Uptime] = clocks.uptime,
    ) -> None:
        self._settings = settings
        self._metrics = meter
        self._clock = clock
        self._uptime = uptime
        self._due = clock.monotonic()
        self._paused = False

    def turn(self, quarantine: Quarantine) -> None:
        """Do what is due. Raises StoreUnavailable."""
        quarantine.give_up(timedelta(minutes=self._settings.release.uncertain_after_minutes), MAINTENANCE)
        if self._clock.monotonic() >= self._due:
            self._retain(quarantine)
        while done := quarantine.take_uncounted():
            for each in done:
                self._tell(each)

    def _retain(self, quarantine: Quarantine) -> None:
        done = quarantine.retain(self._settings.retention, self._uptime())
        interval = self._settings.retention.interval_minutes * 60
        self._due = self._clock.monotonic() + (
            min(PAUSED_RETRY_SECONDS, interval) if done.paused else interval
        )
        self._metrics.retention_paused(bool(done.paused))
        if done.paused and not self._paused:
            mend = "sekisho store retention --resume, once the clock is right"
            keeping.RETENTION_PAUSED.write(LOG, reason=done.paused, mend=mend)
        elif self._paused and not done.paused:
            keeping.RETENTION_RESUMED.write(LOG)
        self._paused = bool(done.paused)
        if done.crowded:
            keeping.QUARANTINE_CROWDED.write(LOG, reason=done.crowded)

    def _tell(self, done: Operation) -> None:
        if done.operation in SWITCHED:
            SWITCHED[done.operation].write(LOG, **switched(done))
            return
        if done.operation in set(ListOperation):  # without the note: an address may stand in it
            keeping.LIST_OPERATION.write(
                LOG, who=done.who, operation=done.operation, list=done.reason, at=_stamp(done)
            )
            return
        self._metrics.quarantine_operation(done.operation, done.result)
        if done.operation == OperationName.RELEASE and done.result == OperationResult.OK:
            self._metrics.released(done.reason)
        keeping.QUARANTINE_OPERATION.write(
            LOG,
            who=done.who,
            operation=done.operation,
            result=done.result,
            id=done.entry,
            copy=done.copy,
            reason=done.reason or None,
            at=_stamp(done),
        )


def _stamp(done: Operation) -> str | None:
    return done.at.isoformat(timespec="seconds") if done.at else None
