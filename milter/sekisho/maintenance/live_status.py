"""The state of the daemon as the object of /status, for other programs."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from sekisho import __version__
from sekisho.daemon import ScoreboardView


def document(
    view: ScoreboardView,
    *,
    mode: str,
    ends: Mapping[str, float],
    reasons: Collection[str],
    store_ok: bool,
    log_lines_dropped: float,
    now: float,
) -> dict[str, object]:
    """The object of /status. `ends` (of `paused_until` and `tagging_until`) and `now` are Unix time in seconds. In the
    object a time is RFC 3339 text; null means that there is no pause (or tagging), and `forever` that only
    `sekisho resume` ends it. `log_lines_dropped` is a number of lines."""
    return {
        "version": __version__,
        "mode": mode,
        "ready": not reasons,
        "reasons": list(reasons),
        **{name: _end(end, now) for name, end in ends.items()},
        "generation": view.generation,
        "workers": dict(view.workers),
        "sessions": view.sessions,
        "reload_waiting": view.reload_waiting,
        "maintenance_deaths": view.maintenance_deaths,
        "last_reload": {
            "ok": view.reload_ok,
            "at": moment(view.reload_at) if view.reload_at else None,
            "reason": view.reload_reason or None,
        },
        "store": {"ok": store_ok},
        "log_lines_dropped": int(log_lines_dropped),
    }


def _end(seconds: float, now: float) -> str | None:
    if seconds <= now:
        return None
    return "forever" if math.isinf(seconds) else moment(seconds)


def moment(seconds: float) -> str:
    """Unix time in seconds as RFC 3339 text; `forever` if it is beyond the calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "forever"
