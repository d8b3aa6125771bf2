from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from pydantic import ValidationError
from tests.unit.store.kit import EVIDENCE, outcomes

from sekisho import metrics
from sekisho.evidence import NOTHING, Evidence, FindingKind
from sekisho.metrics import ROWS, Metrics, MetricsOptions, PageSources
from sekisho.metrics.options import endpoint
from sekisho.metrics.server import Pages
from sekisho.verdict import Action, Disposition, Reply

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


@pytest.fixture
def counted(directory: Path) -> Iterator[Metrics]:
    opened = metrics.open(
        directory,
        findings=["brand.display_name"],
        brands=["eki-net"],
        checks=["spf"],
        build={"version": "1", "python": "3.11", "libmilter": "8.17"},
    )
    yield opened
    opened.close()


def exposed(counted: Metrics) -> Samples:
    """What a scrape would show, read back by the strict parser."""
    pages = Pages(counted, PageSources())
    kind, body = pages.exposed(openmetrics=True)
    pages.close()
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"sekisho_{name}", tuple(sorted(labels.items()))]


def in_child(work: Callable[[], None], end: Callable[[], None] = lambda: os._exit(0)) -> None:
    """Do the work in a forked process and wait for its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
            end()
        finally:
            os._exit(70)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, -signal.SIGKILL}


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def judged(*verdicts: Disposition, reply: Reply = Reply.ACCEPT) -> Action:
    return Action(reply, tuple(outcomes("a@x", disposition=each)[0] for each in verdicts))


def test_every_metric_is_there_from_the_start(counted: Metrics) -> None:
    """Each declared metric has its series at 0 before anything happens: rates work from the first event. Only
    what is no count is not 0: the versions, and free space, which is not known yet and must not look used up."""
    samples = exposed(counted)
    shown = {name for name, _ in samples}
    for row in ROWS:
        suffix = "_count" if row.kind == "histogram" else ""
        assert f"sekisho_{row.name}{suffix}" in shown, row.name
    nonzero = {name for (name, _), number in samples.items() if number != 0}
    assert nonzero == {"sekisho_build_info", "sekisho_quarantine_free_bytes"}


def test_the_names_are_those_of_the_contract() -> None:
    """Dashboards rely on names and labels: a change here is a change of the contract."""
    assert {row.name: ",".join(row.label_names) for row in ROWS} == {
        "messages_total": "verdict,action,mode",
        "recipients_total": "verdict,action,mode",
        "score": "",
        "stage_seconds": "stage",
        "message_seconds": "",
        "findings_total": "finding",
        "impersonations_total": "brand",
        "auth_results_total": "method,result",
        "directory_lookups_total": "use,outcome",
        "dns_queries_total": "outcome",
        "dns_seconds": "",
        "errors_total": "stage",
        "degraded_total": "reason",
        "quarantine_messages": "state",
        "quarantine_bytes": "",
        "quarantine_free_bytes": "",
        "store_identity_failures_total": "",
        "quarantine_operations_total": "operation,result",
        "retention_paused": "",
        "releases_total": "reason",
        "paused": "",
        "tagging_only": "",
        "guard_trips_total": "",
        "picture_decoder_ends_total": "cause",
        "observer_failures_total": "observer",
        "log_lines_dropped_total": "target",
        "ready": "reason",
        "milter_probes_total": "result",
        "workers": "state",
        "worker_restarts_total": "cause",
        "sessions_in_progress": "",
        "config_last_reload_success": "",
        "config_last_reload_timestamp_seconds": "",
        "config_reload_waiting": "",
        "build_info": "version,python,libmilter",
    }


def test_every_metric_is_documented() -> None:
    """docs/monitoring.md names every metric, with its labels."""
    document = Path("docs/monitoring.md").read_text(encoding="utf-8")
    for row in ROWS:
        labels = "{" + ",".join(row.label_names) + "}" if row.labels else ""
        assert f"| `sekisho_{row.name}{labels}` |" in document, row.name


def test_a_message_is_counted_once_and_each_recipient_too(counted: Metrics) -> None:
    """Verdict, action and mode are those of the strictest recipient; recipients are counted by their own."""
    action = judged(Disposition.ACCEPT, Disposition.QUARANTINE)
    counted.message(EVIDENCE, action, {"parse": 0.0004}, 0.01)
    samples = exposed(counted)
    assert value(samples, "messages_total", verdict="quarantine", action="quarantine", mode="enforce") == 1
    assert value(samples, "recipients_total", verdict="accept", action="accept", mode="enforce") == 1
    assert value(samples, "recipients_total", verdict="quarantine", action="quarantine", mode="enforce") == 1
    assert sum(number for (name, _), number in samples.items() if name == "sekisho_messages_total") == 1
    assert value(samples, "findings_total", finding="brand.display_name") == 1
    assert value(samples, "impersonations_total", brand="eki-net") == 1
    assert value(samples, "auth_results_total", method="spf", result="pass") == 1
    assert value(samples, "auth_results_total", method="dmarc", result="unknown") == 1
    assert value(samples, "score_sum") == 12.5
    assert value(samples, "stage_seconds_bucket", stage="parse", le="0.0005") == 1
    assert value(samples, "message_seconds_count") == 1


def test_postfix_own_hold_is_not_our_quarantine(counted: Metrics) -> None:
    """A message frozen in Postfix because our store was down shows as `hold`."""
    counted.message(NOTHING, judged(Disposition.QUARANTINE, reply=Reply.HOLD), {}, 0.01)
    samples = exposed(counted)
    assert value(samples, "messages_total", verdict="quarantine", action="hold", mode="enforce") == 1


def test_an_accepted_message_impersonates_nobody(counted: Metrics) -> None:
    """A finding in a message that was accepted counts as a finding, not as an impersonation."""
    counted.message(EVIDENCE, judged(Disposition.ACCEPT), {}, 0.01)
    samples = exposed(counted)
    assert value(samples, "findings_total", finding="brand.display_name") == 1
    assert value(samples, "impersonations_total", brand="eki-net") == 0


def test_strange_values_make_no_series(counted: Metrics) -> None:
    """Whatever text arrives as a label, the number of series stays, and it is counted as `other`."""
    before = exposed(counted)
    hostile = 'x"\n# EOF\n\u202e'
    counted.error(hostile)
    counted.dns(hostile, 0.1)
    counted.quarantine_operation(hostile, hostile)
    counted.released(hostile)
    counted.worker_restarted(hostile)
    kind = FindingKind(hostile, 5, "", "")
    evidence = Evidence(findings=(kind.found(brand=hostile),), degraded=(hostile, f"check:{hostile}"))
    counted.message(evidence, judged(Disposition.TAG), {hostile: 0.1}, 0.1)
    after = exposed(counted)
    assert set(after) == set(before)
    assert value(after, "errors_total", stage="other") == 1
    assert value(after, "findings_total", finding="other") == 1
    assert value(after, "degraded_total", reason="check") == 1
    assert value(after, "degraded_total", reason="other") == 1


def test_a_negative_score_stays_openmetrics(counted: Metrics) -> None:
    """Points that were taken back below zero do not make a sum fall."""
    action = judged(Disposition.ACCEPT)
    low = outcomes("a@x", disposition=Disposition.ACCEPT, score=-3.0)
    counted.message(NOTHING, Action(action.reply, low), {}, 0.01)
    assert value(exposed(counted), "score_sum") == 0


def test_counts_of_all_processes_add_up_and_never_fall(counted: Metrics, directory: Path) -> None:
    """Three forked writers, one killed, its place taken by a fourth: the sum is right at each step."""
    seen = []
    for end in (lambda: os._exit(0), kill_self, lambda: os._exit(0), kill_self):
        in_child(lambda: [counted.error("spf") for _ in range(10)], end)  # type: ignore[arg-type, return-value]
        seen.append(value(exposed(counted), "errors_total", stage="spf"))
    counted.error("spf")
    seen.append(value(exposed(counted), "errors_total", stage="spf"))
    assert seen == [10, 20, 30, 40, 41]


def test_writers_at_the_same_time_do_not_share_a_slot(counted: Metrics, directory: Path) -> None:
    """Processes that live at once each count in files of their own, also when started in the same moment."""
    children = []
    for _ in range(6):
        child = os.fork()
        if child == 0:
            for _ in range(500):
                counted.error("spf")
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert value(exposed(counted), "errors_total", stage="spf") == 3000


def test_restarts_do_not_pile_up_files(counted: Metrics, directory: Path) -> None:
    """However often workers are replaced, there are no more files than processes lived at once."""
    in_child(lambda: counted.error("spf"))
    before = sorted(path.name for path in directory.iterdir())
    for _ in range(20):
        in_child(lambda: counted.error("spf"), kill_self)
    assert sorted(path.name for path in directory.iterdir()) == before
    assert value(exposed(counted), "errors_total", stage="spf") == 21


def test_sessions_of_a_dead_worker_are_over(counted: Metrics) -> None:
    """A killed worker's open sessions leave the gauge at once, and its successor starts at none."""
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        counted.sessions(1)
        os.write(ready[1], b"x")
        os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    assert value(exposed(counted), "sessions_in_progress") == 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert value(exposed(counted), "sessions_in_progress") == 0
    in_child(lambda: counted.sessions(3))
    assert value(exposed(counted), "sessions_in_progress") == 0
    for end in (*ready, *go):
        os.close(end)


