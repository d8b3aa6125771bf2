"""One way through: message → evidence → verdict → action → record."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from sekisho import action, report
from sekisho.checks.facts.standing import standing_claim
from sekisho.checks.table import CHECKS, Check
from sekisho.domains import network_of, registrable
from sekisho.evidence import NOTHING, Evidence, Signal
from sekisho.message import Limits, Message, Recipient, read, with_codes
from sekisho.message.envelope import Envelope
from sekisho.observers import Isolation
from sekisho.policy import Lists, RecipientRules, Rules, Sender, decide, unjudged, weigh
from sekisho.ports import (
    Clock,
    CommitUnknown,
    Context,
    Deferrals,
    Guard,
    QuarantineStore,
    Severe,
    Stance,
    StoreUnavailable,
    UnfinishedError,
)
from sekisho.trust import Trust
from sekisho.verdict import OPT_OUT, TRUSTED_CLIENT, Action, Disposition, Mode, Outcome

LAST_CLAIMS = "media_claims"  # the last check that finds claims
UNADDRESSED = (Recipient(""),)  # a case without recipients is still judged, by the default rules


@dataclass(frozen=True, slots=True)
class Examined:
    """What the checks found, and how long each stage took (seconds). `moment` is when, in Unix time;
    `unjudged` says why nobody looked, if so; `skipped` are the checks for which no time was left."""

    message: Message
    evidence: Evidence
    stages: Mapping[str, float]
    moment: float
    unjudged: str | None = None
    skipped: tuple[str, ...] = ()


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


class ListsInForce(Protocol):
    """The lists may change between two messages, and never within one: `current` is asked once for each."""

    @property
    def current(self) -> Lists: ...


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything a message meets on its way. Built by `compose`, shared by all messages, never changed."""

    clock: Clock
    context: Callable[[], Context]
    rules: RecipientRules
    lists: ListsInForce
    block: Disposition
    authserv_id: str
    observers: Sequence[Observer] = ()
    quarantine: QuarantineStore | None = None
    points: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    limits: Limits = field(default_factory=Limits)
    checks: Sequence[Check] = CHECKS
    shadow_headers: bool = False
    trust: Trust = field(default_factory=Trust)
    guard: Guard | None = None
    isolation: Isolation = field(default_factory=Isolation)
    hold: bool = False
    """Where everybody's copy would be quarantined, Postfix's hold queue is used instead of the store."""
    deferrals: Deferrals | None = None
    defer_seconds: float = 0.0
    """How long a message waits for DNS whose strict author could not be looked up; 0: not at all."""
    rollout_key: bytes = b""
    """The secret by which is drawn which mail a roll-out reaches."""

    def process(self, raw: bytes, envelope: Envelope) -> Judged:
        """Judge a message from its bytes, keep what must be kept, and tell the observers.

        Raises UnfinishedError if time ran out and somebody would get the message for that.
        """
        context = self.context()
        examined = self.examine(raw, envelope, context)
        self._must_be_finished(examined, context)
        judged = self.judge(examined)
        # From here on a copy may be in the store: whatever fails now must not make the MTA send the message again.
        self.isolation.run("guard", self._count, judged)
        for observer in self.observers:
            self.isolation.run("recorder", observer.judged, judged)
        return judged

    def examine(self, raw: bytes, envelope: Envelope, context: Context) -> Examined:
        """Run every check, whatever the ones before it found: stored evidence must be complete."""
        watch = Stopwatch(self.clock)
        message = self.trust.seen_through(read(raw, envelope, self.limits))
        watch.lap("parse")
        why = self._not_ours_to_judge(message)
        seen, skipped = NOTHING, []
        for check in () if why else self.checks:
            if check.pictured:
                message, unseen = self._look_into_pictures(message, context)
                seen += unseen
                watch.lap("images")
            if context.expired():
                skipped.append(check.name)
                seen += check.unknown("deadline", message)
            else:
                seen += self._run(check, message, seen, context)
            watch.lap(check.name)
        moment = context.clock.now().timestamp()
        return Examined(message, seen, watch.laps, moment, why, tuple(skipped))

    def judge(self, examined: Examined) -> Judged:
        """Verdicts by recipient, settled into one action; what is quarantined is durable on return."""
        message, evidence = examined.message, examined.evidence
        watch = Stopwatch(self.clock)
        weights = weigh(evidence, self.points)
        outcomes = action.settle(self._outcomes(examined, weights))
        watch.lap("policy")
        if self._waits(message, evidence, outcomes):
            done = action.waiting(outcomes, reference_of(message))
        else:
            done = self._carry_out(message, evidence, weights, outcomes)
        watch.lap("action")
        return Judged(message, evidence, weights, done, {**examined.stages, **watch.laps})

    def _run(self, check: Check, message: Message, seen: Evidence, context: Context) -> Evidence:
        """One check. A crash is unknown and visible, never silence and never a pass."""
        try:
            return check.run(message, seen, context)
        except Exception as error:
            self._crashed(check.name, error)
            return check.unknown(f"check:{check.name}", message)

    def _look_into_pictures(self, message: Message, context: Context) -> tuple[Message, Evidence]:
        """The message with the links in its pictures, within the budget of their own; a crash is unknown."""
        clock = context.clock
        seconds = self.limits.image_seconds + self.limits.image_wait_seconds
        end = min(clock.monotonic() + seconds, context.deadline)
        try:
            found = with_codes(message, self.limits, context.pictures, lambda: end - clock.monotonic())
        except Exception as error:
            self._crashed("images", error)
            return message, Evidence(degraded=("check:images",))
        return found, NOTHING

    def _must_be_finished(self, examined: Examined, context: Context) -> None:
        """Raises UnfinishedError if checks were left out for lack of time, somebody in enforce would get the message,
        and it says, or may say, that it is from somebody known."""
        if not examined.skipped or examined.unjudged is not None:
            return
        if context.own(examined.message.envelope.client):
            return
        outcomes = self._outcomes(examined, weigh(examined.evidence, self.points))
        if not any(map(action.would_deliver, outcomes)):
            return
        if LAST_CLAIMS in examined.skipped:
            raise UnfinishedError("nobody looked whom it claims to be from")
        if (name := standing_claim(examined.message, examined.evidence, context)) is not None:
            raise UnfinishedError(f"it claims to be from {name!r}")

    def _crashed(self, stage: str, error: Exception) -> None:
        for observer in self.observers:
            self.isolation.run("recorder", observer.crashed, stage, error)

    def _not_ours_to_judge(self, message: Message) -> str | None:
        """Why nobody may look at the message, if so: the client is trusted, or no recipient wants it."""
        if self.trust.skips(message.envelope.client):
            return TRUSTED_CLIENT
        everybody = message.envelope.recipients or UNADDRESSED
        return None if any(self.rules.rules_for(each).filtered for each in everybody) else OPT_OUT

    def _outcomes(self, examined: Examined, weights: Mapping[str, float]) -> tuple[Outcome, ...]:
        message = examined.message
        sender = Sender.of(message, examined.evidence, examined.moment)
        stance = Stance.OPEN if self.guard is None else self.guard.stance()
        lists = self.lists.current
        outcomes = []
        for recipient in message.envelope.recipients or UNADDRESSED:
            rules = in_stance(self.rules.rules_for(recipient), stance)
            if rules.rollout < 100:
                rules = rules.drawn(self.rollout_key, message.digest, self.rules.mailbox(recipient))
            why = examined.unjudged or (None if rules.filtered else OPT_OUT)
            if why is not None:
                outcomes.append(Outcome(recipient, unjudged(rules, why), Disposition.ACCEPT))
                continue
            allowed = lists.allow.match(sender, recipient)
            blocked = lists.block.match(sender, recipient)
            verdict = decide(weights, rules, allowed=allowed, blocked=blocked, block=self.block)
            outcomes.append(action.outcome(recipient, verdict, rules))
        return tuple(outcomes)

    def _waits(self, message: Message, evidence: Evidence, outcomes: tuple[Outcome, ...]) -> bool:
        """True if the message is deferred until DNS answers again, for a bounded time from when it first came."""
        if (
            self.deferrals is None
            or not self.defer_seconds
            or not evidence.has_signal(Signal.AUTHOR_UNDECIDED)
        ):
            return False
        key = f"{message.digest} {message.envelope.sender}".encode("utf-8", "surrogatepass")
        return action.may_wait(outcomes) and self.deferrals.defers(key, self.defer_seconds)

    def _count(self, judged: Judged) -> None:
        """Tell the guard how severe the verdict was, whatever was done about it. What a combination or an entry of the
        block list decided is certain, and none of its business."""
        verdicts = [each.verdict for each in judged.outcomes if each.verdict.judged]
        if self.guard is None or not verdicts:
            return
        severe = [each for each in verdicts if each.disposition >= Disposition.QUARANTINE]
        if not severe:
            self.guard.count(None)
        elif any(each.by_points for each in severe):
            self.guard.count(_severe(judged))

    def _carry_out(
        self,
        message: Message,
        evidence: Evidence,
        weights: Mapping[str, float],
        outcomes: tuple[Outcome, ...],
    ) -> Action:
        judged, name = (message, evidence, weights), self.authserv_id
        kept = action.quarantined(outcomes)
        reference = reference_of(message)
        if action.undeliverable(message, outcomes, name):
            return action.refuse(outcomes, reference)
        if kept and len(kept) == len(outcomes) and (self.hold or action.cut(message)):
            return action.held(*judged, outcomes, reference=reference, authserv_id=name)
        try:
            if kept and self.quarantine is not None:
                reference = self.quarantine.hold(message, report.document(evidence, weights, kept), kept)
        except StoreUnavailable as error:
            self._crashed("store", error)
            kept_perhaps = isinstance(error, CommitUnknown)
            return action.without_store(
                *judged, outcomes, reference=reference, authserv_id=name, perhaps_kept=kept_perhaps
            )
        return action.act(
            *judged, outcomes, reference=reference, authserv_id=name, shadow_headers=self.shadow_headers
        )


def _severe(judged: Judged) -> Severe:
    """Whose message it is that points decide on."""
    author = judged.message.author.domain
    return Severe(
        network_of(judged.message.envelope.client.address),
        registrable(author) or author if author else "",
        max(judged.weights, key=judged.weights.__getitem__, default=""),
    )


def in_stance(rules: Rules, stance: Stance) -> Rules:
    """The rules as far as we act at all: paused is as in shadow."""
    if stance is Stance.PAUSED:
        return replace(rules, mode=Mode.SHADOW)
    return rules.bounded(Disposition.TAG) if stance is Stance.TAGGING else rules


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
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return base64.b32encode(digest[:10])[:12].decode("ascii")
