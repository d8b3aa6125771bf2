"""What the supervisor knows of its processes, in memory that all of them share.

Made before the first fork. The supervisor writes states and counters, each worker its own number of sessions,
the maintenance process reads it all for the metrics. Nobody locks: every number has one writer.
"""

from __future__ import annotations

import errno
import mmap
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.processes import RestartCause, WorkerState

CAUSES = tuple(RestartCause)
STATES = tuple(WorkerState)
_MAX_WORKERS = 1024
_NUMBER = struct.Struct("<q")
_RELOAD = struct.Struct("<qd")
_GENERATION, _MAINTENANCE_DEATHS, _WAITING = range(3)  # single numbers of the supervisor
_SINGLE = 3
_ROW = struct.Struct("<qq")
_REASON_BYTES = 400  # bytes


@dataclass(frozen=True, slots=True)
class ScoreboardView:
    """The board at one moment. `reload_ok` and `reload_at` (wall clock, seconds) are of the last attempt to
    load a configuration; starting is the first. `generation` is the number of the one in force (1 is the first,
    0 is none yet), `maintenance_deaths` how often the maintenance process died since the start, `reload_waiting` that a
    configuration is asked for and not loaded yet, because the workers before the present ones still finish."""

    workers: Mapping[WorkerState, int] = field(default_factory=dict)
    sessions: int = 0
    restarts: Mapping[RestartCause, int] = field(default_factory=dict)
    reload_ok: bool = False
    reload_at: float = 0.0
    reload_reason: str = ""
    generation: int = 0
    maintenance_deaths: int = 0
    reload_waiting: bool = False


class Scoreboard:
    """Rows of workers (state, open sessions), a counter for each cause of a restart, the last reload."""

    def __init__(self) -> None:
        self._singles_at = 2 * len(CAUSES) * _NUMBER.size + _RELOAD.size
        self._reason_at = self._singles_at + _SINGLE * _NUMBER.size
        self._rows_at = self._reason_at + _REASON_BYTES
        self._map = mmap.mmap(-1, self._rows_at + _MAX_WORKERS * _ROW.size)
        self._free = list(range(_MAX_WORKERS))[::-1]

    def take(self) -> int:
        """A row for a new worker. The supervisor's. Raises OSError when all are taken."""
        if not self._free:
            raise OSError(errno.EAGAIN, "as many workers as can be watched exist already")
        row = self._free.pop()
        _ROW.pack_into(self._map, self._at(row), 1 + STATES.index(WorkerState.STARTING), 0)
        return row

    def release(self, row: int) -> None:
        """The worker of that row is gone. The supervisor's."""
        _ROW.pack_into(self._map, self._at(row), 0, 0)
        self._free.append(row)

    def state(self, row: int, state: WorkerState) -> None:
        """The worker of that row is in that state. The supervisor's."""
        _NUMBER.pack_into(self._map, self._at(row), 1 + STATES.index(state))

    def sessions(self, row: int, count: int) -> None:
        """The worker's own number of open sessions."""
        _NUMBER.pack_into(self._map, self._at(row) + _NUMBER.size, count)

    def restarted(self, cause: RestartCause) -> None:
        """A worker is replaced. The supervisor's."""
        at = CAUSES.index(cause) * _NUMBER.size
        _NUMBER.pack_into(self._map, at, _NUMBER.unpack_from(self._map, at)[0] + 1)

    def reloaded(self, succeeded: bool, when: float, reason: str = "") -> None:
        """A configuration was loaded or refused; `reason` says why it was refused."""
        self._map[self._reason_at : self._rows_at] = reason.encode(errors="backslashreplace")[
            :_REASON_BYTES
        ].ljust(_REASON_BYTES, b"\0")
        _RELOAD.pack_into(self._map, self._singles_at - _RELOAD.size, succeeded, when)

    def reload_waits(self, waiting: bool) -> None:
        """Whether a reload waits for sessions of an older configuration. The supervisor's."""
        self._set(_WAITING, int(waiting))

    def took_over(self) -> int:
        """Another generation is in force: its number."""
        self._set(_GENERATION, self._single(_GENERATION) + 1)
        return self._single(_GENERATION)

    def maintenance_died(self) -> int:
        """How often it has died since the start."""
        self._set(_MAINTENANCE_DEATHS, self._single(_MAINTENANCE_DEATHS) + 1)
        return self._single(_MAINTENANCE_DEATHS)

    def _set(self, which: int, value: int) -> None:
        _NUMBER.pack_into(self._map, self._singles_at + which * _NUMBER.size, value)

    def _single(self, which: int) -> int:
        return int(_NUMBER.unpack_from(self._map, self._singles_at + which * _NUMBER.size)[0])

    def uncounted(self) -> Mapping[RestartCause, int]:
        """Restarts by cause since the maintenance process last asked, whichever process it was."""
        totals, counted = self._numbers(0), self._numbers(1)
        for index, total in enumerate(totals):
            _NUMBER.pack_into(self._map, (len(CAUSES) + index) * _NUMBER.size, total)
        return {cause: total - told for cause, total, told in zip(CAUSES, totals, counted, strict=True)}

    def _numbers(self, column: int) -> list[int]:
        """The totals of the supervisor (column 0), or those of them that were counted (column 1)."""
        first = column * len(CAUSES)
        return [
            _NUMBER.unpack_from(self._map, at * _NUMBER.size)[0] for at in range(first, first + len(CAUSES))
        ]

    def view(self) -> ScoreboardView:
        """All of it, as it stands now."""
        rows = [_ROW.unpack_from(self._map, self._at(row)) for row in range(_MAX_WORKERS)]
        states = Counter(STATES[state - 1] for state, _ in rows if state)
        succeeded, when = _RELOAD.unpack_from(self._map, self._singles_at - _RELOAD.size)
        return ScoreboardView(
            workers={state: states[state] for state in STATES},
            sessions=sum(count for _, count in rows),
            restarts=dict(zip(CAUSES, self._numbers(0), strict=True)),
            reload_ok=bool(succeeded),
            reload_at=when,
            reload_reason=self._map[self._reason_at : self._rows_at].rstrip(b"\0").decode(errors="ignore"),
            generation=self._single(_GENERATION),
            maintenance_deaths=self._single(_MAINTENANCE_DEATHS),
            reload_waiting=bool(self._single(_WAITING)),
        )

    def _at(self, row: int) -> int:
        return self._rows_at + row * _ROW.size
