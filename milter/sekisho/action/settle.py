"""Changes the outcomes of several recipients so that they fit into the one reply that SMTP allows for a message.

A message is rejected only if all recipients would reject it; else the copies to be rejected are quarantined. A
temporary failure for one recipient is one for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sekisho.message import Message
from sekisho.verdict import Disposition, Outcome


def settle(outcomes: Sequence[Outcome], *, refuses: bool = True) -> tuple[Outcome, ...]:
    """The outcomes changed so that one reply fits all recipients. `refuses`: a refusal is possible."""
    applied = {each.applied for each in outcomes}
    if Disposition.TEMPFAIL in applied:
        return tempfailed(outcomes)
    if applied == {Disposition.REJECT} and refuses:
        return tuple(outcomes)
    return tuple(
        replace(each, applied=Disposition.QUARANTINE) if each.applied is Disposition.REJECT else each
        for each in outcomes
    )


def tempfailed(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with a temporary failure for all recipients."""
    return tuple(replace(each, applied=Disposition.TEMPFAIL) for each in outcomes)


def rejected(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with a rejection for all recipients."""
    return tuple(replace(each, applied=Disposition.REJECT) for each in outcomes)


def withheld(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with a quarantine for all recipients."""
    return tuple(replace(each, applied=Disposition.QUARANTINE) for each in outcomes)


def quarantined(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes whose recipients' copies go to the store."""
    return tuple(each for each in outcomes if each.applied is Disposition.QUARANTINE)


def may_wait(outcomes: Sequence[Outcome]) -> bool:
    """True if the message may be deferred until DNS answers again: at least one recipient would get it, and no
    recipient is in shadow, has opted out, has an allow entry, or accepts all mail."""
    delivered = any(each.applied <= Disposition.TAG for each in outcomes)
    return delivered and all(each.deferrable for each in outcomes)


def cut(message: Message) -> bool:
    """True if only a part of the message is here. Then only Postfix has all of it, and can keep it for all
    recipients."""
    if message.envelope.whole is not None:
        return False
    return message.problem("limit.scan_bytes") is not None or message.envelope.dropped > 0
