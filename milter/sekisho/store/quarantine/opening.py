"""Opens the quarantine in a thread, so that the daemon can start while the store is down.

The thread tries to open the store until it answers, so no message waits for it. Until then `hold` raises
StoreUnavailable at once. A store that is not durable, or of another version, is refused permanently: the caller must
not start with it.

After that the thread checks every few seconds that the store's files are still those at the path. Without the check, a
worker that has nothing to hold would keep a log open that the connections of other workers no longer see.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sekisho.events import keeping
from sekisho.message import Message
from sekisho.ports import Clock, StoreUnavailable
from sekisho.store.database.engine import NotDurable
from sekisho.store.database.files import StoreMoved
from sekisho.store.database.lock import StoreLock
from sekisho.store.database.migrate import SchemaError
from sekisho.store.database.options import StoreOptions, database_file
from sekisho.store.quarantine.quarantine import Quarantine
from sekisho.verdict import Outcome

LOG = logging.getLogger("sekisho.store")
START_SECONDS = 5.0  # seconds that a start waits for the store
RETRY_SECONDS = 2.0  # seconds between two attempts, and between two looks at the files


class Opening:
    """A quarantine that is opened in a thread. Implements `ports.QuarantineStore`. Belongs to one process."""

    def __init__(
        self,
        options: StoreOptions,
        clock: Clock,
        patience: float = START_SECONDS,
        on_loss: Callable[[], None] = lambda: None,
    ) -> None:
        """Raises NotDurable or SchemaError if that is known within `patience` seconds. `on_loss`: as for
        `Quarantine.open`."""
        self._options = options
        self._clock = clock
        self._on_loss = on_loss
        self._lock = StoreLock(options)
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
        """As `Quarantine.hold`. Raises StoreUnavailable while the store is not open."""
        if self._store is None:
            raise StoreUnavailable(f"the store is not open: {self._reason}")
        return self._store.hold(message, document, outcomes)

    def close(self) -> None:
        """End the thread, and close the store if it was opened."""
        self._stop.set()
        if self._store is not None:
            self._store.close()
        self._lock.close()

    def _open(self) -> None:
        while not self._stop.is_set():
            try:
                self._lock.take()
                store = Quarantine.open(self._options, self._clock, self._on_loss)
                self._lock.mark()
                self._store = store
            except (NotDurable, SchemaError) as error:
                self._refused = error
                keeping.STORE_REFUSED.write(LOG, reason=error)
            except StoreUnavailable as error:
                self._fail(error)
                if not self._stop.wait(RETRY_SECONDS):
                    continue
            self._tried.set()
            if self._store is not None and database_file(self._options) is not None:
                self._watch(self._store)
            return

    def _fail(self, error: StoreUnavailable) -> None:
        if isinstance(error, StoreMoved):
            self._on_loss()
        if not self._tried.is_set():
            keeping.STORE_DOWN.write(LOG, "we start without it", reason=error)
        self._reason = str(error)
        self._tried.set()

    def _watch(self, store: Quarantine) -> None:
        """Write one line when the store is lost. It is opened again as soon as that is possible."""
        lost = False
        while not self._stop.wait(RETRY_SECONDS):
            try:
                store.verify()
            except (StoreUnavailable, SchemaError) as error:
                if not lost:
                    keeping.STORE_DOWN.write(LOG, reason=error)
                lost = True
            else:
                lost = False
