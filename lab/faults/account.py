"""What happened to the mail of a row: the ledger, and what only the sender and the delivered headers show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lab.ledger import Entry, Ledger

_SHOWN = 3


@dataclass
class Account:
    """A closed ledger. `replies` are the SMTP codes at the end of messages (0: the connection was lost), `unjudged` the
    deliveries without our verdict, `given_up` the copies that got 4xx until the sender gave up."""

    ledger: Ledger
    replies: Counter[int] = field(default_factory=Counter)
    unjudged: Counter[Entry] = field(default_factory=Counter)
    given_up: Counter[Entry] = field(default_factory=Counter)
    messages: int = 0

    @property
    def lost(self) -> Counter[Entry]:
        return self.ledger.lost

    @property
    def doubled(self) -> Counter[Entry]:
        return self.ledger.doubled

    @property
    def repeated(self) -> Counter[Entry]:
        return self.ledger.repeated

    def words(self, entries: Counter[Entry]) -> str:
        """How many entries there are, and where a few of them are."""
        if not entries:
            return "0"
        shown = [f"{mark} to {recipient} ({self._where((mark, recipient))})" for mark, recipient in entries]
        more = ", …" if len(shown) > _SHOWN else ""
        return f"{entries.total()}: {', '.join(shown[:_SHOWN])}{more}"

    def _where(self, entry: Entry) -> str:
        ledger = self.ledger
        places = {
            "delivered": ledger.delivered,
            "held": ledger.quarantined,
            "refused": ledger.refused,
            "no answer": ledger.unanswered,
        }
        found = [f"{name} {each[entry]}" for name, each in places.items() if each[entry]]
        return ", ".join(found) or "nowhere"
