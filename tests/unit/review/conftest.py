"""A store with held mail, an SMTP port that takes it, and the service on both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.release.kit import Port
from tests.unit.store.kit import SetClock

from sekisho.auth.forged_fields import OwnFields
from sekisho.journal import JournalOptions
from sekisho.privacy import Privacy
from sekisho.release import ReleaseOptions, Releaser
from sekisho.review import Review
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine


@dataclass
class Room:
    """The service, what it works on, and why ages cannot be believed (nothing at first)."""

    options: StoreOptions
    store: Quarantine
    port: Port
    clock: SetClock
    doubt: str = ""

    @property
    def review(self) -> Review:
        privacy = Privacy(JournalOptions(), self.clock)
        releaser = Releaser(
            self.store,
            ReleaseOptions(port=self.port.port, attempts=1),
            OwnFields("mx.example"),
            "mx.example",
            privacy,
        )
        return Review(self.store, releaser, timedelta(minutes=15), lambda: self.doubt)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    options, clock = StoreOptions(url=f"sqlite:///{tmp_path}/quarantine.db"), SetClock()
    store = Quarantine.open(options, clock)
    with Port() as port:
        yield Room(options, store, port, clock)
    store.close()
