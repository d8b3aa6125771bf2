"""The ledger: for every recipient, every message that was sent must be delivered, quarantined or refused exactly once.

With it the lab shows that no accepted mail is lost and none is delivered twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

MARK = "X-Lab-Mark"

Entry = tuple[str, str]


@dataclass
class Ledger:
    """Entries are `(mark, recipient)`. `mark` names the message: the value of its X-Lab-Mark field, or its sender.

    `unanswered` are copies that were sent completely, but whose reply did not arrive. The sender has to send them
    again. That may cause a second delivery (RFC 1047), but never a second held copy.
    """

    sent: Counter[Entry] = field(default_factory=Counter)
    refused: Counter[Entry] = field(default_factory=Counter)
    delivered: Counter[Entry] = field(default_factory=Counter)
    quarantined: Counter[Entry] = field(default_factory=Counter)
    unanswered: Counter[Entry] = field(default_factory=Counter)

    def send(self, mark: str, recipients: Iterable[str]) -> None:
        """A message was sent to these recipients."""
        self.sent.update((mark, recipient) for recipient in recipients)

    def refuse(self, mark: str, recipients: Iterable[str]) -> None:
        """The message was refused for these recipients (5xx, or 4xx without a retry)."""
        self.refused.update((mark, recipient) for recipient in recipients)

    def deliver(self, mark: str, recipients: Iterable[str]) -> None:
        """The sink received it for these recipients."""
        self.delivered.update((mark, recipient) for recipient in recipients)

    def hold(self, mark: str, recipients: Iterable[str]) -> None:
        """The quarantine holds it for these recipients."""
        self.quarantined.update((mark, recipient) for recipient in recipients)

    def unanswer(self, mark: str, recipients: Iterable[str]) -> None:
        """The connection was lost after the last byte and before the reply."""
        self.unanswered.update((mark, recipient) for recipient in recipients)

    @property
    def seen(self) -> Counter[Entry]:
        return self.delivered + self.quarantined + self.refused

    @property
    def lost(self) -> Counter[Entry]:
        """Entries that were sent, but are nowhere."""
        return self.sent - self.seen

    @property
    def doubled(self) -> Counter[Entry]:
        """Entries that are in more places, or there more often, than sending and SMTP can explain."""
        return self.seen - self.sent - self.repeated

    @property
    def repeated(self) -> Counter[Entry]:
        """Entries that were delivered again because the reply to an attempt did not arrive."""
        excess = {
            entry: count for entry, count in (self.seen - self.sent).items() if entry in self.unanswered
        }
        return Counter(
            {
                entry: min(count, self.unanswered[entry])
                for entry, count in excess.items()
                if not self.quarantined[entry]
            }
        )

    @property
    def balanced(self) -> bool:
        return not self.lost and not self.doubled

    def __str__(self) -> str:
        counts = {
            name: getattr(self, name).total() for name in ("sent", "delivered", "quarantined", "refused")
        }
        state = "balanced" if self.balanced else f"lost {self.lost.total()}, doubled {self.doubled.total()}"
        return " ".join(f"{name}={count}" for name, count in counts.items()) + f" ({state})"
