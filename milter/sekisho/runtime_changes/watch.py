"""Applies changes without a reload.

- If the lists in the store have another version than the snapshot, the maintenance process writes the snapshot
  (`ListWatch`), and each worker reads it (`ListFollower`). If the store fails, that is logged once, and the last good
  snapshot stays in use.
- If a person pauses or resumes, or the guard falls back to tagging or is released, it is logged and the gauges show it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

from sekisho.events import keeping, watching
from sekisho.guard import Switch, told
from sekisho.metrics import Metrics
from sekisho.ports import Clock, StoreUnavailable
from sekisho.store.database import SchemaError, StoreOptions, never_made
from sekisho.store.lists import InForce, ListStore, snapshot

LOG = logging.getLogger("sekisho.runtime_changes")
FOLLOW_SECONDS = 0.5  # between two checks of the snapshot by a worker; a check is one stat call


class ListWatch:
    """Keeps the snapshot equal to the lists of the store. Belongs to the maintenance process."""

    def __init__(
        self, options: StoreOptions, clock: Clock, on_loss: Callable[[], None] = lambda: None
    ) -> None:
        self._options = options
        self._on_loss = on_loss
        # The version that was written, and the file that has it.
        self._written: tuple[int, snapshot.Identity | None] = (0, None)
        self._clock = clock
        self._store: ListStore | None = None
        self._failing = False

    def close(self) -> None:
        """Close the store, if it was opened."""
        if self._store is not None:
            self._store.close()

    def turn(self) -> None:
        """Write the snapshot if the lists changed. Never raises for a store or a disk that fails."""
        if never_made(self._options):
            return  # nothing was ever stored, and a check must not create a database
        try:
            self._write_changed()
        except (StoreUnavailable, SchemaError, OSError) as error:
            if not self._failing:
                keeping.LISTS_STALE.failed(LOG, error)
            self._failing = True
            return
        self._failing = False

    def _write_changed(self) -> None:
        """Write the snapshot if the store has another version, or if the file is not the one that this process wrote.
        An older file may be of another store, whose version numbers cannot be compared."""
        if self._store is None:
            self._store = ListStore.open(self._options, self._clock, self._on_loss)
        if (self._store.version(), snapshot.identity(self._options)) == self._written:
            return
        version, entries = self._store.entries()
        if other := snapshot.foreign(self._options):
            keeping.LISTS_DROPPED.write(LOG, store=other[0], entries=other[1])
        snapshot.write(self._options, version, entries)
        self._written = version, snapshot.identity(self._options)


class ListFollower:
    """Reads each new snapshot in one worker, in a thread apart from the judging threads. Belongs to the worker."""

    def __init__(self, lists: InForce) -> None:
        """Reads the snapshot once at the start: the one from before the fork may be old when a worker is replaced."""
        self._lists = lists
        self._stop = threading.Event()
        self._turn()
        threading.Thread(target=self._run, name="lists", daemon=True).start()

    def close(self) -> None:
        """End the thread after its current check."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(FOLLOW_SECONDS):
            self._turn()

    def _turn(self) -> None:
        try:
            if self._lists.refresh():
                keeping.LIST_CHANGED.write(LOG, version=self._lists.version, worker=os.getpid())
        except Exception as error:  # the thread must go on: without it no later change would take effect
            keeping.LISTS_STALE.failed(LOG, error)


class SwitchWatch:
    """Logs changes of the switch, and sets the gauges. Belongs to the maintenance process."""

    def __init__(self, switch: Switch, meter: Metrics, clock: Clock) -> None:
        self._switch = switch
        self._metrics = meter
        self._clock = clock
        self._seen = {"paused": 0.0, "tagging": 0.0}

    @property
    def paused_until(self) -> float:
        """Unix time (seconds) at which the pause ends; 0: there is none."""
        return self._switch.paused_until

    @property
    def tagging_until(self) -> float:
        """Unix time (seconds) until which mail is tagged at most; 0: it is not."""
        return self._switch.tagging_until

    def turn(self) -> None:
        """Check once, and log a change."""
        now = self._clock.now().timestamp()
        ends = {"paused": self._switch.paused_until, "tagging": self._switch.tagging_until}
        for what, end in ends.items():
            self._tell(what, end if end > now else 0.0)
        self._metrics.guard(paused=ends["paused"] > now, tagging=ends["tagging"] > now)

    def _tell(self, what: str, end: float) -> None:
        if end == self._seen[what]:
            return
        self._seen[what] = end
        state = "mail is accepted and only counted" if what == "paused" else "mail is tagged at most"
        if end:
            text = f"{state}, {told(end)}; `sekisho resume` ends it"
            watching.SWITCH_CHANGED.write(LOG, text, what=what, on=True, until=told(end))
        else:
            watching.SWITCH_CHANGED.write(LOG, "the policy holds again", what=what, on=False)

    def close(self) -> None:
        """Close the switch."""
        self._switch.close()
