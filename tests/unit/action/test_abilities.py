"""Where the MTA cannot refuse, or has no hold queue: what is done instead, and that nothing is lost for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.action.kit import ACCEPT, OWN_ID, QUARANTINE, REJECT, TAG, Store, act, mail, outcomes, output
from tests.unit.store.kit import SetClock

from sekisho import explain
from sekisho.action import Output, keep_unjudged
from sekisho.message import Envelope, Forged, Limits, Recipient, read
from sekisho.ports import CommitUnknown, StoreUnavailable
from sekisho.stages import Failure
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine
from sekisho.verdict import FAILURE, DeleteRecipient, Disposition, MtaAbilities, Reply

AFTER = MtaAbilities(holds=False, refuses=False)
BEFORE = MtaAbilities(holds=False, refuses=True)
RAW = b"From: a@example.jp\r\nSubject: x\r\n\r\n" + b"0123456789abcde\r\n" * 1_000
ENVELOPE = Envelope(sender="a@x.example", recipients=(Recipient("b@y.example"), Recipient("c@y.example")))


def test_after_the_queue_nothing_is_refused() -> None:
    """A refusal would be a bounce: the copies are kept instead."""
    store = Store()
    assert act(outcomes(REJECT, REJECT), store=store, mta=BEFORE).reply is Reply.REJECT
    assert store.kept == []
    assert act(outcomes(REJECT, REJECT), store=store, mta=AFTER).reply is Reply.DISCARD
    assert len(store.kept[0]) == 2


def test_what_cannot_be_delivered_is_kept_for_all() -> None:
    """A message with more forged fields than can be deleted is refused, or kept after the queue."""
    message = mail()
    many = replace(message, envelope=replace(message.envelope, forged=Forged(too_many=True)))
    store = Store()
    assert act(outcomes(ACCEPT, TAG), many, store, mta=BEFORE).reply is Reply.REJECT
    assert act(outcomes(ACCEPT, TAG), many, store, mta=AFTER).reply is Reply.DISCARD
    assert [len(each) for each in store.kept] == [2]


@pytest.mark.parametrize("mta", [AFTER, BEFORE])
def test_without_a_hold_queue_the_store_is_used_or_waited_for(mta: MtaAbilities) -> None:
    """`store.hold` has no effect; while the store is down the message is deferred."""
    store = Store()
    assert act(outcomes(QUARANTINE), store=store, mta=mta, hold=True).reply is Reply.DISCARD
    for error in (StoreUnavailable("down"), CommitUnknown("perhaps")):
        crashes: list[str] = []
        done = act(outcomes(QUARANTINE), store=Store(error), crashes=crashes, mta=mta)
        assert (done.reply, crashes) == (Reply.TEMPFAIL, [Failure.STORE])


@pytest.mark.parametrize("wanted", [(QUARANTINE, QUARANTINE), (QUARANTINE, ACCEPT)])
def test_a_message_that_was_judged_in_part_is_kept_whole(wanted: tuple[Disposition, ...]) -> None:
    """The door has all bytes, so there is neither hold nor refusal for its size, and the copy can be released."""
    kept: list[bytes] = []

    class Bytes(Store):
        def hold(self, message, document, outcomes) -> str:  # type: ignore[no-untyped-def]
            kept.append(message.raw)
            return super().hold(message, document, outcomes)

    cut = read(RAW[:10_001], Envelope(whole=RAW), Limits(scan_bytes=10_000))
    done = act(outcomes(*wanted), cut, Bytes(), mta=AFTER)
    assert done.reply is (Reply.DISCARD if ACCEPT not in wanted else Reply.ACCEPT)
    assert sum(isinstance(each, DeleteRecipient) for each in done.edits) == (ACCEPT in wanted)
    assert kept == [RAW]


def test_an_unjudged_message_is_kept_and_can_be_looked_at(tmp_path: Path) -> None:
    """With all bytes, for all recipients, once however often it comes; its document can be read as any other."""
    store = Quarantine.open(StoreOptions(url=f"sqlite:///{tmp_path}/q.db"), SetClock())
    means = Output(OWN_ID, explain.held_document, store)
    first, second = (keep_unjudged(RAW, ENVELOPE, means, lambda *_: None) for _ in range(2))
    assert first.reply is Reply.DISCARD
    assert first.reference == second.reference
    entry = store.get(first.reference)
    assert entry is not None
    assert [each.recipient.address for each in entry.copies] == ["b@y.example", "c@y.example"]
    assert (entry.decided_by, entry.score, store.content(first.reference)) == (FAILURE, 0.0, RAW)
    assert entry.document["findings"] == []
    store.close()


def test_an_unjudged_message_waits_for_the_store() -> None:
    """It is deferred, and the failure is counted."""
    crashes: list[str] = []
    done = keep_unjudged(
        RAW, ENVELOPE, output(Store(StoreUnavailable("down"))), lambda stage, _: crashes.append(stage)
    )
    assert (done.reply, crashes) == (Reply.TEMPFAIL, [Failure.STORE])
