"""Writes the Grafana dashboard: `make docs` runs it, and the tests hold sekisho.json to it.

Every panel is a row of a table: title, how it is drawn, unit, what it means, and its queries.
Numbers over a time use `increase` or `rate` over Grafana's own intervals, so that the sums are right at every zoom;
gauges are shown as they are. The variable `instance` selects one of several sekisho.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models

TARGET = Path(__file__).with_name("sekisho.json")
SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
ME = 'instance=~"$instance"'
SEVERE = 'verdict=~"quarantine|reject"'
PASSED = 'result="pass"'
COLOURS = {
    "accept": "green",
    "tag": "yellow",
    "quarantine": "orange",
    "reject": "red",
    "tempfail": "purple",
    "hold": "blue",
}


@dataclass(frozen=True, slots=True)
class Query:
    """An expression of Prometheus, and how its series are named."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """`kind`: a number, a list of the largest, or lines over time. `alarm`: red from there on (below: under it)."""

    title: str
    kind: Literal["number", "largest", "lines", "stacked"]
    unit: str
    means: str
    queries: tuple[Query, ...]
    width: int = 12
    alarm: float | None = None
    below: bool = False


def total(metric: str, by: str = "", where: str = "", window: str = "$__range") -> str:
    """How much a counter rose in the window, by labels."""
    labels = ", ".join(filter(None, (where, ME)))
    return f"sum{f' by ({by})' if by else ''} (increase(sekisho_{metric}{{{labels}}}[{window}]))"


def rate(metric: str, by: str = "", where: str = "") -> str:
    """The same for each second, at the width of a pixel."""
    return total(metric, by, where, "$__rate_interval").replace("(increase(", "(rate(")


def quantile(share: float, metric: str) -> Query:
    """The quantile of a histogram below which `share` (0 to 1) of the observations are."""
    return Query(
        f"histogram_quantile({share}, {rate(f'{metric}_bucket', 'le')})", f"{round(share * 100)} % are below"
    )


def gauge(metric: str, by: str = "", where: str = "", fold: str = "sum") -> str:
    """A gauge summed (or folded otherwise) over the instances, by a label if one is named."""
    labels = ", ".join(filter(None, (where, ME)))
    return f"{fold}{f' by ({by})' if by else ''} (sekisho_{metric}{{{labels}}})"


def largest(metric: str, label: str) -> tuple[Query, ...]:
    """The 15 values of a label with the largest counts."""
    return (Query(f"topk(15, {total(metric, label)} > 0)", f"{{{{{label}}}}}"),)


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "At a glance",
        (
            Panel(
                "Ready workers", "number", "none", "Without one, Postfix defers mail.",
                (Query(gauge("workers", where='state="ready"')),), 4, 1, below=True,
            ),
            Panel("Messages", "number", "none", "Judged in the time shown.", (Query(total("messages_total")),), 4),
            Panel(
                "Recipients", "number", "none", "Of the judged messages, in the time shown.",
                (Query(total("recipients_total")),), 4,
            ),
            Panel(
                "Judged severely", "number", "percentunit",
                "Share of the recipients whose verdict was quarantine or reject, in the time shown; in shadow too.",
                (Query(f"{total('recipients_total', where=SEVERE)} / {total('recipients_total')}"),), 4,
            ),
            Panel(
                "Held now", "number", "none", "Messages with at least one copy in the quarantine.",
                (Query(gauge("quarantine_messages", where='state="held"')),), 4,
            ),
            Panel(
                "Last reload", "number", "bool_yes_no",
                "No: the configuration on the disk is wrong, and an older one is in force. The log names the errors.",
                (Query(gauge("config_last_reload_success", fold="min")),), 4, 1, below=True,
            ),
        ),
    ),
    (
        "Protection",
        (
            Panel(
                "Paused", "number", "bool_yes_no",
                "Yes: all mail is accepted and only counted, until `sekisho resume` or the end of the pause.",
                (Query(gauge("paused", fold="max")),), 4, 1,
            ),
            Panel(
                "Tagging only", "number", "bool_yes_no",
                "Yes: the guard has fallen back, because too much mail was to be held at once.",
                (Query(gauge("tagging_only", fold="max")),), 4, 1,
            ),
            Panel(
                "When it was off", "lines", "bool_yes_no", "Pauses, and times in which mail was tagged at most.",
                (Query(gauge("paused", fold="max"), "paused"),
                 Query(gauge("tagging_only", fold="max"), "tagging only")), 16,
            ),
        ),
    ),
    (
        "Mail",
        (
            Panel(
                "Messages by verdict", "stacked", "reqps",
                "The strictest verdict among the recipients of each message, each second.",
                (Query(rate("messages_total", "verdict"), "{{verdict}}"),),
            ),
            Panel(
                "Recipients by what was done", "stacked", "reqps",
                "What was done for each recipient, each second. In shadow everything is accepted whatever the verdict.",
                (Query(rate("recipients_total", "action, mode"), "{{action}} ({{mode}})"),),
            ),
            Panel(
                "Verdicts and what was done about them", "largest", "none",
                "Recipients in the time shown. A verdict that is severer than what was done: shadow, or max_action.",
                (Query(f"{total('recipients_total', 'verdict, action, mode')} > 0",
                       "{{verdict}}, done: {{action}} ({{mode}})"),),
            ),
            Panel(
                "Messages up to a score", "largest", "none",
                "Messages of the time shown with at most so many points (each line holds those above it).",
                (Query(total("score_bucket", "le"), "{{le}} points"),),
            ),
            Panel(
                "Findings", "largest", "none", "Messages of the time shown with a finding; the 15 most frequent.",
                largest("findings_total", "finding"),
            ),
            Panel(
                "Brands imitated", "largest", "none",
                "Messages of the time shown, judged tag or worse, with a finding that names the brand; the top 15.",
                largest("impersonations_total", "brand"),
            ),
            Panel(
                "Authentication that passes", "lines", "percentunit",
                "Share of the messages for which each method passed. A sudden fall of all is usually DNS.",
                (Query(f"{rate('auth_results_total', 'method', PASSED)} "
                       f"/ {rate('auth_results_total', 'method')}", "{{method}}"),),
            ),
            Panel(
                "Authentication results", "largest", "none", "Messages of the time shown, by method and result.",
                (Query(f"{total('auth_results_total', 'method, result')} > 0", "{{method}}: {{result}}"),),
            ),
        ),
    ),
    (
        "Quarantine",
        (
            Panel(
                "Messages in the quarantine", "lines", "none",
                "By state. `uncertain` are releases that were cut off: look before you repeat them.",
                (Query(gauge("quarantine_messages", "state"), "{{state}}"),),
            ),
            Panel(
                "Space", "lines", "bytes",
                "What the held contents take up, and what is free on their file system (unknown for PostgreSQL).",
                (Query(gauge("quarantine_bytes"), "used"), Query(gauge("quarantine_free_bytes", fold="min"), "free")),
            ),
            Panel(
                "Operations", "largest", "none", "On the quarantine in the time shown, by result.",
                (Query(f"{total('quarantine_operations_total', 'operation, result')} > 0",
                       "{{operation}}: {{result}}"),), 12,
            ),
            Panel(
                "Releases", "largest", "none",
                "In the time shown, by reason. False positives are mail that should not have been held.",
                (Query(f"{total('releases_total', 'reason')} > 0", "{{reason}}"),), 12,
            ),
        ),
    ),
    (
        "Health",
        (
            Panel(
                "Time for a verdict", "lines", "s", "From end-of-message to the reply. Postfix waits that long.",
                tuple(quantile(share, "message_seconds") for share in (0.5, 0.95, 0.99)), alarm=20,
            ),
            Panel(
                "Time in each stage", "stacked", "s", "The mean for a message.",
                (Query(f"{rate('stage_seconds_sum', 'stage')} / {rate('stage_seconds_count', 'stage')}",
                       "{{stage}}"),),
            ),
            Panel(
                "DNS questions", "stacked", "reqps", "Those that the cache could not answer, by outcome, each second.",
                (Query(rate("dns_queries_total", "outcome"), "{{outcome}}"),),
            ),
            Panel(
                "Time for a DNS answer", "lines", "s", "Of the questions that went to the network.",
                tuple(quantile(share, "dns_seconds") for share in (0.5, 0.95)), alarm=2,
            ),
            Panel(
                "Degraded verdicts", "lines", "percentunit",
                "Share of the messages judged without all evidence, by reason. Nothing passes because of it.",
                (Query(f"{rate('degraded_total', 'reason')} / ignoring (reason) group_left {rate('messages_total')}",
                       "{{reason}}"),), alarm=0.05,
            ),
            Panel(
                "Failures of our own", "largest", "none",
                "In the time shown, by stage: `process` is a message that parser or pipeline crashed on.",
                (Query(f"{total('errors_total', 'stage')} > 0", "{{stage}}"),),
            ),
            Panel(
                "Workers", "lines", "none", "By state; `draining` ones finish their sessions after a reload.",
                (Query(gauge("workers", "state"), "{{state}}"),), 8,
            ),
            Panel(
                "Workers replaced", "largest", "none",
                "In the time shown, by cause: `stuck` is a message past the hard deadline, or no sign of life.",
                (Query(f"{total('worker_restarts_total', 'cause')} > 0", "{{cause}}"),), 8,
            ),
            Panel(
                "Open sessions", "lines", "none", "Connections of Postfix to the filter.",
                (Query(gauge("sessions_in_progress"), "open"),), 8,
            ),
            Panel(
                "Ready, by reason", "lines", "none",
                "1 is good; a reason at 0 is why mail would not be accepted now.",
                (Query(gauge("ready", "reason", fold="min"), "{{reason}}"),), 12, 1, below=True,
            ),
            Panel(
                "Not seen", "largest", "none",
                "In the time shown: log lines that could not be written, and failures of what only watches.",
                (Query(f"{total('log_lines_dropped_total', 'target')} > 0", "log lines, {{target}}"),
                 Query(f"{total('observer_failures_total', 'observer')} > 0", "{{observer}} failed")), 12,
            ),
            Panel(
                "Configuration loaded", "number", "dateTimeFromNow", "When the configuration in force was loaded.",
                (Query(f"1000 * {gauge('config_last_reload_timestamp_seconds', 'instance', fold='max')}",
                       "{{instance}}"),), 12,
            ),
            Panel(
                "What runs", "number", "none", "Version of sekisho, Python and libmilter.",
                (Query(gauge("build_info", "version, python, libmilter", fold="count"),
                       "{{version}}, Python {{python}}, libmilter {{libmilter}}"),), 12,
            ),
        ),
    ),
)  # fmt: skip


def queries(panel: Panel) -> list[prometheus.Dataquery]:
    """The queries of a panel, named A, B, C …"""
    made = []
    for letter, query in zip("ABCDEF", panel.queries, strict=False):
        built = prometheus.Dataquery().expr(query.expr).legend_format(query.legend or "__auto").ref_id(letter)
        made.append(built.instant() if panel.kind in {"number", "largest"} else built.range())
    return made


def drawing(panel: Panel) -> Any:
    """The builder of the panel's kind, without what all have in common."""
    if panel.kind == "number":
        shown = stat.Panel().reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        named = len(panel.queries) == 1 and bool(panel.queries[0].legend)
        mode = kinds.BigValueTextMode.VALUE_AND_NAME if named else kinds.BigValueTextMode.VALUE
        return shown.text_mode(mode).graph_mode(kinds.BigValueGraphMode.NONE).height(4)
    if panel.kind == "largest":
        return (
            bargauge.Panel()
            .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
            .orientation(kinds.VizOrientation.HORIZONTAL)
            .display_mode(kinds.BarGaugeDisplayMode.BASIC)
            .min(0)
            .height(10)
        )
    lines = timeseries.Panel().min(0).height(9).show_points(kinds.VisibilityMode.NEVER)
    table = common.VizLegendOptions().display_mode(kinds.LegendDisplayMode.LIST)
    lines.legend(table.placement(kinds.LegendPlacement.BOTTOM).show_legend(True))
    lines.tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI))
    if panel.kind == "stacked":
        lines.fill_opacity(60).stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL).group("A"))
    return lines


