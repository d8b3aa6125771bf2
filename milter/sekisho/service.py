"""The daemon's parts, made from a configuration: what each worker and the maintenance process are handed."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from sekisho import __version__, action, compose, log, metrics, preconditions
from sekisho.auth.forged_fields import ForgedFields
from sekisho.checks.authentication import spf
from sekisho.checks.table import CHECKS, KINDS
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError
from sekisho.daemon import Setup, SetupError, Supervisor, is_shortage
from sekisho.decoder import Decoder
from sekisho.guard import Switch, SwitchError, Watch
from sekisho.journal import Journal
from sekisho.judgement import Judged
from sekisho.maintenance import Maintenance
from sekisho.message import Envelope, Limits, Recipient
from sekisho.metrics import Metrics
from sekisho.observers import Isolation
from sekisho.pipeline import Pipeline
from sekisho.policy import Rules
from sekisho.ports import Clock, Resolver, Stance, StoreUnavailable
from sekisho.privacy import Privacy
from sekisho.private_files import SecretError
from sekisho.resolver import DnsResolver
from sekisho.runtime_changes import ListFollower
from sekisho.store import Opening, start_anew
from sekisho.verdict import Action, Disposition, Mode, Reply
from sekisho.wire import probe
from sekisho.wire.allocator import untidy
from sekisho.wire.handlers import OnFailure
from sekisho.wire.library import libmilter_version
from sekisho.wire.listen import ListenError
from sekisho.wire.options import WireOptions

LOG = logging.getLogger("sekisho.service")
STAGES = ("parse", "images", "policy", "action", *(check.name for check in CHECKS))


@dataclass(frozen=True, slots=True)
class Recorder:
    """Tells log and metrics of every judgement; each fails alone. Implements `ports.Observer`."""

    journal: Journal
    metrics: Metrics
    isolation: Isolation

    def judged(self, judged: Judged) -> None:
        seconds = sum(judged.stages.values())
        told = judged.message, judged.evidence, judged.action
        self.isolation.run("journal", self.journal.message, *told, seconds, weights=judged.weights)
        self._count(self.metrics.message, *told, judged.stages, seconds)
        stored = judged.action.reply in (Reply.DISCARD, Reply.ACCEPT)
        if stored and any(each.applied is Disposition.QUARANTINE for each in judged.outcomes):
            self._count(self.metrics.quarantine_operation, "hold", "ok")

    def crashed(self, stage: str, error: Exception) -> None:
        self._count(self.metrics.error, stage)
        if isinstance(error, StoreUnavailable):
            self._count(self.metrics.quarantine_operation, "hold", "unavailable")
            self.isolation.run("journal", self.journal.store_unavailable, error)
        else:
            self.isolation.run("journal", self.journal.error, stage, error)

    def _count(self, call: Callable[..., None], *args: object) -> None:
        self.isolation.run("metrics", call, *args)


class Closes(Protocol):
    def close(self) -> None: ...


class Workplace:
    """What one worker is handed. Implements `wire.handlers.Handlers`; made after the fork."""

    def __init__(
        self,
        pipeline: Pipeline,
        clock: Clock,
        resolver: Resolver,
        quarantine: Opening | None,
        guard: Watch,
        on_error: Callable[[str], None],
        beside: Sequence[Closes] = (),
    ) -> None:
        """`beside` is what runs beside the judging threads and is closed with them."""
        self._pipeline = pipeline
        self._clock = clock
        self._resolver = resolver
        self._quarantine = quarantine
        self._guard = guard
        self._on_error = on_error
        self._beside = beside

    @property
    def limits(self) -> Limits:
        return self._pipeline.limits

    def forged(self) -> ForgedFields:
        return ForgedFields(self._pipeline.output.authserv_id)

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        return self._pipeline.process(raw, envelope).action

    def warm_envelope(self, envelope: Envelope) -> None:
        spf.warm(envelope, self._resolver)

    def on_failure(self, recipient: Recipient | None) -> OnFailure:
        """By mode, and by whether anything so severe as a hold is done to this recipient's mail."""
        book = self._pipeline.decision.rules
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
        return action.unjudged(reply, self._pipeline.output.authserv_id)

    def on_error(self, stage: str) -> None:
        self._on_error(stage)

    def close(self) -> None:
        for each in self._beside:
            each.close()
        self._guard.close()
        if self._quarantine is not None:
            self._quarantine.close()


def _on_failure(rules: Rules) -> OnFailure:
    if rules.mode is Mode.SHADOW or not rules.filtered:
        return OnFailure.ACCEPT
    return OnFailure.HOLD if rules.max_action >= Disposition.QUARANTINE else OnFailure.TAG


def serve(path: Path | None) -> int:
    """Run the daemon until it is told to stop. Returns the exit status: 0 done, 69 something that it needs is not
    there yet, 70 our fault. Raises ConfigError if it cannot start and would not the next time either.
    """
    loaded = [compose.load(path)]
    settings = loaded[0][0]
    if faults := preconditions.faults(path, settings):
        raise ConfigError(faults)
    clock = SystemClock()
    try:
        privacy = Privacy(settings.journal, clock)
        log.setup(settings.log, privacy)
        start_anew(settings.store)
        return Supervisor(partial(_setup, path, _Shared(settings, clock, privacy, loaded)), clock).run()
    except SetupError as error:
        raise ConfigError(error.errors) from error
    except SecretError as error:
        raise ConfigError((f"journal.key_file: {error}",)) from error
    except ListenError as error:
        raise ConfigError((f"wire.socket: {error}",)) from error
    except log.TargetError as error:
        raise ConfigError((f"log.target: {error}",)) from error
    finally:
        untidy()


