"""Which messages were answered with 451 because DNS failed, and since when. Without this a message could be deferred
for ever.

A message is recognised by its bytes and its envelope sender; a retry may name other recipients. It is written down
before it is deferred for the first time, and kept for as long as senders retry. A message that cannot be written down
is not deferred: the file is missing, or all places of the message hold entries that have not expired. An entry is
never replaced before it expires, because its message would then be deferred again at every retry.
"""

from __future__ import annotations

import logging
from pathlib import Path

from sekisho.events import keeping
from sekisho.memory.table import TimeTable
from sekisho.ports import Clock

LOG = logging.getLogger("sekisho.memory")
MAGIC = b"sekisho-defer-01"
SETS = 2048  # times 8 places: 16,384 messages in 384 kB
KEEP_SECONDS = 5 * 86_400.0  # as long as senders retry (RFC 5321 section 4.5.4.1)


class Deferrals:
    """Implements `ports.Deferrals`. The object belongs to the process that made it; all processes share the file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises OSError."""
        self._table = TimeTable(path, MAGIC, SETS)
        self._clock = clock
        self._failing = False

    def close(self) -> None:
        """Close the file."""
        self._table.close()

    def defers(self, key: bytes, seconds: float) -> bool:
        """True while the message of this key may be deferred: until `seconds` after the first call for it."""
        try:
            answer = self._defers(self._table.key_of(key), seconds, self._clock.now().timestamp())
        except OSError as error:
            if not self._failing:
                keeping.MEMORY_FAILED.failed(
                    LOG, error, "deferred messages cannot be written down, so none is deferred"
                )
            self._failing = True
            return False
        self._failing = False
        return answer

    def _defers(self, key: bytes, seconds: float, now: float) -> bool:
        rows = self._table.rows(key)
        known = next((row for row in rows if row.key == key and _young(row.when, now)), None)
        if known is not None:
            return 0 <= now - known.when < seconds  # if the clock was set back, the deferral ends
        free = next((row for row in rows if not _young(row.when, now)), None)
        if free is None:
            return False
        self._table.put(key, now, free)
        return True


def _young(when: float, now: float) -> bool:
    """True if an entry has not expired. Its time may be in the future: the clock may have been set back."""
    return abs(now - when) < KEEP_SECONDS
