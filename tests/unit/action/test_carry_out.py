"""From a judgement to one action: which reply, whose copy is kept, and what happens where that fails."""

from __future__ import annotations

import pytest
from tests.unit.action.kit import (
    ACCEPT,
    OWN_ID,
    QUARANTINE,
    REJECT,
    TAG,
    TEMPFAIL,
    Store,
    act,
    mail,
    outcomes,
)

from sekisho.action.carry_out import undeliverable
from sekisho.action.settle import settle
from sekisho.auth.forged_fields import OwnFields
from sekisho.message import Envelope, Limits, Recipient, read
from sekisho.policy import Rules
from sekisho.ports import CommitUnknown, StoreUnavailable
from sekisho.verdict import (
    AddHeader,
    ChangeHeader,
    DeleteRecipient,
    Disposition,
    Mode,
    Outcome,
    Reply,
    Thresholds,
    Verdict,
)

SHADOW = Rules(mode=Mode.SHADOW)
FORGED = b"Authentication-Results: mx.example.jp; spf=pass\r\n"


@pytest.mark.parametrize(
    ("wanted", "reply", "deleted"),
    [
        ((ACCEPT,), Reply.ACCEPT, 0),
        ((TAG, ACCEPT), Reply.ACCEPT, 0),
        ((REJECT, REJECT), Reply.REJECT, 0),
        ((QUARANTINE, QUARANTINE), Reply.DISCARD, 0),
        ((REJECT, QUARANTINE), Reply.DISCARD, 0),
        ((REJECT, ACCEPT), Reply.ACCEPT, 1),
        ((QUARANTINE, TAG, REJECT), Reply.ACCEPT, 2),
        ((TEMPFAIL, ACCEPT), Reply.TEMPFAIL, 0),
        ((TEMPFAIL, REJECT), Reply.TEMPFAIL, 0),
    ],
)
def test_one_reply_for_all(wanted: tuple[Disposition, ...], reply: Reply, deleted: int) -> None:
    """Reject only if all are; else they are quarantined; any temporary failure is one for all, unedited."""
    done = act(outcomes(*wanted))
    assert done.reply is reply
    assert sum(isinstance(edit, DeleteRecipient) for edit in done.edits) == deleted
    if reply is not Reply.ACCEPT:
        assert done.edits == ()


def test_only_the_copies_that_are_quarantined_are_kept() -> None:
    """For those recipients, in one entry, before anything is answered; the action names the entry."""
    store = Store()
    done = act(outcomes(ACCEPT, QUARANTINE, REJECT), store=store)
    assert [[each.recipient.address for each in kept] for kept in store.kept] == [
        ["r1@example.jp", "r2@example.jp"]
    ]
    assert done.reference == "STORED"


@pytest.mark.parametrize("wanted", [(ACCEPT,), (REJECT, REJECT), (TEMPFAIL, QUARANTINE)])
def test_no_copy_is_kept_of_what_the_sender_still_has_or_a_recipient_gets(
    wanted: tuple[Disposition, ...],
) -> None:
    """Delivered, refused and deferred mail is not ours to keep."""
    store = Store()
    act(outcomes(*wanted), store=store)
    assert store.kept == []


@pytest.mark.parametrize(
    ("applied", "refused"),
    [
        ((QUARANTINE, ACCEPT), True),
        ((QUARANTINE, TAG), True),
        ((QUARANTINE, QUARANTINE), False),
        ((ACCEPT, ACCEPT), False),
        ((TEMPFAIL, TEMPFAIL), False),
    ],
)
@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.SHADOW])
def test_a_recipient_that_cannot_be_taken_off_ends_the_message(
    applied: tuple[Disposition, ...], refused: bool, mode: Mode
) -> None:
    """A recipient whose bytes cannot be sent back, whose copy is kept while another gets the message: nothing else
    keeps that copy away. The other's mode, shadow or not, does not let it through."""
    raws = ("<h\udce9lp@example.jp>", "<b@example.jp>")
    modes = (Mode.ENFORCE, mode)
    done = tuple(
        Outcome(Recipient("x@example.jp", raw), Verdict(each, 9, "points", Thresholds(), mode=of), each)
        for each, raw, of in zip(applied, raws, modes, strict=True)
    )
    assert undeliverable(mail(), done, OwnFields(OWN_ID)) is refused


def test_shadow_touches_nothing() -> None:
    """In shadow mode a message that would be rejected passes as it came, and no copy is kept."""
    store = Store()
    done = act(outcomes(REJECT, TEMPFAIL, rules=SHADOW), store=store)
    assert (done.reply, done.edits, store.kept) == (Reply.ACCEPT, (), [])
    assert [each.verdict.disposition for each in done.outcomes] == [REJECT, TEMPFAIL]


@pytest.mark.parametrize(
    ("wanted", "error", "reply"),
    [
        ((QUARANTINE, QUARANTINE), StoreUnavailable("down"), Reply.HOLD),
        ((QUARANTINE, ACCEPT), StoreUnavailable("down"), Reply.TEMPFAIL),
        ((QUARANTINE,), CommitUnknown("cut"), Reply.TEMPFAIL),
    ],
)
def test_without_the_store_nothing_is_lost(
    wanted: tuple[Disposition, ...], error: Exception, reply: Reply
) -> None:
    """Hold if all would be held and the store has nothing, else a retry for all before any edit; it is told as a
    crash of the store."""
    crashes: list[str] = []
    done = act(outcomes(*wanted), store=Store(error), crashes=crashes)
    assert (done.reply, crashes) == (reply, ["store"])
    if reply is Reply.TEMPFAIL:
        assert done.edits == ()


def test_what_is_held_without_the_store_is_ready_to_be_delivered() -> None:
    """It will not pass the filter again when it is taken off hold: forged fields go and ours come at once."""
    edits = act(outcomes(QUARANTINE), mail(FORGED), Store(StoreUnavailable("down"))).edits
    assert edits[0] == ChangeHeader("Authentication-Results", 1)
    assert [edit.name for edit in edits[1:] if isinstance(edit, AddHeader)] == [
        "X-Sekisho-Reason",
        "X-Sekisho-Verdict",
        "Authentication-Results",
    ]


def test_more_forged_fields_than_can_be_deleted_are_refused() -> None:
    """Postfix reads the header anew for every deletion: a message made of them alone would keep it busy for hours. It
    is refused where forged fields would have to go, on hold too, and nothing is done in shadow."""
    flood = read(
        b"X-Sekisho-Verdict: accept\r\n" * 10_000 + b"\r\n", Envelope(), Limits(header_fields=20_000)
    )
    for wanted in ((ACCEPT,), (ACCEPT, QUARANTINE)):
        assert undeliverable(flood, settle(outcomes(*wanted)), OwnFields(OWN_ID))
    assert not undeliverable(flood, settle(outcomes(REJECT)), OwnFields(OWN_ID))
    assert not undeliverable(flood, settle(outcomes(REJECT, rules=SHADOW)), OwnFields(OWN_ID))
    some = read(b"X-Sekisho-Verdict: accept\r\n" * 1_000 + b"\r\n", Envelope())
    assert not undeliverable(some, settle(outcomes(ACCEPT)), OwnFields(OWN_ID))
    edits = act(outcomes(ACCEPT), some).edits
    assert len([edit for edit in edits if isinstance(edit, ChangeHeader)]) == 1_000
