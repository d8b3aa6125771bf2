"""The daemon's parts, made from a configuration: what each worker is handed, and the keeper's work."""

from __future__ import annotations

import logging
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sekisho import __version__, action, compose, log, metrics
from sekisho.checks import spf
from sekisho.checks.table import CHECKS, KINDS
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError
from sekisho.daemon import Board, Setup, SetupError, Supervisor
from sekisho.forged_fields import ForgedFields
from sekisho.guard import Switch, SwitchError, Watch
from sekisho.journal import Journal, KeyFileError
from sekisho.message import Envelope, Limits, Recipient
from sekisho.metrics import Metrics
from sekisho.pipeline import Judged, Pipeline
from sekisho.policy import Rules
from sekisho.ports import Clock, Resolver, Stance, StoreUnavailable
from sekisho.resolver import DnsResolver
from sekisho.steering import ListWatch, SwitchWatch
from sekisho.store import Opening, Quarantine, database_file, free_bytes
from sekisho.upkeep import Upkeep
from sekisho.verdict import Action, Disposition, Mode, Reply
from sekisho.wire.handlers import OnFailure
from sekisho.wire.library import libmilter_version
from sekisho.wire.listen import ListenError
from sekisho.wire.options import WireOptions

LOG = logging.getLogger("sekisho.service")
STAGES = ("parse", "images", "policy", "action", *(check.name for check in CHECKS))
TURN = 1.0  # seconds between two looks at what people change while we run
TURNS_TO_LEAVE = 5  # turns that the keeper before us may take to give the metrics port back
GAUGES_EVERY = 15.0  # seconds between two looks at the store, beside those that a scrape asks for


@dataclass(frozen=True, slots=True)
class Recorder:
    """Tells log and metrics of every judgement. Implements `pipeline.Observer`."""

    journal: Journal
    metrics: Metrics

    def judged(self, judged: Judged) -> None:
        seconds = sum(judged.stages.values())
        self.journal.message(judged.message, judged.evidence, judged.action, seconds, weights=judged.weights)
        self.metrics.message(judged.message, judged.evidence, judged.action, judged.stages, seconds)
        stored = judged.action.reply in (Reply.DISCARD, Reply.ACCEPT)
        if stored and any(each.applied is Disposition.QUARANTINE for each in judged.outcomes):
            self.metrics.quarantine_operation("hold", "ok")

    def crashed(self, stage: str, error: Exception) -> None:
        self.metrics.error(stage)
        if isinstance(error, StoreUnavailable):
            self.metrics.quarantine_operation("hold", "unavailable")
            self.journal.store_unavailable(error)
        else:
            self.journal.error(stage, error)


