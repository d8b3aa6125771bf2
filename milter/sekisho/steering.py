"""What people change while the program runs: the keeper looks for it every second or so.

- The lists in the store have another version than the one in force: their snapshot is written and the supervisor
  is asked for a new generation, once for each version. A store that cannot be asked is said once, and nothing
  changes: what holds is the last good snapshot.
- Somebody paused or resumed, or the guard fell back or was released: the log says so, the gauges show it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sekisho.guard import Switch
from sekisho.metrics import Metrics
from sekisho.ports import Clock, StoreUnavailable
from sekisho.store import ListStore, SchemaError, StoreOptions, database_file, snapshot

LOG = logging.getLogger("sekisho.steering")


class ListWatch:
    """Compares the store with what is in force. Belongs to the keeper's process."""

    def __init__(self, options: StoreOptions, in_force: int, clock: Clock) -> None:
        self._options = options
        self._version = in_force
        self._clock = clock
        self._store: ListStore | None = None
        self._failing = False

    def turn(self, reload: Callable[[], None]) -> None:
        """Never raises for a store or a disk that fails."""
        file = database_file(self._options)
        if file is not None and not file.exists():
            return  # nothing was ever stored, and looking is no reason to make a database
        try:
            changed = self._changed()
        except (StoreUnavailable, SchemaError, OSError) as error:
            if not self._failing:
                LOG.error("the lists cannot be looked up or written down; those in force stay: %s", error)
            self._failing = True
            return
        self._failing = False
        if changed:
            LOG.info("lists changed: version %d is to be in force", self._version)
            reload()

    def _changed(self) -> bool:
        if self._store is None:
            self._store = ListStore.open(self._options, self._clock)
        if self._store.version() == self._version:
            return False
        version, entries = self._store.entries()
        snapshot.write(self._options, version, entries)
        self._version = version
        return True

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


class SwitchWatch:
    """Says it when the switch is turned. Belongs to the keeper's process."""

    def __init__(self, switch: Switch, meter: Metrics, clock: Clock) -> None:
        self._switch = switch
        self._metrics = meter
        self._clock = clock
        self._seen = {"paused": 0.0, "tagging": 0.0}

    @property
    def paused_until(self) -> float:
        """Unix time; 0 is not at all."""
        return self._switch.paused_until

    @property
    def tagging_until(self) -> float:
        return self._switch.tagging_until

    def turn(self) -> None:
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
            LOG.warning("%s: %s, %s; `sekisho resume` ends it", what, state, told(end))
        else:
            LOG.warning("%s ended: the policy holds again", what)

    def close(self) -> None:
        self._switch.close()


def told(end: float) -> str:
    """Until when, for people."""
    try:
        return f"until {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "until somebody ends it"
