from __future__ import annotations

import json
import math

from sekisho.daemon import Scoreboard
from sekisho.maintenance.live_status import document


def test_the_object_of_the_status() -> None:
    """What the scoreboard shows, and until when something holds: a moment, `forever`, or null."""
    scoreboard = Scoreboard()
    scoreboard.state(scoreboard.take(), "ready")
    scoreboard.reloaded(False, 1_000_000.5, "policy.tag: must be a number")
    ends = {"paused_until": math.inf, "tagging_until": 2_000_000_000.0}
    found = document(
        scoreboard.view(),
        mode="enforce",
        ends=ends,
        reasons=("store",),
        store_ok=False,
        log_lines_dropped=3.0,
        now=5.0,
    )
    assert json.loads(json.dumps(found)) == {
        **found,
        "mode": "enforce",
        "ready": False,
        "reasons": ["store"],
        "paused_until": "forever",
        "tagging_until": "2033-05-18T03:33:20Z",
        "workers": {"starting": 0, "ready": 1, "draining": 0},
        "last_reload": {"ok": False, "at": "1970-01-12T13:46:40Z", "reason": "policy.tag: must be a number"},
        "store": {"ok": False},
        "log_lines_dropped": 3,
    }


def test_what_is_over_is_not_told() -> None:
    """An end that has passed is no end, and a reload that succeeded has no reason."""
    scoreboard = Scoreboard()
    scoreboard.reloaded(False, 1.0, "x" * 1000)
    assert len(scoreboard.view().reload_reason) == 400
    scoreboard.reloaded(True, 2.0)
    ends = {"paused_until": 10.0, "tagging_until": 0.0}
    found = document(
        scoreboard.view(),
        mode="shadow",
        ends=ends,
        reasons=(),
        store_ok=True,
        log_lines_dropped=0.0,
        now=11.0,
    )
    assert (found["paused_until"], found["tagging_until"], found["ready"]) == (None, None, True)
    assert found["last_reload"] == {"ok": True, "at": "1970-01-01T00:00:02Z", "reason": None}
