"""Which messages were answered with 451 because DNS failed, and since when: so that no message is deferred for ever.

A message is known by its bytes and envelope sender; a retry may name other recipients. It is remembered for longer
than senders try, before it is deferred for the first time. Where it cannot be remembered it is not deferred: the
file is not there, or everything in its places is still young. No entry gives way before its time, since its message
would then be deferred anew at every try.
"""

from __future__ import annotations

import logging
from pathlib import Path

from sekisho.memory.table import TimeTable
from sekisho.ports import Clock

LOG = logging.getLogger("sekisho.memory")
MAGIC = b"sekisho-defer-01"
SETS = 2048  # times 8 places: 16,384 messages in 384 kB
KEEP = 5 * 86_400.0  # seconds; as long as senders try


class Deferrals:
    """Implements `ports.Deferrals`. Belongs to the process that made it; the file is everybody's."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises OSError."""
        self._table = TimeTable(path, MAGIC, SETS)
        self._clock = clock
        self._failing = False

    def close(self) -> None:
        self._table.close()

    def defers(self, key: bytes, seconds: float) -> bool:
        try:
            answer = self._defers(self._table.key_of(key), seconds, self._clock.now().timestamp())
        except OSError as error:
            if not self._failing:
                LOG.error("deferred messages cannot be remembered, and none is deferred: %s", error)
            self._failing = True
            return False
        self._failing = False
        return answer

    def _defers(self, key: bytes, seconds: float, now: float) -> bool:
        rows = self._table.rows(key)
        known = next((row for row in rows if row.key == key and _young(row.when, now)), None)
        if known is not None:
            return 0 <= now - known.when < seconds  # a clock that was put back ends the waiting
        free = next((row for row in rows if not _young(row.when, now)), None)
        if free is None:
            return False
        self._table.put(key, now, free)
        return True


def _young(when: float, now: float) -> bool:
    """Within the time for which a message is remembered, on either side: the clock may have been put back."""
    return abs(now - when) < KEEP
