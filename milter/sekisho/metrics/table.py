"""Every metric of sekisho, declared once. CONTRIBUTING.md says what a new one costs.

Label values are closed sets, taken from the enums of the rooms that own them. A value that is not in its set counts as
`other`, so that no message, brand file or name server can increase the number of series.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sekisho.decoder import DecoderEnd
from sekisho.directory.tables import TableOutcome, TableUse
from sekisho.dns_answer import Found
from sekisho.evidence import METHODS, Degraded
from sekisho.held import OperationName, OperationResult, ReleaseReason, State
from sekisho.log import TargetName
from sekisho.observers import ObserverName
from sekisho.processes import ReadyReason, RestartCause, WorkerState
from sekisho.results import AuthResult
from sekisho.stages import Failure, Stage
from sekisho.verdict import WORDS, Mode, Reply

PREFIX = "sekisho_"
OTHER = "other"

SCORE_POINTS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50)
MESSAGE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 25)
STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 20)
DNS_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 8)


class ProbeResult(StrEnum):
    """The result of a connection to our own milter socket."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class MetricLabel:
    """A label and the values that it may have. `given`: further values that the caller of `metrics.open` passes."""

    name: str
    values: tuple[str, ...]
    given: Literal["findings", "brands", "checks"] | None = None


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric: its exposed name without prefix, what it counts, its labels. A gauge is the sum over the running
    processes (`live`), or the value that was set last."""

    name: str
    kind: Literal["counter", "histogram", "gauge", "info"]
    help: str
    labels: tuple[MetricLabel, ...] = ()
    buckets: tuple[float, ...] = ()
    live: bool = False

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of its labels, in order."""
        return tuple(label.name for label in self.labels)


JUDGED = (
    MetricLabel("verdict", WORDS),
    MetricLabel("action", (*WORDS, Reply.HOLD)),
    MetricLabel("mode", tuple(Mode)),
)

ROWS: tuple[MetricRow, ...] = (
    MetricRow("messages_total", "counter", "Messages judged.", JUDGED),
    MetricRow("recipients_total", "counter", "Recipients of judged messages.", JUDGED),
    MetricRow("score", "histogram", "Score of judged messages, in points.", buckets=SCORE_POINTS),
    MetricRow(
        "stage_seconds",
        "histogram",
        "Time spent in a stage.",
        (MetricLabel("stage", (*Stage, OTHER), "checks"),),
        buckets=STAGE_SECONDS,
    ),
    MetricRow(
        "message_seconds", "histogram", "Time from end-of-message to the reply.", buckets=MESSAGE_SECONDS
    ),
    MetricRow(
        "findings_total",
        "counter",
        "Messages with a finding.",
        (MetricLabel("finding", (OTHER,), "findings"),),
    ),
    MetricRow(
        "impersonations_total",
        "counter",
        "Messages tagged or worse that name a brand.",
        (MetricLabel("brand", (OTHER,), "brands"),),
    ),
    MetricRow(
        "auth_results_total",
        "counter",
        "Results of authentication.",
        (MetricLabel("method", METHODS), MetricLabel("result", tuple(AuthResult))),
    ),
    MetricRow("dns_queries_total", "counter", "DNS questions.", (MetricLabel("outcome", (*Found, OTHER)),)),
    MetricRow("dns_seconds", "histogram", "Time until a DNS answer.", buckets=DNS_SECONDS),
    MetricRow(
        "directory_lookups_total",
        "counter",
        "Keys looked up in the tables of [directory].",
        (MetricLabel("use", tuple(TableUse)), MetricLabel("outcome", tuple(TableOutcome))),
    ),
    MetricRow(
        "errors_total",
        "counter",
        "Failures of our own.",
        (MetricLabel("stage", (*Failure, OTHER), "checks"),),
    ),
    MetricRow(
        "degraded_total",
        "counter",
        "Verdicts given without all evidence.",
        (MetricLabel("reason", (*Degraded, OTHER)),),
    ),
    MetricRow(
        "quarantine_messages", "gauge", "Messages in the quarantine.", (MetricLabel("state", tuple(State)),)
    ),
    MetricRow("quarantine_bytes", "gauge", "Bytes that the contents of the quarantine take up, compressed."),
    MetricRow(
        "quarantine_free_bytes",
        "gauge",
        "Bytes free where the quarantine is; NaN if it is on another machine.",
    ),
    MetricRow(
        "retention_paused", "gauge", "1 while retention does nothing, since the clock cannot be believed."
    ),
    MetricRow(
        "quarantine_operations_total",
        "counter",
        "Operations on the quarantine.",
        (MetricLabel("operation", (*OperationName, OTHER)), MetricLabel("result", (*OperationResult, OTHER))),
    ),
    MetricRow(
        "store_identity_failures_total",
        "counter",
        "Times that the store's open files were not, or could not be, those at its path.",
    ),
    MetricRow(
        "releases_total",
        "counter",
        "Messages released from the quarantine.",
        (MetricLabel("reason", tuple(ReleaseReason)),),
    ),
    MetricRow("paused", "gauge", "1 while mail is accepted and only counted, by `sekisho pause`."),
    MetricRow("tagging_only", "gauge", "1 while the guard lets mail be tagged at most."),
    MetricRow("guard_trips_total", "counter", "Times that the guard fell back to tagging."),
    MetricRow(
        "observer_failures_total",
        "counter",
        "Failures of what only watches; no reply changed by them.",
        (MetricLabel("observer", (*ObserverName, OTHER)),),
    ),
    MetricRow(
        "log_lines_dropped_total",
        "counter",
        "Log lines that could not be written.",
        (MetricLabel("target", (*TargetName, OTHER)),),
    ),
    MetricRow(
        "ready",
        "gauge",
        "1 as far as this reason goes; we are ready for mail if all are 1.",
        (MetricLabel("reason", tuple(ReadyReason)),),
    ),
    MetricRow(
        "milter_probes_total",
        "counter",
        "Negotiations with our own milter socket.",
        (MetricLabel("result", tuple(ProbeResult)),),
    ),
    MetricRow("workers", "gauge", "Worker processes.", (MetricLabel("state", tuple(WorkerState)),)),
    MetricRow(
        "worker_restarts_total",
        "counter",
        "Workers that were replaced.",
        (MetricLabel("cause", tuple(RestartCause)),),
    ),
    MetricRow(
        "picture_decoder_ends_total",
        "counter",
        "Programs that decode pictures and were ended, died, or could not be had.",
        (MetricLabel("cause", (*DecoderEnd, OTHER)),),
    ),
    MetricRow("sessions_in_progress", "gauge", "Open milter sessions.", live=True),
    MetricRow(
        "config_last_reload_success", "gauge", "1 if the last reload of the configuration succeeded, else 0."
    ),
    MetricRow(
        "config_last_reload_timestamp_seconds",
        "gauge",
        "When the configuration was last loaded, Unix time.",
    ),
    MetricRow(
        "config_reload_waiting",
        "gauge",
        "1 while a reload waits for sessions of the configuration before.",
    ),
    MetricRow(
        "build_info",
        "info",
        "What runs.",
        (MetricLabel("version", ()), MetricLabel("python", ()), MetricLabel("libmilter", ())),
    ),
)
