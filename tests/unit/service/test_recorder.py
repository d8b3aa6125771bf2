"""What log and metrics are told of the quarantine by a worker."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import pytest
from tests.unit.store.kit import SetClock

from sekisho.held import OperationName, OperationResult
from sekisho.journal import Journal, JournalOptions
from sekisho.observers import Isolation
from sekisho.ports import StoreUnavailable
from sekisho.privacy import Privacy
from sekisho.service.recorder import Recorder
from sekisho.stages import Failure


class Figures:
    """Counts the calls of each method with its arguments."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, ...]] = Counter()

    def __getattr__(self, name: str) -> Any:
        return lambda *words: self.calls.update([(name, *words)])


@pytest.fixture
def figures() -> Figures:
    return Figures()


@pytest.fixture
def recorder(figures: Figures) -> Recorder:
    journal = Journal(JournalOptions(), Privacy(JournalOptions(), SetClock()))
    return Recorder(journal, figures, Isolation())  # type: ignore[arg-type]


def test_a_store_that_is_down_is_an_operation_that_failed(
    recorder: Recorder, figures: Figures, caplog: pytest.LogCaptureFixture
) -> None:
    """The alert on the store looks at both: the stage that failed, and the hold that was not possible."""
    recorder.crashed(Failure.STORE, StoreUnavailable("locked"))
    hold = ("quarantine_operation", OperationName.HOLD, OperationResult.UNAVAILABLE)
    assert figures.calls == {("error", Failure.STORE): 1, hold: 1}
    assert [record.msg for record in caplog.records] == ["store_unavailable"]


def test_a_check_that_crashed_is_no_matter_of_the_store(
    recorder: Recorder, figures: Figures, caplog: pytest.LogCaptureFixture
) -> None:
    """It is counted under its own name, and the log has its error."""
    with caplog.at_level(logging.ERROR):
        recorder.crashed("dkim", ValueError("x"))
    assert figures.calls == {("error", "dkim"): 1}
    assert [(record.msg, record.fields["stage"]) for record in caplog.records] == [("error", "dkim")]  # type: ignore[attr-defined]
