"""Counts for the other rooms. Counting never raises for an unknown label value."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import InfoMetricFamily, Metric

from sekisho.decoder import DecoderEnd
from sekisho.evidence import METHODS, Evidence
from sekisho.held import State
from sekisho.metrics.shards import Shard, ShardValue, clear, merged
from sekisho.metrics.table import OTHER, PREFIX, ROWS, MetricRow, ProbeResult
from sekisho.observers import ObserverName
from sekisho.private_files import RUNTIME_MODE
from sekisho.processes import ReadyReason, RestartCause, WorkerState
from sekisho.verdict import Action, Disposition, Reply


class Batch:
    """The changes that one message makes, written together."""

    def __init__(self) -> None:
        self.changes: list[tuple[ShardValue, float]] = []

    def inc(self, counter: Any) -> None:
        """Add 1 to a counter."""
        self.changes.append((counter._value, 1.0))

    def observe(self, histogram: Any, amount: float) -> None:
        """Count one observation as the library's own `observe` does: add `amount` (points or seconds) to the sum, and 1
        to its bucket."""
        bucket = bisect_left(histogram._upper_bounds, amount)
        self.changes += (histogram._sum, amount), (histogram._buckets[bucket], 1.0)


class Family:
    """The series of one metric. All are made at the start, so that the sets are closed and a look-up needs no lock."""

    def __init__(self, row: MetricRow, given: Mapping[str, tuple[str, ...]]) -> None:
        """`given` has the label values that the caller of `open` passes."""
        sets = tuple((*given.get(label.given or "", ()), *label.values) for label in row.labels)
        self._metric = _make(row)
        self._series: dict[tuple[str, ...], Any] = {
            labels: self._metric.labels(*labels) if labels else self._metric
            for labels in itertools.product(*sets)
        }
        self._sets = sets

    def of(self, *labels: str) -> Any:
        """The series with these label values; a value that is not in its set becomes `other`."""
        if (found := self._series.get(labels)) is not None:
            return found
        known = (
            value if value in allowed else OTHER for value, allowed in zip(labels, self._sets, strict=True)
        )
        return self._series[tuple(known)]


class Metrics:
    """All metrics. Made once before the fork; each process counts in its own slot."""

    def __init__(self, shard: Shard, given: Mapping[str, tuple[str, ...]], build: Mapping[str, str]):
        shard.install()
        shard.failed = partial(self.observer_failed, ObserverName.METRICS)
        self._shard = shard
        self._build = dict(build)
        self._families = {row.name: Family(row, given) for row in ROWS if row.kind != "info"}

    def message(
        self,
        evidence: Evidence,
        action: Action,
        stages: Mapping[str, float],
        seconds: float,
    ) -> None:
        """Count a judged message, and each of its recipients. `stages` has seconds by stage, `seconds` is the whole
        time."""
        batch = Batch()
        self._judged(batch, action)
        self._found(batch, evidence, action)
        batch.observe(self._of("message_seconds"), seconds)
        series = self._families["stage_seconds"]
        for stage, spent in stages.items():
            batch.observe(series.of(stage), spent)
        self._shard.add_all(batch.changes)

    def error(self, stage: str) -> None:
        """A failure: `stage` is a value of `Failure`, or the name of a check."""
        self._of("errors_total", stage).inc()

    def observer_failed(self, observer: str) -> None:
        """An observer failed (`ObserverName`); no reply changed."""
        self._of("observer_failures_total", observer).inc()

    def log_lines_dropped(self, target: str, lines: int) -> None:
        """A number of `lines` was lost; `target` is a value of `TargetName`."""
        self._of("log_lines_dropped_total", target).inc(lines)

    def dns(self, outcome: str, seconds: float) -> None:
        """A DNS query that the cache could not answer: its outcome, and the seconds until then."""
        batch = Batch()
        batch.inc(self._of("dns_queries_total", outcome))
        batch.observe(self._of("dns_seconds"), seconds)
        self._shard.add_all(batch.changes)

    def directory(self, use: str, outcome: str, keys: int) -> None:
        """Keys were looked up in the site's tables: values of `TableUse` and `TableOutcome`, and how many keys."""
        self._of("directory_lookups_total", use, outcome).inc(keys)

    def quarantine_operation(self, operation: str, result: str) -> None:
        """An operation of the audit: values of `OperationName` and `OperationResult`."""
        self._of("quarantine_operations_total", operation, result).inc()

    def quarantine(self, messages: Mapping[State, int], size: int) -> None:
        """What the store holds now: messages by state, and bytes."""
        for state in State:
            self._of("quarantine_messages", state).set(messages.get(state, 0))
        self._of("quarantine_bytes").set(size)

    def quarantine_free(self, size: float) -> None:
        """Bytes that the quarantine can still use on its disk; NaN if that is unknown."""
        self._of("quarantine_free_bytes").set(size)

    def store_identity_failed(self) -> None:
        """The files of the store were not those at its path."""
        self._of("store_identity_failures_total").inc()

    def retention_paused(self, paused: bool) -> None:
        """Set whether retention is paused because of the clock."""
        self._of("retention_paused").set(int(paused))

    def released(self, reason: str) -> None:
        """A message was released; `reason` is a value of `ReleaseReason`."""
        self._of("releases_total", reason).inc()

    def guard(self, *, paused: bool, tagging: bool) -> None:
        """Set whether a pause holds, and whether the guard lets mail be tagged at most."""
        self._of("paused").set(int(paused))
        self._of("tagging_only").set(int(tagging))

    def picture_decoder_ended(self, cause: DecoderEnd) -> None:
        """A process that decodes pictures ended unexpectedly."""
        self._of("picture_decoder_ends_total", cause).inc()

    def guard_tripped(self) -> None:
        """The guard fell back to tagging."""
        self._of("guard_trips_total").inc()

    def workers(self, counts: Mapping[WorkerState, int]) -> None:
        """How many workers there are in each state."""
        for state in WorkerState:
            self._of("workers", state).set(counts.get(state, 0))

    def worker_restarted(self, cause: RestartCause) -> None:
        """A worker was replaced."""
        self._of("worker_restarts_total", cause).inc()

    def sessions(self, count: int) -> None:
        """Open sessions of all workers. The figure is gone when the process that sets it dies."""
        self._of("sessions_in_progress").set(count)

    def reload(self, ok: bool, time: float) -> None:
        """A configuration was loaded or refused. `time` (Unix time in seconds) is kept only if it was loaded."""
        self._of("config_last_reload_success").set(1 if ok else 0)
        if ok:
            self._of("config_last_reload_timestamp_seconds").set(time)

    def ready(self, reasons: Collection[ReadyReason]) -> None:
        """Set the gauges of readiness: 0 for each of the `reasons`, 1 for the others."""
        for reason in ReadyReason:
            self._of("ready", reason).set(int(reason not in reasons))

    def probed(self, answered: int, unanswered: int) -> None:
        """Count connections to our own milter socket: how many were answered, and how many were not."""
        self._of("milter_probes_total", ProbeResult.ANSWERED).inc(answered)
        self._of("milter_probes_total", ProbeResult.UNANSWERED).inc(unanswered)

    def total(self, name: str) -> float:
        """The sum of a counter's series over all processes."""
        return sum(
            sample.value
            for metric in merged(self._shard.directory, self._shard.slot)
            if metric.name in (PREFIX + name, PREFIX + name.removesuffix("_total"))
            for sample in metric.samples
        )

    def reload_waits(self, waiting: bool) -> None:
        """Whether a reload waits for sessions of an older configuration."""
        self._of("config_reload_waiting").set(int(waiting))

    def begin(self) -> None:
        """Set all gauges to 0: a gauge that was never set would not be shown."""
        self.workers({})
        self.ready(tuple(ReadyReason))
        self.guard(paused=False, tagging=False)
        self.quarantine({}, 0)
        self.quarantine_free(math.nan)
        self.retention_paused(False)
        self.sessions(0)
        self.reload(False, 0)
        self._of("config_last_reload_timestamp_seconds").set(0)
        self.reload_waits(False)

    def collect(self) -> Iterable[Metric]:
        """The sums over all processes, for prometheus_client's interface of a collector."""
        yield from merged(self._shard.directory, self._shard.slot)
        yield InfoMetricFamily(f"{PREFIX}build", _row("build_info").help, value=self._build)

    def registry(self) -> CollectorRegistry:
        """A registry of prometheus_client that collects these metrics."""
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def close(self) -> None:
        """Close the files of this process."""
        self._shard.close()

    def _of(self, name: str, *labels: str) -> Any:
        return self._families[name].of(*labels)

    def _judged(self, batch: Batch, action: Action) -> None:
        strictest = action.strictest
        if strictest is None:
            return
        done = max(_done(action, outcome.applied) for outcome in action.outcomes)
        batch.inc(self._of("messages_total", strictest.disposition.word, done[1], strictest.mode))
        # A sum that falls is no counter to Prometheus.
        batch.observe(self._of("score"), max(0.0, strictest.score))
        for outcome in action.outcomes:
            verdict = outcome.verdict
            applied = _done(action, outcome.applied)[1]
            batch.inc(self._of("recipients_total", verdict.disposition.word, applied, verdict.mode))

    def _found(self, batch: Batch, evidence: Evidence, action: Action) -> None:
        for finding in {finding.kind.id for finding in evidence.findings}:
            batch.inc(self._of("findings_total", finding))
        strictest = action.strictest
        if strictest is not None and strictest.disposition >= Disposition.TAG:
            for brand in {finding.brand for finding in evidence.findings if finding.brand}:
                batch.inc(self._of("impersonations_total", brand))
        for method in METHODS:
            batch.inc(self._of("auth_results_total", method, evidence.result(method)))
        for reason in {reason.partition(":")[0] for reason in evidence.degraded}:
            batch.inc(self._of("degraded_total", reason))


