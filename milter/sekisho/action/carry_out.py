"""Makes the action of a judgement: one reply to the MTA for all recipients of a message.

The rules for several recipients, shadow and failures are those of `docs/operating.md`. A quarantined copy is durably in
the store before the MTA gets the reply; a failure of the store never loses a message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sekisho.action import headers, replies
from sekisho.action.settle import cut, may_wait, quarantined, settle, withheld
from sekisho.auth.forged_fields import OwnFields
from sekisho.evidence import NOTHING
from sekisho.judgement import Examined, Judgement
from sekisho.message import Author, Envelope, Headers, Message
from sekisho.ports import CommitUnknown, Deferrals, QuarantineStore, StoreUnavailable
from sekisho.stages import Failure
from sekisho.verdict import (
    FAILURE,
    MILTER,
    Action,
    Disposition,
    Mode,
    MtaAbilities,
    Outcome,
    Reply,
    Thresholds,
    Verdict,
)

Document = Callable[[Judgement, Sequence[Outcome]], Mapping[str, Any]]
"""Makes the document that the quarantine keeps beside the bytes: evidence, points, outcomes and arrival as plain
data."""


@dataclass(frozen=True, slots=True)
class Output:
    """What an action needs besides the judgement. Built by `compose`, shared by all messages.

    `own` says which fields only we write, and under which name. `hold`: if the copies of all recipients would be
    quarantined, Postfix's hold queue is used instead of the store. `defer_seconds`: how long a message is deferred
    while the strict domain of its author cannot be looked up; 0: not at all. Without a `quarantine` no copy is kept;
    without `deferrals` no message is deferred. `mta` says which replies are possible.
    """

    own: OwnFields
    document: Document
    quarantine: QuarantineStore | None = None
    deferrals: Deferrals | None = None
    defer_seconds: float = 0.0
    shadow_headers: bool = False
    hold: bool = False
    mta: MtaAbilities = MILTER


def carry_out(judgement: Judgement, output: Output, crashed: Callable[[str, Exception], None]) -> Action:
    """The action for the message. Quarantined copies are durable on return.

    If the store is not available, `crashed` is called with `store` and the error, and Postfix holds the message or it
    is deferred.
    """
    message, outcomes = judgement.message, settle(judgement.outcomes, refuses=output.mta.refuses)
    reference = replies.reference_of(message)
    if _waits(message, outcomes, output):
        return replies.wait(outcomes, reference)
    if undeliverable(message, outcomes, output.own):
        if output.mta.refuses:
            return replies.refuse(outcomes, reference)
        outcomes = withheld(outcomes)
    kept = quarantined(outcomes)
    for_all = kept and len(kept) == len(outcomes)
    if for_all and output.mta.holds and (output.hold or cut(message)):
        return replies.hold(judgement, outcomes, reference, output.own)
    if kept and output.quarantine is not None:
        document = output.document(judgement, kept)
        try:
            reference = output.quarantine.hold(whole(message), document, kept)
        except StoreUnavailable as error:
            crashed(Failure.STORE, error)
            return without_store(judgement, outcomes, reference, output, error)
    return act(judgement, outcomes, reference, output)


def act(judgement: Judgement, outcomes: tuple[Outcome, ...], reference: str, output: Output) -> Action:
    """The action for settled outcomes, after the quarantined copies were stored."""
    applied = {each.applied for each in outcomes}
    if Disposition.TEMPFAIL in applied:
        return replies.defer(outcomes, reference)
    if applied == {Disposition.REJECT}:
        return replies.refuse(outcomes, reference)
    if applied == {Disposition.QUARANTINE}:
        return Action(Reply.DISCARD, outcomes, reference=reference)
    edits = headers.for_delivery(
        judgement, outcomes, reference, output.own, shadow_headers=output.shadow_headers
    )
    return Action(Reply.ACCEPT, outcomes, edits, reference=reference)


def without_store(
    judgement: Judgement,
    outcomes: tuple[Outcome, ...],
    reference: str,
    output: Output,
    error: StoreUnavailable,
) -> Action:
    """The action while the store is down: Postfix's hold queue if all copies are to be quarantined, else a deferral.
    After a CommitUnknown the store may have the message, so Postfix must not hold a second copy of it."""
    for_all = all(each.applied is Disposition.QUARANTINE for each in outcomes)
    if for_all and output.mta.holds and not isinstance(error, CommitUnknown):
        return replies.hold(judgement, outcomes, reference, output.own)
    return replies.defer(outcomes, reference)


def keep_unjudged(
    raw: bytes, envelope: Envelope, output: Output, crashed: Callable[[str, Exception], None]
) -> Action:
    """The action for a message whose judgement failed more than once, where the MTA has no hold queue: it is kept in
    the store for all recipients. Nothing of it is read, since reading may be what fails."""
    message = Message(raw, 0, hashlib.sha256(raw).hexdigest(), envelope, Headers(), Author())
    verdict = Verdict(Disposition.QUARANTINE, 0.0, FAILURE, Thresholds())
    outcomes = tuple(Outcome(each, verdict, Disposition.QUARANTINE) for each in envelope.recipients)
    judgement = Judgement(Examined(message, NOTHING, {}, 0.0), {}, outcomes)
    reference = replies.reference_of(message)
    if output.quarantine is None:
        return replies.defer(outcomes, reference)
    try:
        reference = output.quarantine.hold(message, output.document(judgement, outcomes), outcomes)
    except StoreUnavailable as error:
        crashed(Failure.STORE, error)
        return replies.defer(outcomes, reference)
    return Action(Reply.DISCARD, outcomes, reference=reference)


def whole(message: Message) -> Message:
    """The message with all its bytes, as far as they are here."""
    kept = message.envelope.whole
    return message if kept is None else replace(message, raw=kept)


def undeliverable(message: Message, outcomes: tuple[Outcome, ...], own: OwnFields) -> bool:
    """True if the message must be refused for all, since an edit that it needs is impossible. There are two cases:

    - Some copies are to be quarantined and others delivered, and the message was cut, so that it cannot be stored, or a
      recipient cannot be deleted, since its bytes cannot be sent back. The mode of another recipient does not matter: a
      sender can add a recipient that gets everything.
    - There are more forged fields than can be deleted. If a recipient in shadow is to get the message, it is not
      refused for that; then as many of the fields as possible are deleted.
    """
    kept = quarantined(outcomes)
    if 0 < len(kept) < len(outcomes) and (cut(message) or not all(each.recipient.deletable for each in kept)):
        return True
    settled = {each.applied for each in outcomes} <= {Disposition.REJECT, Disposition.TEMPFAIL}
    enforced = all(each.verdict.mode is Mode.ENFORCE for each in outcomes)
    return not settled and enforced and headers.forged(message, own).too_many


def _waits(message: Message, outcomes: tuple[Outcome, ...], output: Output) -> bool:
    """True if the message is deferred until DNS answers again, for a bounded time from when it first came."""
    if output.deferrals is None or not output.defer_seconds or not may_wait(outcomes):
        return False
    key = f"{message.digest} {message.envelope.sender}".encode("utf-8", "surrogatepass")
    return output.deferrals.defers(key, output.defer_seconds)
