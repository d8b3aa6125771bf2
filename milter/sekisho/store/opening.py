"""A quarantine that may not be there yet: a store that is down at the start is no outage.

The store is opened by a thread of its own, again and again until it answers, so no message waits for it. Until
then `hold` raises StoreUnavailable at once, and the message takes the way of a store that is down. A store that is not
durable, or of another version, is refused for good: the caller must not start on it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from sekisho.message import Message
from sekisho.ports import Clock, StoreUnavailable
from sekisho.store.engine import NotDurable
from sekisho.store.migrate import SchemaError
from sekisho.store.options import StoreOptions
from sekisho.store.quarantine import Quarantine
from sekisho.verdict import Outcome

LOG = logging.getLogger("sekisho.store")
PATIENCE = 5.0  # seconds that a start waits for the store
AGAIN = 2.0  # seconds between two attempts


class Opening:
    """Implements `ports.QuarantineStore`. Belongs to the process that made it."""

    def __init__(self, options: StoreOptions, clock: Clock, patience: float = PATIENCE) -> None:
        """Raises NotDurable or SchemaError if that is known within `patience` seconds."""
        self._options = options
        self._clock = clock
        self._store: Quarantine | None = None
        self._refused: Exception | None = None
        self._reason = "it has not answered yet"
        self._tried = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._open, name="store", daemon=True)
        self._thread.start()
        self._tried.wait(patience)
        if self._refused is not None:
            raise self._refused

    def hold(self, message: Message, document: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
        """As `Quarantine.hold`."""
        if self._store is None:
            raise StoreUnavailable(f"the store is not open: {self._reason}")
        return self._store.hold(message, document, outcomes)

    def close(self) -> None:
        self._stop.set()
        if self._store is not None:
            self._store.close()

    def _open(self) -> None:
        while not self._stop.is_set():
            try:
                self._store = Quarantine.open(self._options, self._clock)
            except (NotDurable, SchemaError) as error:
                self._refused = error
                LOG.critical("the store is refused, nothing can be quarantined: %s", error)
            except StoreUnavailable as error:
                self._fail(error)
                if not self._stop.wait(AGAIN):
                    continue
            self._tried.set()
            return

    def _fail(self, error: StoreUnavailable) -> None:
        if not self._tried.is_set():
            LOG.error("the store is down; we start without it and try again: %s", error)
        self._reason = str(error)
        self._tried.set()
