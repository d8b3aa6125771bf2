"""Which messages the store may have kept although it reported an error, so that none of them is held twice.

A commit whose answer is lost may have been carried out. Its message hears 451, and the sender's retry is absorbed by
the entry that stands. But the store may be down by then (its server crashed in that very commit), and a message that a
store cannot take is held by Postfix: a second time, for these. So they are remembered for as long as senders try, in
a file that all processes share, and hear 451 until the store answers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sekisho.memory.table import TimeTable
from sekisho.message import Message
from sekisho.ports import Clock, CommitUnknown, QuarantineStore, StoreUnavailable
from sekisho.verdict import Outcome

LOG = logging.getLogger("sekisho.memory")
MAGIC = b"sekisho-unknown1"
SETS = 512  # times 8 places: 4,096 messages in 96 kB; of a full set the oldest gives way
KEEP = 5 * 86_400.0  # seconds; as long as senders try


class UnknownCommits:
    """Implements `ports.QuarantineStore` on another one. Belongs to the process that made it; the file is
    everybody's."""

    def __init__(self, store: QuarantineStore, path: Path, clock: Clock) -> None:
        """Raises OSError."""
        self._store = store
        self._table = TimeTable(path, MAGIC, SETS)
        self._clock = clock
        self._failing = False

    @staticmethod
    def prepare(path: Path) -> None:
        """Make the file, or begin a damaged one anew. Raises OSError."""
        TimeTable(path, MAGIC, SETS).close()

    def close(self) -> None:
        """Close the file, and not the store."""
        self._table.close()

    def hold(self, message: Message, document: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
        """As the store's. Raises CommitUnknown also where an earlier try of the same message may have been kept."""
        try:
            return self._store.hold(message, document, outcomes)
        except CommitUnknown:
            self._remember(self._key(message))
            raise
        except StoreUnavailable as error:
            if self._knows(self._key(message)):
                raise CommitUnknown(f"{error}; an earlier try of this message may have been kept") from error
            raise

    def _remember(self, key: bytes) -> None:
        try:
            rows = self._table.rows(key)
            own = next((row for row in rows if row.key == key), None)
            self._table.put(key, self._clock.now().timestamp(), own or min(rows, key=lambda row: row.when))
        except OSError as error:
            self._failed(error)

    def _knows(self, key: bytes) -> bool:
        try:
            when = self._table.get(key)
        except OSError as error:
            self._failed(error)
            return False
        return when is not None and abs(self._clock.now().timestamp() - when) < KEEP

    def _key(self, message: Message) -> bytes:
        """Bytes and envelope sender: a retry may name other recipients."""
        return self._table.key_of(
            f"{message.digest} {message.envelope.sender}".encode("utf-8", "surrogatepass")
        )

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            LOG.error("messages that the store may have cannot be remembered: %s", error)
        self._failing = True