class _Shared:
    """What all generations have in common: it must exist before the first fork and only once."""

    def __init__(
        self,
        settings: Config,
        clock: Clock,
        privacy: Privacy,
        loaded: list[tuple[Config, compose.Knowledge]] | None = None,
    ) -> None:
        """`loaded` is what the first generation gets, and is taken out of the list: held there, it would never be
        given back."""
        self.clock = clock
        self._loaded = [] if loaded is None else loaded
        self.journal = Journal(settings.journal, privacy)
        self.metrics: Metrics | None = None
        self._place: probe.Place | None = None

    def load(self, path: Path | None) -> tuple[Config, compose.Knowledge]:
        """What was loaded to see whether we can start; the next time, what stands in the files then. Raises
        ConfigError."""
        return self._loaded.pop() if self._loaded else compose.load(path)

    def place(self, settings: Config) -> probe.Place:
        """Where the milter socket is, which a reload does not change."""
        if self._place is None:
            self._place = probe.place(settings.wire)
        return self._place

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
            log.lost_lines_to(self.metrics.log_lines_dropped)
        return self.metrics


def _setup(path: Path | None, shared: _Shared) -> Setup:
    """Load and check everything; nothing is forked and nothing replaced if any of it is wrong."""
    try:
        settings, known = shared.load(path)
        if faults := preconditions.faults(path, settings, bound=True):
            raise SetupError(faults)
        key = _make_files_beside(settings, shared.clock)
        meter = shared.meter(settings, known)
    except ConfigError as error:
        raise SetupError(error.errors) from error
    except OSError as error:
        raise SetupError((f"metrics.directory: {error}",), temporary=is_shortage(error)) from error
    shared.journal.started(
        __version__, workers=settings.wire.workers, mode=settings.mode, socket=settings.wire.socket
    )
    return Setup(
        _remembering(settings),
        build=partial(_workplace, settings, known, shared, meter, key),
        maintenance=partial(Maintenance, settings, meter, shared.place(settings)),
    )


def _make_files_beside(settings: Config, clock: Clock) -> bytes:
    """The files beside the store that all processes share; what the roll-out is drawn with. Raises SetupError."""
    try:
        Switch(compose.switch_file(settings)).close()
        compose.make_memory(settings, clock)
    except (SwitchError, OSError) as error:
        raise SetupError((f"store.url: a file beside it: {error}",), temporary=is_shortage(error)) from error
    try:
        return compose.make_rollout_key(settings)
    except SecretError as error:
        key = "journal.key_file" if settings.journal.key_file else "policy.rollout"
        raise SetupError((f"{key}: {error}",)) from error
    except OSError as error:
        reason = f"policy.rollout: {compose.secret_file(settings)}: {error.strerror}"
        raise SetupError((reason,), temporary=is_shortage(error)) from error


def _remembering(settings: Config) -> WireOptions:
    """The wire's options with a file for the digests that failed: no restart may cost the same message's second
    worker."""
    if settings.wire.failure_memory is not None:
        return settings.wire
    return settings.wire.model_copy(update={"failure_memory": str(compose.failure_file(settings))})


def _workplace(
    settings: Config, known: compose.Knowledge, shared: _Shared, meter: Metrics, rollout_key: bytes
) -> Workplace:
    """A worker's own connections, on what was loaded before the fork."""
    log.start()
    isolation = Isolation(meter.observer_failed)
    resolver = DnsResolver(settings.dns, shared.clock, on_query=isolation.alone("metrics", meter.dns))
    quarantine = holds = None
    if _may_hold(settings):
        lost = isolation.alone("metrics", meter.store_identity_failed)
        quarantine = Opening(settings.store, shared.clock, on_loss=lost)
        holds = compose.unknown_commits(settings, quarantine, shared.clock)
    tripped = isolation.alone("metrics", meter.guard_tripped)
    guard = Watch(Switch(compose.switch_file(settings)), settings.guard, shared.clock, tripped)
    recorder = Recorder(shared.journal, meter, isolation)
    pictures = Decoder(shared.clock, isolation.alone("metrics", meter.picture_decoder_ended))
    lists = compose.lists(settings, known.lists)
    policies = compose.policies(settings, shared.clock)
    ports = compose.Ports(
        shared.clock,
        known,
        resolver,
        holds,
        (recorder,) if policies is None else (recorder, policies),
        guard,
        isolation=isolation,
        lists=lists,
        policies=policies,
        deferrals=compose.deferrals(settings, shared.clock),
        pictures=pictures,
        rollout_key=rollout_key,
    )
    beside: list[Closes] = [ListFollower(lists), pictures]
    if policies is not None:
        policies.start()
        beside.append(policies)
    on_error = isolation.alone("metrics", meter.error)
    pipeline = compose.pipeline(settings, ports)
    return Workplace(pipeline, shared.clock, resolver, quarantine, guard, on_error, beside)


def _may_hold(settings: Config) -> bool:
    """False where everything is in shadow: then no copy of a message is kept, and no store is needed."""
    modes = {settings.mode, *(each.mode for each in settings.recipients.values())}
    return Mode.ENFORCE in modes
