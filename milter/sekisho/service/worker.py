"""Builds the handlers of a worker process after the fork: its own connections, with the knowledge loaded before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sekisho import action, compose, log
from sekisho.auth.forged_fields import ForgedFields
from sekisho.checks.authentication import spf
from sekisho.config import Config
from sekisho.daemon import Closable
from sekisho.decoder import Decoder
from sekisho.guard import Switch, Watch
from sekisho.judging.handlers import OnFailure
from sekisho.message import Envelope, Limits, Recipient
from sekisho.metrics import Metrics
from sekisho.observers import Isolation, ObserverName
from sekisho.pipeline import Pipeline
from sekisho.policy import Rules
from sekisho.ports import Clock, Resolver, Stance
from sekisho.resolver import DnsResolver
from sekisho.runtime_changes import ListFollower
from sekisho.service.recorder import Recorder
from sekisho.service.shared import Shared
from sekisho.stages import Failure
from sekisho.store.quarantine import Opening
from sekisho.verdict import Action, Disposition, Mode, Reply


class WorkerHandlers:
    """The handlers of one worker process. Implements `judging.handlers.Handlers`; made after the fork."""

    def __init__(
        self,
        pipeline: Pipeline,
        clock: Clock,
        resolver: Resolver,
        quarantine: Opening | None,
        guard: Watch,
        on_error: Callable[[Failure], None],
        beside: Sequence[Closable] = (),
    ) -> None:
        """`beside` are objects with threads or processes of their own, which are closed with the worker."""
        self._pipeline = pipeline
        self._clock = clock
        self._resolver = resolver
        self._quarantine = quarantine
        self._guard = guard
        self._on_error = on_error
        self._beside = beside

    @property
    def limits(self) -> Limits:
        """How much of a message is read."""
        return self._pipeline.limits

    def forged(self) -> ForgedFields:
        """An object that finds the forged fields of one message: those that only we may write."""
        return ForgedFields(self._pipeline.output.own)

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        """Judge one message. Raises UnfinishedError."""
        return self._pipeline.process(raw, envelope).action

    def warm_envelope(self, envelope: Envelope) -> None:
        """Begin the look-ups that SPF will need."""
        spf.warm(envelope, self._resolver)

    def on_failure(self, recipient: Recipient | None) -> OnFailure:
        """What happens to mail of this recipient (None: of any) that cannot be judged. It depends on the mode, and on
        whether the recipient's rules allow a quarantine."""
        rules = self._pipeline.decision.rules
        if recipient is None:
            return max(map(_on_failure, rules.every))
        return _on_failure(rules.rules_for(recipient))

    def paused(self) -> bool:
        """True while every message is accepted."""
        return self._guard.stance() is Stance.PAUSED

    def fallback(self, stage: Failure, again: bool, on_failure: OnFailure) -> Action:
        """The action for a message that cannot be judged: the first time 451; if it comes `again`, Postfix's hold
        queue, or a tag if the rules do not allow a quarantine."""
        if on_failure is OnFailure.ACCEPT:
            return Action(Reply.ACCEPT)
        if not again:
            return action.defer((), "")
        reply = Reply.HOLD if on_failure is OnFailure.HOLD else Reply.ACCEPT
        return action.unjudged(reply, self._pipeline.output.own)

    def keep(self, raw: bytes, envelope: Envelope) -> Action:
        """Keep a message that cannot be judged in the store."""
        return self._pipeline.keep(raw, envelope)

    def on_error(self, stage: Failure) -> None:
        """Count a failure. Never raises."""
        self._on_error(stage)

    def close(self) -> None:
        """Close the objects beside the judgement, then the guard's file and the store."""
        for each in self._beside:
            each.close()
        self._guard.close()
        if self._quarantine is not None:
            self._quarantine.close()


def _on_failure(rules: Rules) -> OnFailure:
    if rules.mode is Mode.SHADOW or not rules.filtered:
        return OnFailure.ACCEPT
    return OnFailure.HOLD if rules.max_action >= Disposition.QUARANTINE else OnFailure.TAG


def build(
    settings: Config, known: compose.Knowledge, shared: Shared, meter: Metrics, rollout_key: bytes
) -> WorkerHandlers:
    """The handlers of a worker: its own connections, with the knowledge that was loaded before the fork."""
    log.start()
    isolation = Isolation(meter.observer_failed)
    counted = partial(isolation.alone, ObserverName.METRICS)
    quarantine = _quarantine(settings, shared, counted(meter.store_identity_failed))
    guard = Watch(
        Switch(compose.switch_file(settings)), settings.guard, shared.clock, counted(meter.guard_tripped)
    )
    resolver = DnsResolver(settings.dns, shared.clock, on_query=counted(meter.dns))
    pictures = Decoder(shared.clock, counted(meter.picture_decoder_ended))
    recorder = Recorder(shared.journal, meter, isolation)
    lists = compose.lists(settings, known.lists)
    policies = compose.policies(settings, shared.clock)
    ports = compose.Ports(
        shared.clock,
        known,
        resolver,
        quarantine and compose.unknown_commits(settings, quarantine, shared.clock),
        (recorder,) if policies is None else (recorder, policies),
        guard,
        isolation=isolation,
        lists=lists,
        policies=policies,
        deferrals=compose.deferrals(settings, shared.clock),
        pictures=pictures,
        rollout_key=rollout_key,
        directory=compose.directory(settings, shared.clock, counted(meter.directory)),
        mta=shared.doors.abilities(settings),
    )
    beside: list[Closable] = [ListFollower(lists), pictures]
    if policies is not None:
        policies.start()
        beside.append(policies)
    pipeline = compose.pipeline(settings, ports)
    return WorkerHandlers(pipeline, shared.clock, resolver, quarantine, guard, counted(meter.error), beside)


def _quarantine(settings: Config, shared: Shared, on_loss: Callable[[], None]) -> Opening | None:
    return Opening(settings.store, shared.clock, on_loss=on_loss) if _may_hold(settings) else None


def _may_hold(settings: Config) -> bool:
    """False if every mode is shadow: then no copy of a message is kept, and no store is needed."""
    modes = {settings.mode, *(each.mode for each in settings.recipients.values())}
    return Mode.ENFORCE in modes
