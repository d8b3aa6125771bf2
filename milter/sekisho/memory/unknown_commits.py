"""Which messages the store may have kept although it reported an error, so that none of them is held twice.

If the connection is lost during a commit, the commit may have been carried out. The message is answered with 451; when
the sender retries, the store finds the entry that exists. But the store may still be down at the retry, for example
because its server crashed in this commit. A message that the store cannot take is held by Postfix, so such a message
would be held twice. Therefore these messages are written down, for as long as senders retry, in a file that all
processes share. They are answered with 451 until the store is back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sekisho.events import keeping
from sekisho.memory.table import TimeTable
from sekisho.message import Message
from sekisho.ports import Clock, CommitUnknown, QuarantineStore, StoreUnavailable
from sekisho.verdict import Outcome

LOG = logging.getLogger("sekisho.memory")
MAGIC = b"sekisho-unknown1"
SETS = 512  # times 8 places: 4,096 messages in 96 kB; in a full set the oldest is replaced
KEEP_SECONDS = 5 * 86_400.0  # as long as senders retry (RFC 5321 section 4.5.4.1)


class UnknownCommits:
    """Implements `ports.QuarantineStore`, on top of another one. The object belongs to the process that made it; all
    processes share the file."""

    def __init__(self, store: QuarantineStore, path: Path, clock: Clock) -> None:
        """Raises OSError."""
        self._store = store
        self._table = TimeTable(path, MAGIC, SETS)
        self._clock = clock
        self._failing = False

    @staticmethod
    def prepare(path: Path) -> None:
        """Make the file; a damaged one becomes empty. Raises OSError."""
        TimeTable(path, MAGIC, SETS).close()

    def close(self) -> None:
        """Close the file, but not the store."""
        self._table.close()

    def hold(self, message: Message, document: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
        """Keep the message in the store; returns the record id. Raises StoreUnavailable as the store does, and
        CommitUnknown also if an earlier attempt for the same message may have been kept."""
        try:
            return self._store.hold(message, document, outcomes)
        except CommitUnknown:
            self._remember(self._key(message))
            raise
        except StoreUnavailable as error:
            if self._knows(self._key(message)):
                raise CommitUnknown(
                    f"{error}; an earlier attempt for this message may have been kept"
                ) from error
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
        return when is not None and abs(self._clock.now().timestamp() - when) < KEEP_SECONDS

    def _key(self, message: Message) -> bytes:
        """Made of the bytes and the envelope sender: a retry may name other recipients."""
        return self._table.key_of(
            f"{message.digest} {message.envelope.sender}".encode("utf-8", "surrogatepass")
        )

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            keeping.MEMORY_FAILED.failed(
                LOG, error, "messages that the store may have kept cannot be written down"
            )
        self._failing = True