def test_the_last_word_counts_for_a_state(counted: Metrics) -> None:
    """Gauges that describe the whole show what was set last, by whichever process."""
    counted.reload(True, 1000.0)
    in_child(lambda: counted.quarantine({"held": 7}, 4096))
    in_child(lambda: counted.reload(False, 2000.0))
    in_child(lambda: counted.reload_waits(True))
    counted.workers({"ready": 2})
    samples = exposed(counted)
    assert value(samples, "quarantine_messages", state="held") == 7
    assert value(samples, "quarantine_bytes") == 4096
    assert value(samples, "config_last_reload_success") == 0
    assert value(samples, "config_last_reload_timestamp_seconds") == 1000
    assert value(samples, "config_reload_waiting") == 1
    assert value(samples, "workers", state="ready") == 2


def test_the_last_word_is_the_last_one_whatever_the_clock_says(
    counted: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wall clock was set back an hour: what is set from then on hides what another process set before."""
    counted.workers({"ready": 0})
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 3600)
    in_child(lambda: counted.workers({"ready": 2}))
    assert value(exposed(counted), "workers", state="ready") == 2


def test_a_reload_goes_on_counting(directory: Path) -> None:
    """New brands get series, the counters of processes that are gone stay."""
    first = metrics.open(directory, brands=["eki-net"], checks=["spf"])
    in_child(lambda: first.error("spf"))
    first.error("spf")
    first.close()
    second = metrics.open(directory, brands=["eki-net", "jcom"], checks=["spf"], fresh=False)
    samples = exposed(second)
    assert value(samples, "errors_total", stage="spf") == 2
    assert value(samples, "impersonations_total", brand="jcom") == 0
    second.close()


def test_a_start_begins_at_nothing(directory: Path) -> None:
    """Figures of an earlier run are dropped, those of a process that still lives are not."""
    first = metrics.open(directory, checks=["spf"])
    in_child(lambda: first.error("spf"))
    first.error("spf")
    second = metrics.open(directory, checks=["spf"])
    assert value(exposed(second), "errors_total", stage="spf") == 1
    first.close()
    second.close()


@pytest.mark.parametrize(
    "listen",
    [
        "",
        "9119",
        ":9119",
        "localhost:9119",
        "127.0.0.1",
        "127.0.0.1:",
        "::1:9119",
        "127.0.0.1:65536",
        "[127.0.0.1]:1",
    ],
)
def test_an_address_that_cannot_be_bound_is_refused(listen: str) -> None:
    """Names, missing ports and half addresses are errors of the configuration."""
    with pytest.raises(ValidationError):
        MetricsOptions(listen=listen)


def test_addresses_are_read_as_written() -> None:
    """IPv4 plain, IPv6 in brackets."""
    assert endpoint("127.0.0.1:9119") == ("127.0.0.1", 9119)
    assert endpoint("[::1]:0") == ("::1", 0)


def test_help_texts_are_sentences() -> None:
    """Every metric says what it is."""
    assert all(re.fullmatch(r"[A-Z0-9].*\.", row.help) for row in ROWS if not row.help.endswith("Unix time."))
