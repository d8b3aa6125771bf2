"""The dashboard and the alerts against a real Prometheus that watches a real sekisho while the samples come in.

The ledger is not made of metrics: it is what the sender heard, what the sink got, what the quarantine lists, and
what `sekisho check` says of the same files. A panel's expression must give the ledger's numbers.

Counters are 0 at the first look and all mail comes between two looks. Evaluated at the moment of the last look,
`increase` over a longer window is then exactly the number, and `rate` that number by the window.
"""

from __future__ import annotations

import json
import math
import os
import platform
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from lab.cases import Lab, Outcome, find, settings_of
from lab.place import a_place, wait_until
from lab.program import ROOT
from lab.prometheus import SHIPPED, Prometheus, Series, tool
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
from tests.system.mails import letter

from sekisho import __version__
from sekisho.case_runner import judge
from sekisho.config import Config

SAMPLES = ROOT / "samples"
BOARD = ROOT / "config/grafana/sekisho.json"
WINDOW = 900  # seconds; the whole life of the Prometheus of these tests
PANELS = {
    panel["title"]: panel
    for panel in json.loads(BOARD.read_text("utf-8"))["panels"]
    if panel["type"] != "row"
}
RULES = [rule for group in yaml.safe_load((SHIPPED / "sekisho.rules.yml").read_text("utf-8"))["groups"]
         for rule in group["rules"]]  # fmt: skip
SCORES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, math.inf)


@dataclass
class Night:
    """What happened: the samples' outcomes as seen from outside, and what `sekisho check` says of each."""

    lab: Lab
    prometheus: Prometheus
    outcomes: list[Outcome]
    told: list[Mapping[str, Any]]
    begun: float
    at: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    recipients: Counter[str] = field(default_factory=Counter)

    def count(self, key: Callable[[Mapping[str, Any]], Any]) -> Counter[Any]:
        """How many messages have each value; several values of one message count each."""
        counter: Counter[Any] = Counter()
        for each in self.told:
            found = key(each)
            counter.update(found if isinstance(found, set) else [found])
        return counter

    def values(self, expr: str) -> Series:
        """A panel's expression at the last look, with Grafana's variables filled in."""
        for name, value in (
            ("$__range", f"{WINDOW}s"),
            ("$__rate_interval", f"{WINDOW}s"),
            ("$instance", ".*"),
        ):
            expr = expr.replace(name, value)
        return self.prometheus.query(expr, self.at)


