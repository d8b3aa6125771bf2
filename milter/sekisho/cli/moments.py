"""The moments that a person names on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sekisho.clock import SystemClock

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(typed: datetime | timedelta) -> datetime:
    """A moment, or the moment that was so long ago; nothing of ours is older than `EARLIEST`."""
    if isinstance(typed, datetime):
        return max(typed, EARLIEST)
    now = SystemClock().now()
    return now - min(typed, now - EARLIEST)
