"""The ledger: every recipient of every message sent is delivered, quarantined or refused, exactly once.

This is how the lab shows that no accepted mail is lost and none is shown twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

MARK = "X-Lab-Mark"

Entry = tuple[str, str]


@dataclass
class Ledger:
    """Entries are `(mark, recipient)`, where `mark` is the value of the message's own X-Lab-Mark field."""

    sent: Counter[Entry] = field(default_factory=Counter)
    refused: Counter[Entry] = field(default_factory=Counter)
    delivered: Counter[Entry] = field(default_factory=Counter)
    quarantined: Counter[Entry] = field(default_factory=Counter)

    def send(self, mark: str, recipients: Iterable[str]) -> None:
        """A message was offered to these recipients."""
        self.sent.update((mark, recipient) for recipient in recipients)

    def refuse(self, mark: str, recipients: Iterable[str]) -> None:
        """The sender was told no for these recipients (4xx that was not tried again, or 5xx)."""
        self.refused.update((mark, recipient) for recipient in recipients)

    def deliver(self, mark: str, recipients: Iterable[str]) -> None:
        """The sink got it for these recipients."""
        self.delivered.update((mark, recipient) for recipient in recipients)

    def hold(self, mark: str, recipients: Iterable[str]) -> None:
        """The quarantine keeps it for these recipients."""
        self.quarantined.update((mark, recipient) for recipient in recipients)

    @property
    def seen(self) -> Counter[Entry]:
        return self.delivered + self.quarantined + self.refused

    @property
    def lost(self) -> Counter[Entry]:
        """Sent, and nowhere."""
        return self.sent - self.seen

    @property
    def doubled(self) -> Counter[Entry]:
        """In more places, or more often, than it was sent."""
        return self.seen - self.sent

    @property
    def balanced(self) -> bool:
        return not self.lost and not self.doubled

    def __str__(self) -> str:
        counts = {
            name: getattr(self, name).total() for name in ("sent", "delivered", "quarantined", "refused")
        }
        state = "balanced" if self.balanced else f"lost {self.lost.total()}, doubled {self.doubled.total()}"
        return " ".join(f"{name}={count}" for name, count in counts.items()) + f" ({state})"