def fate(outcome: Outcome) -> str:
    """What became of a mail, the same for all its recipients, from outside: refused, held, or delivered with a
    verdict."""
    if outcome.sent.reply.code == 550:
        return "reject"
    if outcome.held:
        return "quarantine"
    (delivery,) = outcome.deliveries
    return delivery.fields("X-Sekisho-Verdict")[0].partition(";")[0]


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make test` uses sudo")
    told = judge(Config.model_validate(settings_of(SAMPLES)), ask_dns=False)
    with (
        a_place() as place,
        Lab(place, settings_of(SAMPLES)) as lab,
        Prometheus(place, f"127.0.0.1:{lab.sekisho.metrics_port}") as prometheus,
    ):
        # Every sample has one recipient; with one more mail, messages and recipients are different numbers.
        cases = [*find(SAMPLES), letter("a@example.jp", "b@example.jp", "c@example.jp")]
        begun = time.time()
        outcomes = [lab.send(case) for case in cases]
        night = Night(lab, prometheus, outcomes, [told(case) for case in cases], begun)
        for outcome in outcomes:
            night.done[fate(outcome)] += 1
            night.recipients[fate(outcome)] += len(outcome.case.envelope.recipients)
        held = {frozenset({("state", "held")}): float(night.done["quarantine"])}
        ours = 'sum by (state) (sekisho_quarantine_messages{state="held"})'
        wait_until(
            lambda: prometheus.query(ours) == held, "the maintenance process has counted the quarantine", 60
        )
        done = time.time()
        wait_until(lambda: prometheus.last_look() > done, "Prometheus has looked again")
        night.at = prometheus.last_look()
        yield night


def series(counted: Mapping[Any, float], *labels: str) -> Series:
    """A counter as Prometheus shows it: keys are label values, in the order of `labels`."""
    return {
        frozenset(zip(labels, map(str, key if isinstance(key, tuple) else (key,)), strict=True)): float(value)
        for key, value in counted.items()
        if value
    }


def alone(value: float) -> Series:
    return {frozenset(): float(value)}


def findings(each: Mapping[str, Any]) -> set[str]:
    return {finding["id"] for finding in each["findings"]}


def brands(each: Mapping[str, Any]) -> set[str]:
    """The brands that a message counts for as imitated."""
    found = {finding["brand"] for finding in each["findings"] if finding["brand"]}
    return found if each["verdict"] != "accept" else set()


def passed(night: Night) -> Series:
    """The share of messages that passed, of each method."""
    counted = night.count(lambda each: {m for m, word in each["auth"].items() if word == "pass"})
    return {
        frozenset({("method", method)}): counted[method] / len(night.told) for method in night.told[0]["auth"]
    }


def up_to(night: Night) -> Series:
    """Messages up to each score of the histogram; below 0 counts as 0."""
    scores = [max(0.0, each["score"]) for each in night.told]
    return {
        frozenset({("le", "+Inf" if edge == math.inf else f"{float(edge)}")}): float(
            sum(score <= edge for score in scores)
        )
        for edge in SCORES
    }


def severe(night: Night) -> float:
    return (night.recipients["quarantine"] + night.recipients["reject"]) / night.recipients.total()


def done(night: Night) -> Series:
    counted = {(what, what, "enforce"): number for what, number in night.recipients.items()}
    return series(counted, "verdict", "action", "mode")


# What a panel must show, from the ledger. Rates are compared as numbers in the window.
LEDGER: Mapping[str, Callable[[Night], Series]] = {
    "Messages": lambda night: alone(len(night.outcomes)),
    "Recipients": lambda night: alone(night.recipients.total()),
    "Judged severely": lambda night: alone(severe(night)),
    "Held now": lambda night: alone(len(night.lab.sekisho.quarantine())),
    "Last reload": lambda night: alone(1),
    "Paused": lambda night: alone(0),
    "Tagging only": lambda night: alone(0),
    "When it was off": lambda night: alone(0),
    "Ready workers": lambda night: alone(len(os.sched_getaffinity(0))),
    "Messages by verdict": lambda night: series(night.done, "verdict"),
    "Recipients by what was done": lambda night: series(
        {(what, "enforce"): number for what, number in night.recipients.items()}, "action", "mode"
    ),
    "Verdicts and what was done about them": done,
    "Messages up to a score": up_to,
    "Findings": lambda night: series(night.count(findings), "finding"),
    "Brands imitated": lambda night: series(night.count(brands), "brand"),
    "Authentication that passes": passed,
    "Authentication results": lambda night: series(
        night.count(lambda each: set(each["auth"].items())), "method", "result"
    ),
    "Messages in the quarantine": lambda night: series({"held": night.done["quarantine"]}, "state"),
    "Releases": lambda night: {},
    "Degraded verdicts": lambda night: series(
        {
            why: number / len(night.told)
            for why, number in night.count(
                lambda each: {reason.partition(":")[0] for reason in each["degraded"]}
            ).items()
        },
        "reason",
    ),
    "Failures of our own": lambda night: {},
    "Workers": lambda night: series({"ready": len(os.sched_getaffinity(0))}, "state"),
    "Workers replaced": lambda night: {},
    "Open sessions": lambda night: {},
    "Ready, by reason": lambda night: series(
        {"workers": 1, "milter": 1, "smtp": 1, "store": 1, "maintenance": 1}, "reason"
    ),
    "Not seen": lambda night: {},
}


def held_only(night: Night, values: list[Series]) -> bool:
    """Only holding was done to the quarantine, if the store's own audit is counted, and never without success."""
    number = float(night.done["quarantine"])
    return (
        values == [{frozenset({("operation", "hold"), ("result", "ok")}): pytest.approx(number)}]
        or not values[0]
    )


def between(low: float, high: float) -> Callable[[Night, list[Series]], bool]:
    """Each query gives one number within these bounds, and they rise."""

    def check(_night: Night, values: list[Series]) -> bool:
        numbers = [only(each) for each in values]
        return numbers == sorted(numbers) and all(low <= number <= high for number in numbers)

    return check


def only(values: Series) -> float:
    (value,) = values.values()
    return value


def spends_time_in_checks(night: Night, values: list[Series]) -> bool:
    """Every stage took some time, and together what the log says that judging took."""
    seconds = [float(outcome.line["seconds"]) for outcome in night.outcomes if outcome.line]
    parts = {dict(labels)["stage"]: value for labels, value in values[0].items() if not math.isnan(value)}
    mean = sum(seconds) / len(seconds)
    return {"parse", "policy", "action", "dkim"} <= set(parts) and math.isclose(
        sum(parts.values()), mean, rel_tol=0.01
    )


def asked(_night: Night, values: list[Series]) -> bool:
    """Questions were answered, and none failed that the samples do not let fail."""
    outcomes = {dict(labels)["outcome"]: value for labels, value in values[0].items()}
    return outcomes["answer"] > 0 and outcomes["nxdomain"] > 0 and outcomes["temperror"] == 0


def room(night: Night, values: list[Series]) -> bool:
    """The held contents take up what the mails take compressed; free is what the file system says."""
    used, free = map(only, values)
    raw = sum(len(outcome.case.raw) for outcome in night.outcomes if outcome.held)
    disk = os.statvfs(night.lab.sekisho.store.parent)
    return 0 < used < raw and math.isclose(free, disk.f_bavail * disk.f_frsize, rel_tol=0.2)


def since_the_start(night: Night, values: list[Series]) -> bool:
    return night.begun - 120 < only(values[0]) / 1000 < night.begun


def this_version(_night: Night, values: list[Series]) -> bool:
    ((labels, number),) = values[0].items()
    known = dict(labels)
    return known["version"] == __version__ and known["python"] == platform.python_version() and number == 1


# Panels of which no ledger can know the exact number: what must hold of it.
PLAUSIBLE: Mapping[str, Callable[[Night, list[Series]], bool]] = {
    "Space": room,
    "Operations": held_only,
    "Time for a verdict": between(0.001, 20),
    "Time in each stage": spends_time_in_checks,
    "DNS questions": asked,
    "Time for a DNS answer": between(0.0001, 2),
    "Configuration loaded": since_the_start,
    "What runs": this_version,
}


def test_every_panel_is_compared() -> None:
    """A panel without a line in this file would be a panel that nobody has seen working."""
    assert set(PANELS) == set(LEDGER) | set(PLAUSIBLE)


def test_the_samples_are_worth_comparing(night: Night) -> None:
    """Inside and outside agree on what became of each sample, and there is some of most kinds."""
    assert [fate(outcome) for outcome in night.outcomes] == [each["verdict"] for each in night.told]
    assert {"accept", "quarantine", "reject"} <= set(night.done)


@pytest.mark.parametrize("title", sorted(LEDGER))
def test_a_panel_shows_the_ledgers_numbers(night: Night, title: str) -> None:
    """Every expression of the panel gives, series by series, what the ledger says; nothing more."""
    expected = LEDGER[title](night)
    for target in PANELS[title]["targets"]:
        expr = target["expr"]
        scale = WINDOW if "(rate(" in expr and "/" not in expr else 1
        shown = {labels: value * scale for labels, value in night.values(expr).items() if value}
        if "topk(15" in expr and len(expected) > 15:
            assert sorted(shown.values()) == pytest.approx(sorted(expected.values())[-15:])
            assert all(expected[labels] == pytest.approx(value) for labels, value in shown.items())
        else:
            assert shown == pytest.approx({labels: value for labels, value in expected.items() if value})


@pytest.mark.parametrize("title", sorted(PLAUSIBLE))
def test_a_panel_is_plausible(night: Night, title: str) -> None:
    """Where the exact number is not known from outside, it is in the bounds that are."""
    values = [night.values(target["expr"]) for target in PANELS[title]["targets"]]
    assert PLAUSIBLE[title](night, values), values


def test_the_variable_finds_the_instance(night: Night) -> None:
    """What fills the choice of instances is the one sekisho that is watched."""
    found = night.prometheus.get("label/instance/values", **{"match[]": "sekisho_build_info"})
    assert found == [night.prometheus.target]


def test_openmetrics_is_what_it_says(night: Night) -> None:
    """The strict parser of OpenMetrics reads the page, and Prometheus, which asks for that format, does too."""
    page = subprocess.run(
        ["curl", "-sH", "Accept: application/openmetrics-text", night.lab.sekisho.metrics_url],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert page.endswith("# EOF\n")
    assert len(list(parse(page))) > 20


def test_no_alert_on_an_ordinary_night(night: Night) -> None:
    """Prometheus evaluates every rule without an error, and after the samples none is even pending."""
    wait_until(lambda: all(rule["health"] == "ok" for rule in evaluated(night)), "all rules are evaluated")
    rules = evaluated(night)
    assert len(rules) == len(RULES)
    assert [rule["name"] for rule in rules if rule.get("state", "inactive") != "inactive"] == []


def evaluated(night: Night) -> list[dict[str, Any]]:
    (group,) = night.prometheus.get("rules")["groups"]
    return list(group["rules"])


def test_trouble_raises_its_alerts(night: Night) -> None:
    """A worker that is killed and a configuration that does not load show up as just these alerts."""
    sekisho = night.lab.sekisho
    worker = int(Path(f"/proc/{sekisho.pid}/task/{sekisho.pid}/children").read_text().split()[0])
    os.kill(worker, signal.SIGKILL)
    sekisho.config.write_text(sekisho.config.read_text("utf-8") + "\n[nonsense]\n", "utf-8")
    os.kill(sekisho.pid, signal.SIGHUP)
    wanted = {("SekishoWorkerReplaced", "firing"), ("SekishoReloadFailed", "pending")}
    wait_until(lambda: alerts(night) == wanted, "just these alerts", 60)


def alerts(night: Night) -> set[tuple[str, str]]:
    found = night.prometheus.query("ALERTS")
    return {(dict(labels)["alertname"], dict(labels)["alertstate"]) for labels in found}


def test_configuration_and_rules_are_valid() -> None:
    """Prometheus's own tool accepts what is shipped, and each alert fires when it should and only then."""
    for words in (
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "sekisho.rules.yml"],
        ["test", "rules", "sekisho.rules.test.yml"],
    ):
        ran = subprocess.run(
            [str(tool("promtool")), *words], cwd=SHIPPED, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_is_tried_and_explained() -> None:
    """Each alert fires in a case of the rule tests, says what it means, and stands in docs/monitoring.md."""
    tried = (SHIPPED / "sekisho.rules.test.yml").read_text("utf-8")
    document = (ROOT / "docs/monitoring.md").read_text("utf-8")
    for rule in RULES:
        if name := rule.get("alert"):
            assert f'alertname="{name}"' in tried, name
            assert f"`{name}`" in document, name
            assert rule["labels"]["severity"] in {"warning", "critical"}
            assert set(rule["annotations"]) == {"summary", "description"}


def test_the_dashboard_is_what_the_script_writes() -> None:
    """config/grafana/sekisho.json is up to date: `python config/grafana/dashboard.py` would change nothing."""
    ran = subprocess.run(
        [ROOT / ".venv/bin/python", "-c", "import dashboard, sys; sys.stdout.write(dashboard.text())"],
        cwd=ROOT / "config/grafana", capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert ran.stdout == BOARD.read_text("utf-8")
