"""A slice of `make faults`: rows that need little time, with little mail. The whole matrix is `make faults`."""

from __future__ import annotations

import os

import pytest
from lab.faults import report, rows
from lab.faults.row import Row, run_row

CHOSEN = (
    "kill-worker",
    "kill-hold-before-sync",
    "smtp-after-kill",
    "smtp-before-kill",
)
SIZE = 24  # messages; a row sends its share


def chosen() -> list[Row]:
    return [each for each in rows.every() if each.name in CHOSEN]


def test_the_slice_names_rows_that_are_there() -> None:
    """Every chosen row is a row of the matrix, and every row says its fault and what must be seen."""
    assert {each.name for each in chosen()} == set(CHOSEN)
    assert all(each.fault and each.must for each in rows.every())


@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix's master starts as root: `make test` uses sudo")
@pytest.mark.parametrize("each", chosen(), ids=lambda each: each.name)
def test_a_fault_loses_nothing_and_is_seen(each: Row) -> None:
    """The row shows what it must: the ledger is balanced, and what the operator needs to see is there."""
    outcome = run_row(each, SIZE)
    if outcome.untried:
        pytest.skip(outcome.untried)
    assert outcome.good, report.line(outcome)
