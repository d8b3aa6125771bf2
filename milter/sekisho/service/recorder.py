"""The observer that passes each judgement to log and metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sekisho.held import OperationName, OperationResult
from sekisho.journal import Journal
from sekisho.judgement import Judged
from sekisho.metrics import Metrics
from sekisho.observers import Isolation, ObserverName
from sekisho.ports import StoreUnavailable
from sekisho.verdict import Disposition, Reply


@dataclass(frozen=True, slots=True)
class Recorder:
    """Passes each judgement to the journal and the metrics, each isolated. Implements `ports.Observer`."""

    journal: Journal
    metrics: Metrics
    isolation: Isolation

    def judged(self, judged: Judged) -> None:
        """A message was judged: write its line, and count it and what was held."""
        seconds = sum(judged.stages.values())
        evidence, action = judged.evidence, judged.action
        line = judged.message, evidence, action, seconds
        self.isolation.run(ObserverName.JOURNAL, self.journal.message, *line, weights=judged.weights)
        self._count(self.metrics.message, evidence, action, judged.stages, seconds)
        stored = judged.action.reply in (Reply.DISCARD, Reply.ACCEPT)
        if stored and any(each.applied is Disposition.QUARANTINE for each in judged.outcomes):
            self._count(self.metrics.quarantine_operation, OperationName.HOLD, OperationResult.OK)

    def crashed(self, stage: str, error: Exception) -> None:
        """A stage crashed, or the store could not keep a message."""
        self._count(self.metrics.error, stage)
        if isinstance(error, StoreUnavailable):
            self._count(self.metrics.quarantine_operation, OperationName.HOLD, OperationResult.UNAVAILABLE)
            self.isolation.run(ObserverName.JOURNAL, self.journal.store_unavailable, error)
        else:
            self.isolation.run(ObserverName.JOURNAL, self.journal.error, stage, error)

    def _count(self, call: Callable[..., None], *args: object) -> None:
        self.isolation.run(ObserverName.METRICS, call, *args)
