"""The metrics port and everything periodic, in a process of its own."""

from __future__ import annotations

import logging
import threading

from sekisho import compose, log, metrics
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.daemon import Scoreboard
from sekisho.guard import Switch
from sekisho.maintenance import live_status
from sekisho.maintenance.quarantine import QuarantineMaintenance
from sekisho.maintenance.readiness import Readiness, of_socket
from sekisho.maintenance.tasks import MaintenanceTasks
from sekisho.metrics import Metrics
from sekisho.observers import Isolation
from sekisho.ports import StoreUnavailable
from sekisho.processes import ReadyReason, WorkerState
from sekisho.runtime_changes import ListWatch, SwitchWatch
from sekisho.stages import Failure
from sekisho.store.database import SchemaError, StoreLock, database_file, free_bytes
from sekisho.store.quarantine import Quarantine
from sekisho.verdict import Mode
from sekisho.wire import probe

LOG = logging.getLogger("sekisho.maintenance")
TURN_SECONDS = 1.0  # seconds between two looks at what people change while we run
TURNS_TO_LEAVE = 5  # turns that the process before us may take to give the metrics port back
GAUGES_SECONDS = 15.0  # seconds between two looks at the store


class Maintenance:
    """The metrics port and everything periodic. Implements `daemon.MaintenancePort`; made after the fork.

    Each task fails alone. `readiness` watches whether one fails, and whether the milter answers.
    """

    def __init__(
        self, settings: Config, meter: Metrics, place: probe.SocketAddress, scoreboard: Scoreboard
    ) -> None:
        self._settings = settings
        self._metrics = meter
        self._scoreboard = scoreboard
        self.store_ok = False
        """The store can be asked and is the one at its path, as of the last look; true where none is needed."""
        self._quarantine: Quarantine | None = None
        self._lock = StoreLock(settings.store)
        self._server: metrics.MetricsServer | None = None
        self._refused = 0
        self._clock = SystemClock()
        self._quarantine_work = QuarantineMaintenance(settings, meter, self._clock)
        self._lists = ListWatch(settings.store, self._clock, meter.store_identity_failed)
        self._switch: SwitchWatch | None = None
        self._isolation = Isolation(lambda _: meter.error(Failure.MAINTENANCE), "task")
        self._tasks = MaintenanceTasks(self._isolation, self._clock)
        self._readiness = Readiness(
            of_socket(place, meter.probed),
            lambda: scoreboard.view().workers.get(WorkerState.READY, 0),
            {ReadyReason.STORE: lambda: self.store_ok, ReadyReason.MAINTENANCE: self._at_work},
            meter.ready,
        )

    def run(self, stop: threading.Event) -> None:
        """Work until told. A metrics port that is taken is tried again: at a reload the process before us has it."""
        log.start()
        self._tasks.add("switch", self._look_at_switch, TURN_SECONDS)
        self._tasks.add("store_files", self._look_at_files, TURN_SECONDS)
        self._tasks.add("store", self._look_at_store, GAUGES_SECONDS)
        self._tasks.turn()  # whether the store can be asked is known before anybody asks us
        self._readiness.start()
        self._tasks.add("port", self._serve, TURN_SECONDS)
        self._tasks.add("quarantine", self._look_after_quarantine, GAUGES_SECONDS)
        lists = threading.Thread(target=self._watch_lists, args=(stop,), name="lists", daemon=True)
        lists.start()
        while True:
            self._tasks.turn()
            if stop.wait(TURN_SECONDS):
                break
        lists.join(TURN_SECONDS)  # it may wait for a locked database
        for each in (self._server, self._readiness, self._lists, self._switch, self._quarantine, self._lock):
            if each is not None:
                self._isolation.run("end", each.close)

    def _watch_lists(self, stop: threading.Event) -> None:
        """On a thread of its own: a long turn of retention must not keep a list from holding."""
        while not stop.wait(TURN_SECONDS):
            self._isolation.run("lists", self._lists.turn)

    def _serve(self) -> None:
        """Open the metrics port, unless it is open."""
        if self._server is not None and self._server.alive:
            return
        if self._server is not None:
            self._server.close()
            self._server = None
        questions = metrics.Questions(
            reasons=self._readiness.reasons, gauges=self._refresh_gauges, status=self._status
        )
        try:
            self._server = metrics.serve(self._settings.metrics, self._metrics, questions)
        except OSError as error:
            self._refused += 1
            if self._refused == TURNS_TO_LEAVE:
                LOG.error("metrics port %s: %s; it is tried again", self._settings.metrics.listen, error)

    def _at_work(self) -> bool:
        """True while no periodic task fails again and again or hangs. The store's has a reason of its own."""
        return not set(self._tasks.failing()) - {"store"}

    def _refresh_gauges(self) -> None:
        view = self._scoreboard.view()
        self._metrics.workers(view.workers)
        self._metrics.reload(view.reload_ok, view.reload_at)
        self._metrics.reload_waits(view.reload_waiting)
        self._metrics.sessions(view.sessions)
        self._metrics.ready(self._readiness.reasons())
        for cause, count in self._scoreboard.uncounted().items():
            for _ in range(count):
                self._metrics.worker_restarted(cause)

    def _opened(self) -> Quarantine:
        """Raises StoreUnavailable or SchemaError."""
        if self._quarantine is None:
            self._lock.take()
            self._quarantine = Quarantine.open(
                self._settings.store, SystemClock(), self._metrics.store_identity_failed
            )
            self._lock.mark()
        return self._quarantine

    def _status(self) -> dict[str, object]:
        switch = self._switch
        return live_status.document(
            self._scoreboard.view(),
            mode=self._settings.mode.value,
            ends={
                "paused_until": switch.paused_until if switch else 0.0,
                "tagging_until": switch.tagging_until if switch else 0.0,
            },
            reasons=self._readiness.reasons(),
            store_ok=self.store_ok,
            log_lines_dropped=self._metrics.total("log_lines_dropped_total"),
            now=self._clock.now().timestamp(),
        )

    def _look_at_switch(self) -> None:
        if self._switch is None:
            switch = Switch(compose.switch_file(self._settings))
            self._switch = SwitchWatch(switch, self._metrics, self._clock)
        self._switch.turn()

    def _look_at_files(self) -> None:
        """Ask the store at once when its files were changed. Looks at their names only."""
        if self._quarantine is not None and self.store_ok:
            try:
                self._quarantine.verify()
            except (StoreUnavailable, SchemaError):
                self._look_at_store()

    def _look_at_store(self) -> None:
        """Raises whatever keeps the store from being asked."""
        self.store_ok = self._store_gauges()

    def _store_gauges(self) -> bool:
        shadow = self._settings.mode is Mode.SHADOW and not self._settings.recipients
        file = database_file(self._settings.store)
        if shadow and (file is None or not file.exists()):  # what was held before is still looked after
            return True
        try:
            quarantine = self._opened()
            quarantine.verify()
            stats = quarantine.stats()
        except BaseException:
            self.store_ok = False
            raise
        self._metrics.quarantine(stats.messages, stats.bytes)
        self._metrics.quarantine_free(free_bytes(self._settings.store))
        return True

    def _look_after_quarantine(self) -> None:
        if self._quarantine is not None:
            self._quarantine_work.turn(self._quarantine)
