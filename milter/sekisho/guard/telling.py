"""Words for people about the switch."""

from __future__ import annotations

from datetime import UTC, datetime


def told(end: float) -> str:
    """Until when, for people; `end` is seconds of Unix time, infinity is until somebody says otherwise."""
    try:
        return f"until {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "until somebody ends it"
