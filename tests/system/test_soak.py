"""A slice of `make soak`: some seconds of hostile and ordinary mail."""

from __future__ import annotations

import os

import pytest
from lab.place import a_place
from lab.soak import report, soak


@pytest.mark.skipif(os.geteuid() != 0, reason="the daemon is started as another user: `make test` uses sudo")
def test_some_seconds_of_anything_breaks_nothing() -> None:
    """No worker dies, no answer or log line is forged, no message hears 451 twice. (Memory needs the long run.)"""
    with a_place() as place:
        result = soak(place, seconds=12, sessions=8)
    assert result.messages > 100
    assert not result.faults, report(result)
    assert sum(result.restarts.values()) == 0, report(result)
