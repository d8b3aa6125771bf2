"""The maintenance process: the metrics port and all periodic tasks."""

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
from sekisho.plain_errors import of_system
from sekisho.ports import StoreUnavailable
from sekisho.processes import ReadyReason, WorkerState
from sekisho.runtime_changes import ListWatch, SwitchWatch
from sekisho.stages import Failure
from sekisho.store.database import SchemaError, StoreLock, database_file, free_bytes
from sekisho.store.quarantine import Quarantine
from sekisho.verdict import Mode
from sekisho.wire import probe

LOG = logging.getLogger("sekisho.maintenance")
TURN_SECONDS = 1.0  # between two checks for changes that people make while we run
MAX_PORT_TURNS = 5  # after a reload, until the previous process must have closed the metrics port
GAUGES_SECONDS = 15.0  # between two checks of the store


class Maintenance:
    """The maintenance process. Implements `daemon.MaintenancePort`; made after the fork.

    A task that fails does not stop the others. `readiness` watches whether tasks fail, and whether the milter answers.
    """

    def __init__(
        self, settings: Config, meter: Metrics, place: probe.SocketAddress, scoreboard: Scoreboard
    ) -> None:
        self._settings = settings
        self._metrics = meter
        self._scoreboard = scoreboard
        self.store_ok = False
        """True if at the last check the store worked and was the one at its path, and if no store is needed."""
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
        """Work until `stop` is set. A metrics port that is in use is tried again: at a reload the previous process
        still has it."""
        log.start()
        self._tasks.add("switch", self._look_at_switch, TURN_SECONDS)
        self._tasks.add("store_files", self._look_at_files, TURN_SECONDS)
        self._tasks.add("store", self._look_at_store, GAUGES_SECONDS)
        self._tasks.turn()  # the state of the store is known before the first request
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
        """Watch the lists, in a thread of its own: a long turn of retention must not delay a change of a list."""
        while not stop.wait(TURN_SECONDS):
            self._isolation.run("lists", self._lists.turn)

    def _serve(self) -> None:
        """Open the metrics port, unless it is open."""
        if self._server is not None and self._server.alive:
            return
        if self._server is not None:
            self._server.close()
            self._server = None
        sources = metrics.PageSources(
            reasons=self._readiness.reasons, gauges=self._refresh_gauges, status=self._status
        )
        try:
            self._server = metrics.serve(self._settings.metrics, self._metrics, sources)
        except OSError as error:
            self._refused += 1
            if self._refused == MAX_PORT_TURNS:
                LOG.error(
                    "metrics.listen: %s: %s; mail is filtered without metrics and /readyz, and it is tried again",
                    self._settings.metrics.listen,
                    of_system(error),
                )

    def _at_work(self) -> bool:
        """True while no periodic task keeps failing or hangs. The task `store` has a reason of its own."""
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
        """The quarantine, opened at the first call. Raises StoreUnavailable or SchemaError."""
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
        """Check the store at once if its files were replaced. Only names and identities of the files are read."""
        if self._quarantine is not None and self.store_ok:
            try:
                self._quarantine.verify()
            except (StoreUnavailable, SchemaError):
                self._look_at_store()

    def _look_at_store(self) -> None:
        """Check the store and set its gauges. Raises the error of the store."""
        self.store_ok = self._store_gauges()

    def _store_gauges(self) -> bool:
        shadow = self._settings.mode is Mode.SHADOW and not self._settings.recipients
        file = database_file(self._settings.store)
        if shadow and (file is None or not file.exists()):  # an existing quarantine still needs maintenance
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