def built(panel: Panel) -> Any:
    """The builder of a whole panel."""
    shown = drawing(panel).title(panel.title).description(panel.means).unit(panel.unit).span(panel.width)
    shown.datasource(SOURCE).thresholds(thresholds(panel))
    for query in queries(panel):
        shown.with_target(query)
    by_verdict = any("{{verdict}}" in each.legend or "{{action}}" in each.legend for each in panel.queries)
    for name, colour in COLOURS.items() if by_verdict else ():
        fixed = {"mode": "fixed", "fixedColor": colour}
        shown.override_by_regexp(f"/^{name}\\b/", [models.DynamicConfigValue(id_val="color", value=fixed)])
    return shown


def thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    """Green, and red from the alarm on or under it."""
    first, then = ("red", "green") if panel.below else ("green", "red")
    steps = [models.Threshold(value=None, color=first)]
    if panel.alarm is not None:
        steps.append(models.Threshold(value=panel.alarm, color=then))
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def board(rows: Sequence[tuple[str, tuple[Panel, ...]]] = ROWS) -> dashboard.Dashboard:
    """The dashboard with a row of panels for each title."""
    made = (
        dashboard.Dashboard("sekisho")
        .uid("sekisho")
        .description(
            "The checkpoint for mail: what came, what was decided about it, and whether all is well."
        )
        .tags(["mail", "sekisho"])
        .time("now-6h", "now")
        .refresh("1m")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(
            dashboard.QueryVariable("instance")
            .label("Instance")
            .datasource(SOURCE)
            .query("label_values(sekisho_build_info, instance)")
            .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(models.VariableSort.ALPHABETICAL_ASC)
            .multi(True)
            .include_all(True)
            .all_value(".*")
        )
    )
    for title, panels in rows:
        made.with_row(dashboard.Row(title))
        for panel in panels:
            made.with_panel(built(panel))
    return made


def text() -> str:
    """The dashboard as the file holds it."""
    return json.dumps(board().build(), cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
