"""What the maintenance process does for the quarantine from time to time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.store.kit import SetClock, hold

from sekisho import metrics
from sekisho.config import Config
from sekisho.held import Operation, State
from sekisho.maintenance.quarantine import QuarantineMaintenance
from sekisho.metrics import Metrics
from sekisho.store.lists import ListOperation
from sekisho.store.quarantine import Quarantine


class Clock(SetClock):
    """Both scales move together."""

    def monotonic(self) -> float:
        return self.time.timestamp()


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return Config.model_validate({"store": {"url": f"sqlite:///{tmp_path}/q.db"}})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(settings: Config, clock: Clock) -> Iterator[Quarantine]:
    quarantine = Quarantine.open(settings.store, clock)
    yield quarantine
    quarantine.close()


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Metrics]:
    made = metrics.open(tmp_path / "metrics")
    yield made
    made.close()


def figure(meter: Metrics, name: str, **labels: str) -> float:
    value = meter.registry().get_sample_value(name, labels)
    return 0.0 if value is None else value


def test_operations_are_counted_and_logged_once(
    settings: Config, store: Quarantine, meter: Metrics, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What was done on the command line is in the metrics after the next turn, and not twice after two."""
    name = hold(store, b"x", ["a@x"])
    store.move(name, State.RELEASED, done=Operation("release", "ok", "hanako", name, reason="false_positive"))
    store.audit(Operation("release", "failed", "hanako", name, reason="test"))
    maintenance = QuarantineMaintenance(settings, meter, clock, clock.uptime)
    with caplog.at_level(logging.INFO, "sekisho.audit"):
        maintenance.turn(store)
        maintenance.turn(store)
    count = "sekisho_quarantine_operations_total"
    assert figure(meter, count, operation="release", result="ok") == 1
    assert figure(meter, count, operation="release", result="failed") == 1
    assert figure(meter, "sekisho_releases_total", reason="false_positive") == 1
    assert figure(meter, "sekisho_releases_total", reason="test") == 0
    assert [record.fields["who"] for record in caplog.records] == ["hanako", "hanako"]  # type: ignore[attr-defined]


def test_changes_of_the_lists_are_told_without_the_entry(
    settings: Config, store: Quarantine, meter: Metrics, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Who changed which list and when. What may be an address stays in the audit; no operation on mail is counted."""
    note = "allow hanako@example.jp"
    store.audit(Operation(ListOperation.ADD, "ok", "hanako", reason="allow", note=note))
    maintenance = QuarantineMaintenance(settings, meter, clock, clock.uptime)
    with caplog.at_level(logging.INFO, "sekisho.audit"):
        maintenance.turn(store)
    (record,) = caplog.records
    fields = record.fields  # type: ignore[attr-defined]
    assert (record.getMessage(), fields["who"], fields["operation"], fields["list"]) == (
        "list_operation", "hanako", "list_add", "allow",
    )  # fmt: skip
    assert fields["at"]
    assert "hanako@" not in str(fields)
    assert figure(meter, "sekisho_quarantine_operations_total", operation="other", result="ok") == 0


def test_rows_of_an_older_version_are_told_as_they_stand(
    settings: Config, store: Quarantine, meter: Metrics, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What expired before an upgrade was done by `keeper`, what expires now by `maintenance`; both are counted."""
    store.audit(Operation("expire", "ok", "keeper", note="age"))
    hold(store, b"x", ["a@x"])
    clock.pass_by(days=31)
    maintenance = QuarantineMaintenance(settings, meter, clock, clock.uptime)
    store.resume_retention(clock.uptime(), Operation("retention", "ok", "hanako"))
    with caplog.at_level(logging.INFO, "sekisho.audit"):
        maintenance.turn(store)
    told = [(record.fields["operation"], record.fields["who"]) for record in caplog.records]  # type: ignore[attr-defined]
    assert told == [("expire", "keeper"), ("retention", "hanako"), ("expire", "maintenance")]
    count = "sekisho_quarantine_operations_total"
    assert figure(meter, count, operation="expire", result="ok") == 2
    assert figure(meter, count, operation="retention", result="ok") == 1


def test_retention_and_giving_up_happen_when_due(
    settings: Config, store: Quarantine, meter: Metrics, clock: Clock
) -> None:
    """A copy left `sending` is `uncertain` after the time configured; what is too old expires, at the next
    interval and not before."""
    sent, old = hold(store, b"x", ["a@x"]), hold(store, b"y", ["a@x"])
    store.move(sent, State.SENDING)
    maintenance = QuarantineMaintenance(settings, meter, clock, clock.uptime)
    maintenance.turn(store)
    clock.pass_by(minutes=16)
    maintenance.turn(store)
    assert states(store, sent) == {"uncertain"}
    clock.pass_by(days=31)
    maintenance.turn(store)
    assert states(store, old) == {"expired"}
    count = "sekisho_quarantine_operations_total"
    assert figure(meter, count, operation="release", result="uncertain") == 1
    assert figure(meter, count, operation="expire", result="ok") == 2


def test_a_quarantine_that_is_too_full_is_said(
    settings: Config, store: Quarantine, meter: Metrics, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """When nothing is old enough to let go of, the log has a warning."""
    retention = settings.retention.model_copy(update={"max_messages": 1})
    for number in range(3):
        hold(store, b"%d" % number, ["a@x"])
    QuarantineMaintenance(settings.model_copy(update={"retention": retention}), meter, clock).turn(store)
    (line,) = caplog.records
    assert line.fields["reason"] == "3 messages are held, 1 are allowed"  # type: ignore[attr-defined]


def states(store: Quarantine, name: str) -> set[str]:
    entry = store.get(name)
    return {copy.state.value for copy in entry.copies} if entry else set()


def test_a_pause_of_retention_is_said_once_and_shown(
    settings: Config, store: Quarantine, meter: Metrics, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the reason and the command, once; the gauge shows it until retention goes on; nothing expires."""
    held = hold(store, b"x", ["a@x"])
    maintenance = QuarantineMaintenance(settings, meter, clock, clock.uptime)
    maintenance.turn(store)
    assert figure(meter, "sekisho_retention_paused") == 0
    clock.jump(days=40)
    with caplog.at_level(logging.INFO, "sekisho.audit"):
        for _ in range(5):
            clock.pass_by(minutes=10)
            maintenance.turn(store)
    assert [record.message for record in caplog.records] == ["retention_paused"]
    assert "40 days" in caplog.records[0].fields["reason"]  # type: ignore[attr-defined]
    assert "--resume" in caplog.records[0].fields["mend"]  # type: ignore[attr-defined]
    assert figure(meter, "sekisho_retention_paused") == 1
    assert states(store, held) == {"held"}
    store.resume_retention(clock.uptime(), Operation("retention", "ok", "hanako"))
    clock.pass_by(minutes=1)
    with caplog.at_level(logging.INFO, "sekisho.audit"):
        maintenance.turn(store)
    assert "retention_resumed" in [record.message for record in caplog.records]
    assert figure(meter, "sekisho_retention_paused") == 0
    assert states(store, held) == {"expired"}
