"""One way through: message → evidence → verdict → action → record."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from sekisho import action, report
from sekisho.checks.table import CHECKS, Check
from sekisho.evidence import NOTHING, Evidence
from sekisho.message import Limits, Message, Recipient, read
from sekisho.message.envelope import Envelope
from sekisho.policy import Lists, RuleBook, decide, weigh
from sekisho.ports import Clock, Context, QuarantineStore, StoreUnavailable
from sekisho.verdict import Action, Disposition, Outcome

UNADDRESSED = (Recipient(""),)  # a case without recipients is still judged, by the default rules


@dataclass(frozen=True, slots=True)
class Examined:
    """What the checks found, and how long each stage took (seconds)."""

    message: Message
    evidence: Evidence
    stages: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """The whole judgement of one message: everything that a record, a report or the wire may want."""

    message: Message
    evidence: Evidence
    weights: Mapping[str, float]
    action: Action
    stages: Mapping[str, float]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return self.action.outcomes


class Observer(Protocol):
    """Who is told of every judgement (journal, metrics) and of every crashed check."""

    def judged(self, judged: Judged) -> None: ...

    def crashed(self, stage: str, error: Exception) -> None: ...


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything a message meets on its way. Built by `compose`, shared by all messages, never changed."""

    clock: Clock
    context: Callable[[], Context]
    rules: RuleBook
    lists: Lists
    block: Disposition
    authserv_id: str
    observers: Sequence[Observer] = ()
    quarantine: QuarantineStore | None = None
    points: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    limits: Limits = field(default_factory=Limits)
    checks: Sequence[Check] = CHECKS
    shadow_headers: bool = False
    hold: bool = False
    """Where everybody's copy would be quarantined, Postfix's hold queue is used instead of the store."""

    def process(self, raw: bytes, envelope: Envelope) -> Judged:
        """Judge a message from its bytes, keep what must be kept, and tell the observers."""
        examined = self.examine(raw, envelope, self.context())
        judged = self.judge(examined)
        for observer in self.observers:
            observer.judged(judged)
        return judged

    def examine(self, raw: bytes, envelope: Envelope, context: Context) -> Examined:
        """Run every check, whatever the ones before it found: stored evidence must be complete."""
        watch = Stopwatch(self.clock)
        message = read(raw, envelope, self.limits)
        watch.lap("parse")
        seen = NOTHING
        for check in self.checks:
            seen += self._run(check, message, seen, context)
            watch.lap(check.name)
        return Examined(message, seen, watch.laps)

    def judge(self, examined: Examined) -> Judged:
        """Verdicts by recipient, settled into one action; what is quarantined is durable on return."""
        message, evidence = examined.message, examined.evidence
        watch = Stopwatch(self.clock)
        weights = weigh(evidence, self.points)
        outcomes = action.settle(self._outcomes(message, weights))
        watch.lap("policy")
        done = self._carry_out(message, evidence, weights, outcomes)
        watch.lap("action")
        return Judged(message, evidence, weights, done, {**examined.stages, **watch.laps})

    def _run(self, check: Check, message: Message, seen: Evidence, context: Context) -> Evidence:
        """One check. A crash or a spent budget is unknown and visible, never silence and never a pass."""
        if context.expired():
            return check.unknown("deadline")
        try:
            return check.run(message, seen, context)
        except Exception as error:
            for observer in self.observers:
                observer.crashed(check.name, error)
            return check.unknown(f"check:{check.name}")

    def _outcomes(self, message: Message, weights: Mapping[str, float]) -> tuple[Outcome, ...]:
        allowed, blocked = self.lists.allow.match(message), self.lists.block.match(message)
        outcomes = []
        for recipient in message.envelope.recipients or UNADDRESSED:
            rules = self.rules.rules_for(recipient)
            verdict = decide(weights, rules, allowed=allowed, blocked=blocked, block=self.block)
            outcomes.append(action.outcome(recipient, verdict, rules))
        return tuple(outcomes)

    def _carry_out(
        self,
        message: Message,
        evidence: Evidence,
        weights: Mapping[str, float],
        outcomes: tuple[Outcome, ...],
    ) -> Action:
        kept = action.quarantined(outcomes)
        reference = reference_of(message)
        cut = message.problem("limit.scan_bytes") is not None
        if kept and len(kept) == len(outcomes) and (self.hold or cut):
            return action.held(
                message, evidence, weights, outcomes, reference=reference, authserv_id=self.authserv_id
            )
        if cut:  # the store would keep a part of it only
            outcomes, kept = action.without_quarantine(outcomes), ()
        try:
            if kept and self.quarantine is not None:
                reference = self.quarantine.hold(message, report.document(evidence, weights, kept), kept)
        except StoreUnavailable as error:
            for observer in self.observers:
                observer.crashed("store", error)
            return action.without_store(outcomes, reference)
        return action.act(
            message,
            evidence,
            weights,
            outcomes,
            reference=reference,
            authserv_id=self.authserv_id,
            shadow_headers=self.shadow_headers,
        )


class Stopwatch:
    """Seconds per stage on the clock's monotonic scale."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()
        self.laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = self._clock.monotonic()
        self.laps[stage] = self.laps.get(stage, 0.0) + now - self._last
        self._last = now


def reference_of(message: Message) -> str:
    """The id of a message that is not in the store: the same bytes in the same queue file, the same id."""
    text = f"{message.digest} {message.envelope.queue_id or ''}"
    return base64.b32encode(hashlib.sha256(text.encode("utf-8", "replace")).digest())[:12].decode("ascii")
