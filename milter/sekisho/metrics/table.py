"""Every metric of sekisho, declared once: a new one is a row here and a line in docs/monitoring.md.

Label values are closed sets. What is not in its set counts as `other`, so that no message, brand file or name
server can make the number of series grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sekisho.dns_answer import Found
from sekisho.results import AuthResult
from sekisho.verdict import Disposition, Mode

PREFIX = "sekisho_"
OTHER = "other"

VERDICTS = tuple(each.word for each in Disposition)
ACTIONS = (*VERDICTS, "hold")
MODES = tuple(mode.value for mode in Mode)
METHODS = ("spf", "dkim", "dmarc", "arc", "iprev")
RESULTS = tuple(word.value for word in AuthResult)
OUTCOMES = (*(found.value for found in Found), "cached", OTHER)
ERRORS = (
    "wire",
    "process",
    "deadline",
    "overload",
    "edit",
    "again",
    "store",
    "maintenance",
    "gauges",
)
DEGRADED = ("dns", "deadline", "check", "limit", "pictures", OTHER)
OPERATIONS = ("hold", "release", "delete", "expire", "purge", "view", OTHER)
OPERATION_RESULTS = ("ok", "unavailable", "failed", "uncertain", OTHER)
STATES = ("held", "released", "sending", "uncertain", "deleted", "expired")
RELEASES = ("false_positive", "requested", "test", OTHER)
WORKERS = ("starting", "ready", "draining")
CAUSES = ("crash", "killed", "stuck", "start", "memory", OTHER)
DECODER_ENDS = ("time", "memory", "died", "start", OTHER)
OBSERVERS = ("journal", "metrics", "guard", "recorder", OTHER)
TARGETS = ("stderr", "file", OTHER)
READY = ("workers", "milter", "store", "maintenance")
PROBES = ("answered", "unanswered")

SCORES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 25)
STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 20)
DNS_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 8)


@dataclass(frozen=True, slots=True)
class Row:
    """A metric: its name as exposed but without prefix, what it counts, its labels. A gauge is either summed
    over the processes that live (`live`), or is what was set last."""

    name: str
    kind: Literal["counter", "histogram", "gauge", "info"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    live: bool = False


ROWS: tuple[Row, ...] = (
    Row("messages_total", "counter", "Messages judged.", ("verdict", "action", "mode")),
    Row("recipients_total", "counter", "Recipients of judged messages.", ("verdict", "action", "mode")),
    Row("score", "histogram", "Score of judged messages, in points.", buckets=SCORES),
    Row("stage_seconds", "histogram", "Time spent in a stage.", ("stage",), buckets=STAGE_SECONDS),
    Row("message_seconds", "histogram", "Time from end-of-message to the reply.", buckets=SECONDS),
    Row("findings_total", "counter", "Messages with a finding.", ("finding",)),
    Row("impersonations_total", "counter", "Messages tagged or worse that name a brand.", ("brand",)),
    Row("auth_results_total", "counter", "Results of authentication.", ("method", "result")),
    Row("dns_queries_total", "counter", "DNS questions.", ("outcome",)),
    Row("dns_seconds", "histogram", "Time until a DNS answer.", buckets=DNS_SECONDS),
    Row("errors_total", "counter", "Failures of our own.", ("stage",)),
    Row("degraded_total", "counter", "Verdicts given without all evidence.", ("reason",)),
    Row("quarantine_messages", "gauge", "Messages in the quarantine.", ("state",)),
    Row("quarantine_bytes", "gauge", "Bytes that the contents of the quarantine take up, compressed."),
    Row(
        "quarantine_free_bytes",
        "gauge",
        "Bytes free where the quarantine is; NaN if it is on another machine.",
    ),
    Row("retention_paused", "gauge", "1 while retention does nothing, since the clock cannot be believed."),
    Row("quarantine_operations_total", "counter", "Operations on the quarantine.", ("operation", "result")),
    Row(
        "store_identity_failures_total",
        "counter",
        "Times that the store's open files were not, or could not be, those at its path.",
    ),
    Row("releases_total", "counter", "Messages released from the quarantine.", ("reason",)),
    Row(
        "shadow_differences_total",
        "counter",
        "Recipients that a policy on trial would have judged differently.",
        ("policy", "live", "shadow"),
    ),
    Row("paused", "gauge", "1 while mail is accepted and only counted, by `sekisho pause`."),
    Row("tagging_only", "gauge", "1 while the guard lets mail be tagged at most."),
    Row("guard_trips_total", "counter", "Times that the guard fell back to tagging."),
    Row(
        "observer_failures_total",
        "counter",
        "Failures of what only watches; no reply changed by them.",
        ("observer",),
    ),
    Row("log_lines_dropped_total", "counter", "Log lines that could not be written.", ("target",)),
    Row("ready", "gauge", "1 as far as this reason goes; we are ready for mail if all are 1.", ("reason",)),
    Row("milter_probes_total", "counter", "Negotiations with our own milter socket.", ("result",)),
    Row("workers", "gauge", "Worker processes.", ("state",)),
    Row("worker_restarts_total", "counter", "Workers that were replaced.", ("cause",)),
    Row(
        "picture_decoder_ends_total",
        "counter",
        "Programs that decode pictures and were ended, died, or could not be had.",
        ("cause",),
    ),
    Row("sessions_in_progress", "gauge", "Open milter sessions.", live=True),
    Row(
        "config_last_reload_success", "gauge", "1 if the last reload of the configuration succeeded, else 0."
    ),
    Row(
        "config_last_reload_timestamp_seconds", "gauge", "When the configuration was last loaded, Unix time."
    ),
    Row("config_reload_waiting", "gauge", "1 while a reload waits for sessions of the configuration before."),
    Row("build_info", "info", "What runs.", ("version", "python", "libmilter")),
)
