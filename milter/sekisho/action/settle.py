"""The outcomes of several recipients, fitted into the one reply that SMTP allows for a message.

Reject only if all would be rejected, else those that would be rejected are quarantined; a temporary failure for one is
one for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sekisho.message import Message
from sekisho.verdict import Disposition, Outcome


def settle(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """What is done for the recipients together: one reply must fit them all."""
    applied = {each.applied for each in outcomes}
    if Disposition.TEMPFAIL in applied:
        return tempfailed(outcomes)
    if applied == {Disposition.REJECT}:
        return tuple(outcomes)
    return tuple(
        replace(each, applied=Disposition.QUARANTINE) if each.applied is Disposition.REJECT else each
        for each in outcomes
    )


def tempfailed(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with a temporary failure for everybody."""
    return tuple(replace(each, applied=Disposition.TEMPFAIL) for each in outcomes)


def rejected(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with a rejection for everybody."""
    return tuple(replace(each, applied=Disposition.REJECT) for each in outcomes)


def quarantined(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes whose recipients' copies go to the store."""
    return tuple(each for each in outcomes if each.applied is Disposition.QUARANTINE)


def may_wait(outcomes: Sequence[Outcome]) -> bool:
    """True if the message may be deferred until DNS answers again: somebody would get it, and nobody's mail is in
    shadow, opted out, allowed, or to be left alone."""
    delivered = any(each.applied <= Disposition.TAG for each in outcomes)
    return delivered and all(each.deferrable for each in outcomes)


def cut(message: Message) -> bool:
    """True if only a part of the message is at hand. Only Postfix can keep it whole, for all of its recipients."""
    return message.problem("limit.scan_bytes") is not None or message.envelope.dropped > 0
