"""Several recipients, one reply: the table of docs/operating.md, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.action.kit import ACCEPT, QUARANTINE, REJECT, TAG, TEMPFAIL, outcomes

from sekisho.action.settle import cut, may_wait, settle
from sekisho.message import Envelope, Limits, read
from sekisho.verdict import Disposition

Applied = tuple[Disposition, ...]


@pytest.mark.parametrize(
    ("wanted", "done"),
    [
        ((REJECT, REJECT), (REJECT, REJECT)),
        ((REJECT, QUARANTINE), (QUARANTINE, QUARANTINE)),
        ((REJECT, ACCEPT), (QUARANTINE, ACCEPT)),
        ((TAG, ACCEPT), (TAG, ACCEPT)),
        ((TEMPFAIL, REJECT, ACCEPT), (TEMPFAIL, TEMPFAIL, TEMPFAIL)),
    ],
)
def test_what_is_done_for_one_fits_the_others(wanted: Applied, done: Applied) -> None:
    """Rejected only if all are, else quarantined; a temporary failure is everybody's."""
    assert tuple(each.applied for each in settle(outcomes(*wanted))) == done


def test_the_verdicts_stay_as_they_were_decided() -> None:
    """Settling changes what is done, not what was decided."""
    assert [each.verdict.disposition for each in settle(outcomes(REJECT, ACCEPT))] == [REJECT, ACCEPT]


@pytest.mark.parametrize(
    ("applied", "deferrable", "waits"),
    [
        ((TAG,), True, True),
        ((TAG, QUARANTINE), True, True),
        ((QUARANTINE,), True, False),
        ((TAG,), False, False),
    ],
)
def test_a_message_waits_only_where_somebody_would_get_it(
    applied: Applied, deferrable: bool, waits: bool
) -> None:
    """And where nobody is among the recipients whose mail may not be deferred."""
    found = [replace(each, deferrable=deferrable) for each in outcomes(*applied)]
    assert may_wait(found) is waits
    assert not may_wait([*found, *outcomes(ACCEPT)])


def test_a_message_of_which_a_part_is_missing_is_cut() -> None:
    """Beyond `limits.scan_bytes`, or in the header before the wire handed it over."""
    raw = b"From: a@example.jp\r\n\r\nbody\r\n"
    assert not cut(read(raw, Envelope()))
    assert cut(read(raw, Envelope(dropped=1)))
    assert cut(read(raw + b"x" * 20_000, Envelope(), Limits(scan_bytes=10_000)))
