"""The ledger of the fault matrix: what counts as lost and as doubled."""

from __future__ import annotations

from lab.ledger import Ledger


def sent() -> Ledger:
    ledger = Ledger()
    ledger.send("m1", ["a@x"])
    return ledger


def test_a_second_delivery_after_a_lost_answer_is_a_repeat() -> None:
    """The sender never heard the answer and sent again: SMTP allows the second copy, once for each such try."""
    ledger = sent()
    ledger.unanswer("m1", ["a@x"])
    ledger.deliver("m1", ["a@x"])
    ledger.deliver("m1", ["a@x"])
    assert ledger.balanced
    assert ledger.repeated.total() == 1
    ledger.deliver("m1", ["a@x"])
    assert ledger.doubled.total() == 1


def test_a_second_held_copy_is_doubled_whatever_was_heard() -> None:
    """The quarantine knows a repeat, so an answer that was never heard excuses nothing."""
    ledger = sent()
    ledger.unanswer("m1", ["a@x"])
    ledger.hold("m1", ["a@x"])
    assert ledger.balanced
    ledger.hold("m1", ["a@x"])
    assert ledger.doubled.total() == 1


def test_held_and_delivered_is_doubled() -> None:
    """A copy is in one place."""
    ledger = sent()
    ledger.unanswer("m1", ["a@x"])
    ledger.hold("m1", ["a@x"])
    ledger.deliver("m1", ["a@x"])
    assert ledger.doubled.total() == 1


def test_a_copy_that_is_nowhere_is_lost() -> None:
    """Told to nobody, and in no place."""
    assert sent().lost.total() == 1
