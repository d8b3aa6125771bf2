"""Retention in the running daemon: a clock that cannot be believed pauses it, and a person ends the pause."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

from lab.cases import Lab
from lab.place import wait_until
from tests.system.mails import spoof

from sekisho.clock import SystemClock

GAUGE = "sekisho_retention_paused"


def shown(lab: Lab, value: float) -> bool:
    try:
        return f"{GAUGE} {value}" in lab.sekisho.metrics()
    except OSError:  # its server is not there yet
        return False


def last_runs(lab: Lab) -> int:
    with closing(sqlite3.connect(lab.sekisho.store)) as connection:
        return int(connection.execute("SELECT count(*) FROM retention_runs").fetchone()[0])


def set_back(lab: Lab) -> None:
    """As if the machine had last run 40 days ago and its mail had been held then: off for so long, or a clock
    that is 40 days ahead."""
    then = f"{SystemClock().now() - timedelta(days=40):%Y-%m-%d %H:%M:%S.%f}"
    with closing(sqlite3.connect(lab.sekisho.store)) as connection, connection:
        connection.execute("UPDATE retention_runs SET boot = 'earlier', at = ?", (then,))
        connection.execute("UPDATE entries SET held_at = ?", (then,))


def pauses(lab: Lab) -> list[str]:
    """The reasons that the log gives."""
    return [str(line["reason"]) for line in lab.sekisho.lines()[0] if line["event"] == "retention_paused"]


def test_retention_waits_for_a_person(lab: Lab) -> None:
    """Held mail is there after the daemon has met a clock 40 days ahead of its last turn; with a person's word it goes
    on, and what is old by that clock expires."""
    name = str(lab.send(spoof("hanako@example.jp")).held[0]["id"])
    wait_until(lambda: last_runs(lab) > 0, "retention has run", 60)
    assert shown(lab, 0.0)
    lab.sekisho.stop()
    set_back(lab)
    lab.sekisho.start()
    wait_until(lambda: shown(lab, 1.0), "the gauge shows the pause", 60)
    wait_until(lambda: any("40 days ago" in each for each in pauses(lab)), "the log says why")
    held = json.loads(lab.sekisho.cli("quarantine", "show", name, "--format", "json"))
    assert [each["state"] for each in held["recipients"]] == ["held"]
    assert "40 days ago" in lab.sekisho.cli("store", "retention")
    lab.sekisho.cli("store", "retention", "--resume")
    wait_until(lambda: shown(lab, 0.0), "retention goes on", 120)
    held = json.loads(lab.sekisho.cli("quarantine", "show", name, "--format", "json"))
    assert [each["state"] for each in held["recipients"]] == ["expired"]
