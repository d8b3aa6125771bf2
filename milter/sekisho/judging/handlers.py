"""The only interface between the doors to the MTA and the judgement.

`service` makes an object that implements `Handlers` for each worker; the doors know nothing more of the judgement.
Methods are called on the worker's own threads, several at once. Where a method is called on libmilter's threads, its
docstring says so.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from sekisho.auth.forged_fields import ForgedFields
from sekisho.message import Envelope, Limits, Recipient
from sekisho.stages import Failure
from sekisho.verdict import Action


class OnFailure(IntEnum):
    """What happens to a message that cannot be judged. With several recipients the greatest value holds for all."""

    ACCEPT = 0  # accepted, counted and logged: this recipient's mail is never changed
    TAG = 1  # 451; if the same bytes come again, delivered with a mark
    HOLD = 2  # 451; if the same bytes come again, Postfix's hold queue


class Handlers(Protocol):
    """The judgement as the wire sees it. All methods are called from several threads at once."""

    @property
    def limits(self) -> Limits:
        """How much of a message is kept. The wire passes on one header field more than `header_fields`, and one byte
        more than `scan_bytes`, so that `message` can see that there was more."""

    def forged(self) -> ForgedFields:
        """A new detector, which sees every field of one message. Called on libmilter's threads."""

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        """Judge one message. `raw` has CRLF line ends; `envelope.arrived` is None (the wire has no wall clock).

        It may raise anything: the wire then counts, logs and applies `fallback`. After MemoryError and UnfinishedError
        the message is judged in a process of its own when it comes again; after any other error it is not judged again.
        """

    def warm_envelope(self, envelope: Envelope) -> None:
        """MAIL FROM is known, the recipients are not: start the look-ups that SPF will need. Must not wait."""

    def on_failure(self, recipient: Recipient | None) -> OnFailure:
        """What the rules of this recipient say; None stands for the strictest of all. Called on libmilter's threads, at
        RCPT, so that the answer is known if memory runs out later."""

    def paused(self) -> bool:
        """True while every message is accepted, whatever the rules say. Called several times a second."""

    def fallback(self, stage: Failure, again: bool, on_failure: OnFailure) -> Action:
        """The action for a message that could not be judged. Called once for each combination, at start.

        `again`: the same bytes failed before, so another 451 would never end. If the action adds fields of ours, the
        wire deletes forged ones first. `stage`: `process`, `deadline`, `overload`, `edit` or `wire`.
        """

    def keep(self, raw: bytes, envelope: Envelope) -> Action:
        """The action for a message that cannot be judged, at a door whose MTA has no hold queue: the whole message, as
        `raw`, is durably in the store on return, or it is deferred. May raise anything."""

    def on_error(self, stage: Failure) -> None:
        """Count a failure of ours (`errors_total{stage}`). Must not raise."""

    def close(self) -> None:
        """The worker ends: flush and close what is open."""
