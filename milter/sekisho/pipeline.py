"""The pipeline that every message passes: message → evidence → verdict → action → record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sekisho.action import Output, carry_out, keep_unjudged
from sekisho.checks.examine import Examination
from sekisho.checks.table import CHECKS, Check
from sekisho.clock import Stopwatch
from sekisho.evidence import NOTHING, Degraded, Evidence
from sekisho.judgement import Examined, Judged
from sekisho.message import Envelope, Limits, Message, read
from sekisho.observers import Observers
from sekisho.policy import Decision, Lists
from sekisho.ports import Clock, Context, Directory, Guard, Stance, UnfinishedError
from sekisho.stages import Stage
from sekisho.trust import Trust
from sekisho.verdict import OPT_OUT, TRUSTED_CLIENT, Action


class ListsInForce(Protocol):
    """Lists that may change between two messages, but not during one: `current` is read once for each message."""

    @property
    def current(self) -> Lists:
        """The block and allow lists of this moment."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps that judge a message. Built by `compose`, shared by all messages, never changed."""

    clock: Clock
    context: Callable[[], Context]
    lists: ListsInForce
    decision: Decision
    output: Output
    observers: Observers = field(default_factory=Observers)
    guard: Guard | None = None
    directory: Directory | None = None
    trust: Trust = field(default_factory=Trust)
    limits: Limits = field(default_factory=Limits)
    checks: Sequence[Check] = CHECKS

    def process(self, raw: bytes, envelope: Envelope) -> Judged:
        """Judge a message from its bytes, store quarantined copies, and pass the judgement to the observers.

        Raises UnfinishedError if time ran out and a recipient would get the message because of that.
        """
        examined = self.examine(raw, envelope, self.context())
        judged = self.judge(examined, delivers=True)
        # A copy may be in the store now: a failure from here on must not make the MTA send the message again.
        self.observers.judged(judged)
        return judged

    def examine(self, raw: bytes, envelope: Envelope, context: Context) -> Examined:
        """The parsed message, and what all checks find in it."""
        watch = Stopwatch(context.clock)
        message = self.trust.seen_through(read(raw, envelope, self.limits))
        watch.lap(Stage.PARSE)
        if self.trust.skips(message.envelope.client):
            return _unjudged(message, watch, context, TRUSTED_CLIENT)
        if self.directory is None:
            return self._examined(message, context, watch)
        known = self.directory.introduce(message, context.site)
        watch.lap(Stage.DIRECTORY)
        examined = self._examined(known.message, replace(context, site=known.site), watch)
        if not known.unknown:
            return examined
        return replace(examined, evidence=examined.evidence + Evidence(degraded=(Degraded.DIRECTORY,)))

    def _examined(self, message: Message, context: Context, watch: Stopwatch) -> Examined:
        """What all checks find, unless all recipients opted out."""
        if not self.decision.wanted(message):
            return _unjudged(message, watch, context, OPT_OUT)
        examination = Examination(message, context, self.limits, self.observers.crashed)
        return examination.through(self.checks, watch)

    def judge(self, examined: Examined, *, delivers: bool = False) -> Judged:
        """The verdict for each recipient, and one action for all. Quarantined copies are durable on return.

        `delivers`: recipients get the message because of this judgement. Then UnfinishedError is raised if checks were
        skipped that could have stopped it.
        """
        watch = Stopwatch(self.clock)
        stance = Stance.OPEN if self.guard is None else self.guard.stance()
        judgement = self.decision.judge(examined, self.lists.current, stance)
        watch.lap(Stage.POLICY)
        if delivers and judgement.unfinished is not None:
            raise UnfinishedError(judgement.unfinished)
        action = carry_out(judgement, self.output, self.observers.crashed)
        watch.lap(Stage.ACTION)
        return Judged(judgement, action, {**examined.stages, **watch.laps})

    def keep(self, raw: bytes, envelope: Envelope) -> Action:
        """Keep a message whose judgement failed more than once in the store, where the MTA has no hold queue."""
        return keep_unjudged(raw, envelope, self.output, self.observers.crashed)


def _unjudged(message: Message, watch: Stopwatch, context: Context, why: str) -> Examined:
    """A message that is not to be examined: the client is trusted, or all recipients opted out."""
    return Examined(message, NOTHING, watch.laps, context.clock.now().timestamp(), unjudged=why)
