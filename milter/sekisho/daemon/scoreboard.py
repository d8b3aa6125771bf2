"""The state of all processes, in shared memory.

It is made before the first fork. The supervisor writes states and counters, each worker its number of sessions. The
maintenance process reads everything for the metrics. There is no lock: every number has one writer.
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
_GENERATION, _MAINTENANCE_DEATHS, _WAITING = range(3)  # indexes of single numbers
_SINGLE = 3
_ROW = struct.Struct("<qq")
_REASON_BYTES = 400


@dataclass(frozen=True, slots=True)
class ScoreboardView:
    """The scoreboard at one moment.

    `reload_ok` and `reload_at` (Unix seconds) are about the last attempt to load a configuration; the start is the
    first. `generation` is the number of the configuration in force (1 is the first, 0 is none yet).
    `maintenance_deaths`: how often the maintenance process died since the start. `reload_waiting`: a reload waits for
    workers of the configuration before the present one."""

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
    """A row for each worker (state, open sessions), a counter for each cause of a restart, and the last reload."""

    def __init__(self) -> None:
        self._singles_at = 2 * len(CAUSES) * _NUMBER.size + _RELOAD.size
        self._reason_at = self._singles_at + _SINGLE * _NUMBER.size
        self._rows_at = self._reason_at + _REASON_BYTES
        self._map = mmap.mmap(-1, self._rows_at + _MAX_WORKERS * _ROW.size)
        self._free = list(range(_MAX_WORKERS))[::-1]

    def take(self) -> int:
        """The index of a free row, for a new worker. Only the supervisor calls it. Raises OSError if none is free."""
        if not self._free:
            raise OSError(errno.EAGAIN, "as many workers as can be watched exist already")
        row = self._free.pop()
        _ROW.pack_into(self._map, self._at(row), 1 + STATES.index(WorkerState.STARTING), 0)
        return row

    def release(self, row: int) -> None:
        """Free the row with this index."""
        _ROW.pack_into(self._map, self._at(row), 0, 0)
        self._free.append(row)

    def state(self, row: int, state: WorkerState) -> None:
        """Write the state of the worker with this row index: one of `STATES`."""
        _NUMBER.pack_into(self._map, self._at(row), 1 + STATES.index(state))

    def sessions(self, row: int, count: int) -> None:
        """Write the number of open sessions of the worker with this row index. The worker itself calls it."""
        _NUMBER.pack_into(self._map, self._at(row) + _NUMBER.size, count)

    def restarted(self, cause: RestartCause) -> None:
        """Count a restart for one of `CAUSES`."""
        at = CAUSES.index(cause) * _NUMBER.size
        _NUMBER.pack_into(self._map, at, _NUMBER.unpack_from(self._map, at)[0] + 1)

    def reloaded(self, succeeded: bool, when: float, reason: str = "") -> None:
        """A configuration was loaded or refused at `when` (Unix seconds); `reason` says why it was refused."""
        self._map[self._reason_at : self._rows_at] = reason.encode(errors="backslashreplace")[
            :_REASON_BYTES
        ].ljust(_REASON_BYTES, b"\0")
        _RELOAD.pack_into(self._map, self._singles_at - _RELOAD.size, succeeded, when)

    def reload_waits(self, waiting: bool) -> None:
        """Write whether a reload waits for old sessions."""
        self._set(_WAITING, int(waiting))

    def took_over(self) -> int:
        """Count a new generation; returns its number."""
        self._set(_GENERATION, self._single(_GENERATION) + 1)
        return self._single(_GENERATION)

    def maintenance_died(self) -> int:
        """Count a death of the maintenance process; returns how many there were since the start."""
        self._set(_MAINTENANCE_DEATHS, self._single(_MAINTENANCE_DEATHS) + 1)
        return self._single(_MAINTENANCE_DEATHS)

    def _set(self, which: int, value: int) -> None:
        _NUMBER.pack_into(self._map, self._singles_at + which * _NUMBER.size, value)

    def _single(self, which: int) -> int:
        return int(_NUMBER.unpack_from(self._map, self._singles_at + which * _NUMBER.size)[0])

    def uncounted(self) -> Mapping[RestartCause, int]:
        """Restarts by cause since the last call, also if another maintenance process made that call."""
        totals, counted = self._numbers(0), self._numbers(1)
        for index, total in enumerate(totals):
            _NUMBER.pack_into(self._map, (len(CAUSES) + index) * _NUMBER.size, total)
        return {cause: total - told for cause, total, told in zip(CAUSES, totals, counted, strict=True)}

    def _numbers(self, column: int) -> list[int]:
        """All restarts (column 0), or those that `uncounted` has already returned (column 1)."""
        first = column * len(CAUSES)
        return [
            _NUMBER.unpack_from(self._map, at * _NUMBER.size)[0] for at in range(first, first + len(CAUSES))
        ]

    def view(self) -> ScoreboardView:
        """All that is on the scoreboard now."""
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
