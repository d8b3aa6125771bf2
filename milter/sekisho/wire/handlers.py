"""What the wire is handed: the one interface between the door and the judgement.

`compose.build(config)` must return an object that satisfies `Handlers`; the wire never looks behind it.
Every method is called on the worker's own threads, several at once, never on libmilter's.
"""

from __future__ import annotations

from typing import Protocol

from sekisho.message import Envelope
from sekisho.verdict import Action


class Handlers(Protocol):
    """The judgement as the wire sees it. All methods are called from several threads at once."""

    @property
    def scan_limit(self) -> int:
        """How many bytes of a message are kept. The wire hands over at most one byte more, so that whoever
        reads the message sees that it was cut: `len(raw) > scan_limit`."""

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        """Judge one message. `raw` has CRLF line ends; `envelope.arrived` is None (the clock is not ours).

        May raise: the wire then counts, logs and applies `fallback`.
        """

    def warm_envelope(self, envelope: Envelope) -> None:
        """MAIL FROM is known, recipients are not: begin the look-ups that SPF will need. Must not wait."""

    def fallback(self, stage: str, again: bool) -> Action:
        """What to do with a message that we could not judge (table of failures).

        `again`: these very bytes failed before, so a second 451 would be endless. In shadow mode: accept.
        `stage`: `process`, `deadline`, `overload`, `edit` or `wire`.
        """

    def on_error(self, stage: str) -> None:
        """Count a failure of ours (`errors_total{stage}`). Must not raise."""

    def close(self) -> None:
        """The worker leaves: flush and close what is open."""
