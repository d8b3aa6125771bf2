"""Postfix's hold queue in place of the store, by configuration and for what the store cannot keep whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.store.kit import SetClock

from sekisho import compose
from sekisho.config import Config
from sekisho.message import Client, Envelope, Forged, Recipient
from sekisho.ports import CommitUnknown, StoreUnavailable
from sekisho.verdict import Action, ChangeHeader, Reply

SPOOF = (
    b"From: =?UTF-8?B?44GI44GN44Gt44Gj44Go?= <a@stranger.example>\r\nSubject: x\r\n"
    b"Authentication-Results: mx.ours.example; dkim=pass\r\n\r\nbody\r\n"
)
CLIENT = Client("192.0.2.7", None, "fail", "x")


class Store:
    """Remembers what it was told to keep, unless it fails."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.kept: list[bytes] = []
        self.fails = fails

    def hold(self, message: Any, document: Any, outcomes: Any) -> str:
        if self.fails is not None:
            raise self.fails
        self.kept.append(message.raw)
        return "ID"


def process(
    raw: bytes,
    *recipients: str,
    forged: Forged | None = None,
    fails: Exception | None = None,
    **store: object,
) -> tuple[Action, Store]:
    """A message that the block list would quarantine for everybody but the lenient and those in shadow."""
    settings = {
        "mode": "enforce",
        "authserv_id": "mx.ours.example",
        "lists": {"block": ["stranger.example"], "block_action": "quarantine"},
        "recipients": {"lenient.example": {"max_action": "tag"}, "trial.example": {"mode": "shadow"}},
        "limits": {"scan_bytes": 10_000},
        "store": store,
    }
    config, kept = Config.model_validate(settings), Store(fails)
    ports = replace(compose.offline(config), quarantine=kept, clock=SetClock())
    people = tuple(Recipient(each, each) for each in recipients)
    envelope = Envelope("a@stranger.example", "a@stranger.example", recipients=people, client=CLIENT)
    envelope = replace(envelope, forged=forged)
    return compose.pipeline(config, ports).process(raw, envelope).action, kept


def test_the_hold_queue_takes_the_store_s_place() -> None:
    """With store.hold, what is quarantined for everybody is held by Postfix, with our fields and without the
    forged ones, since it will not pass us again."""
    action, store = process(SPOOF, "a@ours.example", "b@ours.example", hold=True)
    assert (action.reply, store.kept) == (Reply.HOLD, [])
    names = [getattr(edit, "name", "") for edit in action.edits]
    assert names.count("Authentication-Results") == 2
    assert "X-Sekisho-Verdict" in names


def test_a_mixed_message_is_still_stored() -> None:
    """Hold would freeze the others' mail too, so the copies that are quarantined go to the store."""
    action, store = process(SPOOF, "a@ours.example", "b@lenient.example", hold=True)
    assert (action.reply, len(store.kept)) == (Reply.ACCEPT, 1)


def test_without_the_option_the_store_keeps_it() -> None:
    """The store is the default."""
    action, store = process(SPOOF, "a@ours.example")
    assert (action.reply, store.kept) == (Reply.DISCARD, [SPOOF])


@pytest.mark.parametrize(
    ("recipients", "reply"),
    [
        (("a@ours.example",), Reply.HOLD),
        (("a@ours.example", "b@lenient.example"), Reply.REJECT),
        (("a@ours.example", "c@trial.example"), Reply.REJECT),
        (("b@lenient.example", "c@trial.example"), Reply.ACCEPT),
        (("c@trial.example",), Reply.ACCEPT),
    ],
)
def test_what_was_read_in_part_is_never_kept_in_part(recipients: tuple[str, ...], reply: Reply) -> None:
    """Of a message beyond limits.scan_bytes we have a part only: were it stored and discarded, the rest would
    be lost. Postfix holds it for all; where some copies would be delivered, it is refused, whatever their mode."""
    action, store = process(SPOOF + b"x" * 20_000, *recipients)
    assert (action.reply, store.kept) == (reply, [])
    assert not [edit for edit in action.edits if type(edit).__name__ == "DeleteRecipient"]


FLOOD = Forged((("X-Sekisho-Verdict", 2), ("X-Sekisho-Verdict", 1)), too_many=True)


@pytest.mark.parametrize("others", [(), ("b@lenient.example",)])
def test_more_forged_fields_than_can_be_deleted_are_refused(others: tuple[str, ...]) -> None:
    """Everybody is in enforce: 550, and no copy is kept of what the sender is told it was refused."""
    action, store = process(SPOOF, "a@ours.example", *others, forged=FLOOD)
    assert (action.reply, store.kept) == (Reply.REJECT, [])


def test_nobody_in_shadow_is_refused_for_forged_fields() -> None:
    """Somebody in shadow is to get the message: it goes on, without those fields that can be deleted."""
    action, store = process(SPOOF, "a@ours.example", "b@lenient.example", "c@trial.example", forged=FLOOD)
    assert (action.reply, len(store.kept)) == (Reply.ACCEPT, 1)
    deleted = [edit for edit in action.edits if isinstance(edit, ChangeHeader)]
    assert [edit.index for edit in deleted] == [2, 1]
    alone, _ = process(SPOOF, "c@trial.example", forged=FLOOD)
    assert (alone.reply, alone.edits) == (Reply.ACCEPT, ())


@pytest.mark.parametrize(
    ("error", "reply"), [(StoreUnavailable("down"), Reply.HOLD), (CommitUnknown("cut"), Reply.TEMPFAIL)]
)
def test_what_the_store_may_have_is_not_held_by_postfix_as_well(error: Exception, reply: Reply) -> None:
    """Postfix takes the place of a store that has nothing. Where the store may have the message, a retry finds out;
    nothing is edited, as with every 451."""
    action, _ = process(SPOOF, "a@ours.example", fails=error)
    assert action.reply is reply
    assert bool(action.edits) is (reply is Reply.HOLD)