class Workplace:
    """What one worker is handed. Implements `wire.handlers.Handlers`; made after the fork."""

    def __init__(
        self,
        pipeline: Pipeline,
        clock: Clock,
        resolver: Resolver,
        quarantine: Opening | None,
        meter: Metrics,
        guard: Watch,
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._resolver = resolver
        self._quarantine = quarantine
        self._metrics = meter
        self._guard = guard

    @property
    def limits(self) -> Limits:
        return self._pipeline.limits

    def forged(self) -> ForgedFields:
        return ForgedFields(self._pipeline.authserv_id)

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        return self._pipeline.process(raw, envelope).action

    def warm_envelope(self, envelope: Envelope) -> None:
        spf.warm(envelope, self._resolver)

    def on_failure(self, recipient: Recipient | None) -> OnFailure:
        """By mode, and by whether anything so severe as a hold is done to this recipient's mail."""
        book = self._pipeline.rules
        if recipient is None:
            return max(map(_on_failure, (book.default, *book.special.values())))
        return _on_failure(book.rules_for(recipient))

    def paused(self) -> bool:
        return self._guard.stance() is Stance.PAUSED

    def fallback(self, stage: str, again: bool, on_failure: OnFailure) -> Action:
        """The table of failures: 451 once, and then Postfix's hold queue, or a tag where nothing so severe is done."""
        if on_failure is OnFailure.ACCEPT:
            return Action(Reply.ACCEPT)
        if not again:
            return action.defer((), "")
        reply = Reply.HOLD if on_failure is OnFailure.HOLD else Reply.ACCEPT
        return action.unjudged(reply, self._pipeline.authserv_id)

    def on_error(self, stage: str) -> None:
        self._metrics.error(stage)

    def close(self) -> None:
        self._guard.close()
        if self._quarantine is not None:
            self._quarantine.close()


def _on_failure(rules: Rules) -> OnFailure:
    if rules.mode is Mode.SHADOW or not rules.filtered:
        return OnFailure.ACCEPT
    return OnFailure.HOLD if rules.max_action >= Disposition.QUARANTINE else OnFailure.TAG


class KeeperWork:
    """The metrics port and everything periodic. Implements `daemon.Keeper`; made after the fork."""

    def __init__(self, settings: Config, known: compose.Knowledge, meter: Metrics, board: Board) -> None:
        self._settings = settings
        self._metrics = meter
        self._board = board
        self._quarantine: Quarantine | None = None
        self._server: metrics.Server | None = None
        self._refused = 0
        clock = SystemClock()
        self._clock = clock
        self._upkeep = Upkeep(settings, meter, clock)
        self._lists = ListWatch(settings.store, known.lists.version, clock)
        self._switch = SwitchWatch(Switch(compose.switch_file(settings)), meter, clock)

    def run(self, stop: threading.Event, reload: Callable[[], None]) -> None:
        """Work until told. A metrics port that is taken is tried again: at a reload the keeper before us has it."""
        due = self._clock.monotonic()
        self._serve()
        while not stop.wait(TURN):
            self._serve()
            self._lists.turn(reload)
            self._switch.turn()
            if self._clock.monotonic() >= due:
                due = self._clock.monotonic() + (GAUGES_EVERY if self._store_gauges() else TURN)
        if self._server is not None:
            self._server.close()
        self._lists.close()
        self._switch.close()
        if self._quarantine is not None:
            self._quarantine.close()

    def _serve(self) -> None:
        """Open the metrics port, unless it is open."""
        if self._server is not None:
            return
        try:
            self._server = metrics.serve(
                self._settings.metrics,
                self._metrics,
                health=lambda: True,
                ready=self._ready,
                gauges=self._board_gauges,
            )
        except OSError as error:
            self._refused += 1
            if self._refused == TURNS_TO_LEAVE:
                LOG.error("metrics port %s: %s; it is tried again", self._settings.metrics.listen, error)

    def _ready(self) -> bool:
        """True while a worker takes connections."""
        return self._board.view().workers.get("ready", 0) > 0

    def _board_gauges(self) -> None:
        view = self._board.view()
        self._metrics.workers(view.workers)
        self._metrics.reload(view.reload_ok, view.reload_at)
        self._metrics.sessions(view.sessions)
        for cause, count in self._board.uncounted().items():
            for _ in range(count):
                self._metrics.worker_restarted(cause)

    def _store_gauges(self) -> bool:
        """True if the store could be asked."""
        shadow = self._settings.mode is Mode.SHADOW and not self._settings.recipients
        file = database_file(self._settings.store)
        if shadow and (file is None or not file.exists()):  # what was held before is still looked after
            return True
        try:
            if self._quarantine is None:
                self._quarantine = Quarantine.open(self._settings.store, SystemClock())
            self._upkeep.turn(self._quarantine)
            stats = self._quarantine.stats()
        except StoreUnavailable as error:
            LOG.warning("the quarantine cannot be counted: %s", error)
            return False
        self._metrics.quarantine({state.value: count for state, count in stats.messages.items()}, stats.bytes)
        self._metrics.quarantine_free(free_bytes(self._settings.store))
        return True


def serve(path: Path | None) -> int:
    """Run the daemon until it is told to stop. Returns the exit status; raises ConfigError if it cannot start."""
    settings, _ = compose.load(path)
    clock = SystemClock()
    try:
        log.setup(settings.log)
        return Supervisor(partial(_setup, path, _Shared(settings, clock)), clock).run()
    except SetupError as error:
        raise ConfigError(error.errors) from error
    except KeyFileError as error:
        raise ConfigError((f"journal.key_file: {error}",)) from error
    except ListenError as error:
        raise ConfigError((f"wire.socket: {error}",)) from error
    except log.TargetError as error:
        raise ConfigError((f"log.target: {error}",)) from error


class _Shared:
    """What all generations have in common: it must exist before the first fork and only once."""

    def __init__(self, settings: Config, clock: Clock) -> None:
        self.clock = clock
        self.journal = Journal(settings.journal, clock)
        self.metrics: Metrics | None = None

    def meter(self, settings: Config, known: compose.Knowledge) -> Metrics:
        """Opened once: the series of a brand that a reload adds are counted as `other` until a restart."""
        if self.metrics is None:
            self.metrics = metrics.open(
                settings.metrics.directory,
                findings=[kind.id for kind in KINDS],
                brands=[brand.id for brand in known.registry.brands],
                stages=STAGES,
                build={
                    "version": __version__,
                    "python": platform.python_version(),
                    "libmilter": libmilter_version(),
                },
            )
        return self.metrics


def _setup(path: Path | None, shared: _Shared) -> Setup:
    """Load and check everything; nothing is forked and nothing replaced if any of it is wrong."""
    try:
        settings, known = compose.load(path)
        meter = shared.meter(settings, known)
        Switch(compose.switch_file(settings)).close()
    except SwitchError as error:
        raise SetupError((f"store.url: the guard's file beside it: {error}",)) from error
    except ConfigError as error:
        raise SetupError(error.errors) from error
    except OSError as error:
        raise SetupError((f"metrics.directory: {error}",)) from error
    shared.journal.started(
        __version__, workers=settings.wire.workers, mode=settings.mode, socket=settings.wire.socket
    )
    return Setup(
        _remembering(settings),
        build=partial(_workplace, settings, known, shared, meter),
        keeper=partial(KeeperWork, settings, known, meter),
    )


def _remembering(settings: Config) -> WireOptions:
    """The wire's options with a file for the digests that failed: no restart may cost the same message's second
    worker."""
    if settings.wire.failure_memory is not None:
        return settings.wire
    return settings.wire.model_copy(update={"failure_memory": str(compose.failure_file(settings))})


def _workplace(settings: Config, known: compose.Knowledge, shared: _Shared, meter: Metrics) -> Workplace:
    """A worker's own connections, on what was loaded before the fork."""
    resolver = DnsResolver(settings.dns, shared.clock, on_query=meter.dns)
    quarantine = Opening(settings.store, shared.clock) if _may_hold(settings) else None
    guard = Watch(Switch(compose.switch_file(settings)), settings.guard, shared.clock, meter.guard_tripped)
    recorder = Recorder(shared.journal, meter)
    ports = compose.Ports(shared.clock, known, resolver, quarantine, (recorder,), guard)
    return Workplace(compose.pipeline(settings, ports), shared.clock, resolver, quarantine, meter, guard)


def _may_hold(settings: Config) -> bool:
    """False where everything is in shadow: then no copy of a message is kept, and no store is needed."""
    modes = {settings.mode, *(each.mode for each in settings.recipients.values())}
    return Mode.ENFORCE in modes
