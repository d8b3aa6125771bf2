"""The replies that are the same for all recipients: refused, deferred, held by Postfix, not judged."""

from __future__ import annotations

import base64
import hashlib

from sekisho.action import headers
from sekisho.action.settle import rejected, tempfailed
from sekisho.auth.forged_fields import OwnFields
from sekisho.judgement import Judgement
from sekisho.message import Message
from sekisho.verdict import Action, Outcome, Reply

REFUSED = ("550", "5.7.1", "Message refused by local policy (reference {reference})")
DEFERRED = ("451", "4.3.0", "Temporary local problem, please try again later")
UNVERIFIED = ("451", "4.4.3", "The sender cannot be verified now, please try again later")


def refuse(outcomes: tuple[Outcome, ...], reference: str) -> Action:
    """550 for all recipients."""
    code, status, text = REFUSED
    smtp = (code, status, text.format(reference=reference))
    return Action(Reply.REJECT, rejected(outcomes), smtp=smtp, reference=reference)


def defer(outcomes: tuple[Outcome, ...], reference: str) -> Action:
    """451 for all recipients, without edits."""
    return Action(Reply.TEMPFAIL, tempfailed(outcomes), smtp=DEFERRED, reference=reference)


def wait(outcomes: tuple[Outcome, ...], reference: str) -> Action:
    """451 for all recipients, without edits, until DNS answers again."""
    return Action(Reply.TEMPFAIL, tempfailed(outcomes), smtp=UNVERIFIED, reference=reference)


def hold(judgement: Judgement, outcomes: tuple[Outcome, ...], reference: str, own: OwnFields) -> Action:
    """Postfix's hold queue, for a message that would be quarantined for all recipients. Our fields are added now, since
    a message that is released from the hold queue does not pass the filter again."""
    edits = headers.fields(judgement, outcomes, reference, own)
    return Action(Reply.HOLD, outcomes, edits, reference=reference)


def unjudged(reply: Reply, own: OwnFields) -> Action:
    """The action for a message that came again after its judgement failed: `reply` is Postfix's hold queue or a
    delivery, with fields that say so. The wire deletes the forged fields first."""
    return Action(reply, edits=headers.unjudged(own))


def reference_of(message: Message) -> str:
    """The id of a message that is not in the store. The same bytes with the same queue id have the same id."""
    text = f"{message.digest} {message.envelope.queue_id or ''}"
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return base64.b32encode(digest[:10])[:12].decode("ascii")
