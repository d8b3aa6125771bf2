"""The objects that all generations of the daemon share."""

from __future__ import annotations

import logging
import platform
from pathlib import Path

from sekisho import __version__, compose, log, metrics
from sekisho.checks.table import CHECKS, KINDS
from sekisho.config import Config, restart_values
from sekisho.events import watching
from sekisho.journal import Journal
from sekisho.judging.probe import OwnSocket
from sekisho.metrics import Metrics
from sekisho.ports import Clock
from sekisho.privacy import Privacy
from sekisho.service.doors import Doors
from sekisho.wire.library import libmilter_version

LOG = logging.getLogger("sekisho.log")


class Shared:
    """The objects that all generations share. They are made once, before the first fork."""

    def __init__(
        self,
        settings: Config,
        clock: Clock,
        privacy: Privacy,
        loaded: list[tuple[Config, compose.Knowledge]] | None = None,
        doors: Doors = Doors(),  # noqa: B008 - it is frozen
    ) -> None:
        """`loaded` has what the first generation gets. It is taken out of the list, so that its memory can be freed.
        `doors` says which door the daemon has."""
        self.clock = clock
        self.doors = doors
        self._in_force = restart_values(settings)
        self._logged = settings.log, settings.journal
        self._privacy = privacy
        self._loaded = [] if loaded is None else loaded
        self.journal = Journal(settings.journal, privacy)
        self.metrics: Metrics | None = None
        self._own: OwnSocket | None = None

    def load(self, path: Path | None) -> tuple[Config, compose.Knowledge]:
        """The configuration and knowledge: the first time those that were loaded at the start, then read again from the
        files. Raises ConfigError."""
        return self._loaded.pop() if self._loaded else compose.load(path)

    def own_socket(self, settings: Config) -> OwnSocket:
        """The door's socket. A reload does not change it."""
        if self._own is None:
            self._own = self.doors.own_socket(settings)
        return self._own

    def needs_restart(self, settings: Config) -> tuple[str, ...]:
        """The options whose value is another one than that of the start, and which only a restart can change."""
        return tuple(
            name for name, value in restart_values(settings).items() if value != self._in_force[name]
        )

    def follow_log(self, settings: Config) -> None:
        """Take up the options of log and journal, if they changed, for this process and those that it forks from now
        on. Raises SecretError or TargetError; then nothing has changed."""
        (before, _), wanted = self._logged, (settings.log, settings.journal)
        if wanted == self._logged:
            return
        privacy = self._privacy.changed(settings.journal)
        moved = {"old": before.place, "new": settings.log.place}
        if before.place != settings.log.place:
            log.open_target(settings.log).close()  # raises before the old log is told of it
            watching.LOG_MOVED.write(LOG, **moved)
        log.setup(settings.log, privacy)
        if before.place != settings.log.place:
            watching.LOG_MOVED.write(LOG, **moved)
        if self.metrics is not None:
            log.lost_lines_to(self.metrics.log_lines_dropped)
        self._logged, self._privacy = wanted, privacy
        self.journal = Journal(settings.journal, privacy)

    def meter(self, settings: Config, known: compose.Knowledge) -> Metrics:
        """The metrics, opened once (raises OSError). A brand that a reload adds is counted as `other` until a
        restart."""
        if self.metrics is None:
            self.metrics = metrics.open(
                settings.metrics.directory,
                findings=[kind.id for kind in KINDS],
                brands=[brand.id for brand in known.registry.brands],
                checks=[check.name for check in CHECKS],
                build={
                    "version": __version__,
                    "python": platform.python_version(),
                    "libmilter": libmilter_version(),
                },
            )
            log.lost_lines_to(self.metrics.log_lines_dropped)
        return self.metrics