def open(
    directory: Path,
    *,
    findings: Iterable[str] = (),
    brands: Iterable[str] = (),
    checks: Iterable[str] = (),
    build: Mapping[str, str] | None = None,
    fresh: bool = True,
) -> Metrics:
    """The metrics, opened in the process that will fork the others. Earlier values are removed, unless `fresh` is
    false: at a reload the counters go on.

    `findings` (ids), `brands` (ids) and `checks` (names) are the values that these labels may have. `build` has
    version, python and libmilter. Raises OSError.
    """
    directory.mkdir(mode=int(RUNTIME_MODE, 8), parents=True, exist_ok=True)
    if fresh:
        clear(directory)
    given = {"findings": tuple(findings), "brands": tuple(brands), "checks": tuple(checks)}
    unknown = dict.fromkeys(_row("build_info").label_names, "unknown")
    metrics = Metrics(Shard(directory), given, unknown | dict(build or {}))
    if fresh:
        metrics.begin()
    return metrics


def _done(action: Action, applied: Disposition) -> tuple[int, str]:
    """What was done, with its severity. Postfix's hold queue is not our quarantine and has its own name."""
    if action.reply is Reply.HOLD:
        return Disposition.QUARANTINE, Reply.HOLD
    return applied, applied.word


def _row(name: str) -> MetricRow:
    return next(row for row in ROWS if row.name == name)


def _make(row: MetricRow) -> Any:
    name = PREFIX + row.name
    if row.kind == "counter":
        return Counter(name, row.help, row.label_names, registry=None)
    if row.kind == "histogram":
        return Histogram(name, row.help, row.label_names, registry=None, buckets=row.buckets)
    mode: Any = "livesum" if row.live else "mostrecent"
    return Gauge(name, row.help, row.label_names, registry=None, multiprocess_mode=mode)
