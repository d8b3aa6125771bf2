"""What the wire is handed: the one interface between the door and the judgement.

`service` makes an object that satisfies `Handlers` for each worker; the wire never looks behind it.
Every method is called on the worker's own threads, several at once, never on libmilter's.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from sekisho.auth.forged_fields import ForgedFields
from sekisho.message import Envelope, Limits, Recipient
from sekisho.verdict import Action


class OnFailure(IntEnum):
    """What becomes of a message that we cannot judge. Of several recipients the greatest holds for all."""

    ACCEPT = 0  # accepted, counted and logged: nothing is ever done to this recipient's mail
    TAG = 1  # 451, and if the same bytes come again a delivery that says so
    HOLD = 2  # 451, and if the same bytes come again Postfix's hold queue


class Handlers(Protocol):
    """The judgement as the wire sees it. All methods are called from several threads at once."""

    @property
    def limits(self) -> Limits:
        """How much of a message is kept. The wire hands over one header field more than `header_fields`, and one byte
        more than `scan_bytes`, so that the reader of the message sees that there was more."""

    def forged(self) -> ForgedFields:
        """To be shown every field of one message. Called on libmilter's threads."""

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        """Judge one message. `raw` has CRLF line ends; `envelope.arrived` is None (the clock is not ours).

        May raise: the wire then counts, logs and applies `fallback`. After MemoryError and UnfinishedError the message
        is judged in a process of its own when it comes again, after anything else it is not tried again.
        """

    def warm_envelope(self, envelope: Envelope) -> None:
        """MAIL FROM is known, recipients are not: begin the look-ups that SPF will need. Must not wait."""

    def on_failure(self, recipient: Recipient | None) -> OnFailure:
        """By the rules for this recipient; None is one that nobody knows: the strictest of all. Called on libmilter's
        threads, so that the answer is there when memory is not."""

    def paused(self) -> bool:
        """True while every message is accepted, whatever the rules say. Asked several times a second."""

    def fallback(self, stage: str, again: bool, on_failure: OnFailure) -> Action:
        """What to do with a message that we could not judge (table of failures). Asked once for each case, at start.

        `again`: these very bytes failed before, so a second 451 would be endless. Where it writes fields of ours, the
        wire deletes the forged ones before. `stage`: `process`, `deadline`, `overload`, `edit` or `wire`.
        """

    def on_error(self, stage: str) -> None:
        """Count a failure of ours (`errors_total{stage}`). Must not raise."""

    def close(self) -> None:
        """The worker leaves: flush and close what is open."""
