"""The answer to a message that could not be judged. All answers are made at start, so none needs memory later.

The threads that judge do not know the rules of the recipients, so they return the answer for the strictest recipient.
The session then asks for the fitting answer, by what it noted at each RCPT.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from sekisho.events import mail
from sekisho.judging.handlers import Handlers, OnFailure
from sekisho.judging.options import WorkerOptions
from sekisho.message import Forged
from sekisho.stages import Failure
from sekisho.verdict import Action, ChangeHeader, Reply

LOG = logging.getLogger("sekisho.judging")
STAGES = (Failure.PROCESS, Failure.DEADLINE, Failure.OVERLOAD, Failure.EDIT, Failure.WIRE)
PROCESS, DEADLINE, OVERLOAD, EDIT, WIRE = STAGES  # looking up a member needs memory
REFUSED = Action(Reply.REJECT)
"""For a message with more forged fields than can be deleted: it can neither be judged nor be delivered safely."""

FailureCase = tuple[Failure, bool]
"""The stage that failed, and whether the same bytes failed before."""


class Fallbacks:
    """One worker's answers. `paused` is updated by `JudgingPool.look`."""

    def __init__(self, handlers: Handlers, options: WorkerOptions) -> None:
        self._on_error = options.on_error
        self._failure_cases: tuple[FailureCase, ...] = tuple(product(STAGES, (False, True)))
        self._answers = {
            case: tuple(self._prepared(handlers, *case, level) for level in OnFailure)
            for case in self._failure_cases
        }
        self._case_of = {id(answers[-1]): case for case, answers in self._answers.items()}
        self._late: dict[Failure, list[int]] = {stage: [0, 0] for stage in STAGES}
        self.strictest = handlers.on_failure(None)
        self.paused = False
        self._lenient = OnFailure.ACCEPT

    def of(self, stage: Failure, again: bool) -> Action:
        """The answer for the strictest recipients."""
        return self._answers[stage, again][-1]

    def level(self, noted: OnFailure | None) -> OnFailure:
        """What holds for the recipients. `noted` is None if noting failed: then the strictest holds. During a pause all
        is accepted."""
        if self.paused:
            return self._lenient
        return self.strictest if noted is None else noted

    def fitting(
        self, action: Action, noted: OnFailure | None, forged: Forged
    ) -> tuple[Action, Failure | None]:
        """The answer for these recipients, and the failed stage if they get the message unjudged (else None).

        An action that is none of ours (see `of`) is returned unchanged. If the answer adds fields of ours, forged
        fields are deleted first.
        """
        case = self._case_of.get(id(action))
        if case is None:
            return action, None
        level = self.level(noted)
        found = self._answers[case][level]
        if level is OnFailure.ACCEPT:
            return found, case[0]
        if not found.edits:
            return found, None
        if forged.too_many:
            return REFUSED, None
        deletions = tuple(ChangeHeader(*field) for field in forged.fields)
        return replace(found, edits=(*deletions, *found.edits)), None

    def later(self, stage: Failure, accepted: bool = False) -> None:
        """Note a failure that could not be counted because memory ran out. Needs no memory."""
        self._late[stage][accepted] += 1

    def late(self) -> Iterator[tuple[Failure, bool]]:
        """What was noted, each failure once: its stage, and whether its message was accepted."""
        for stage, counts in self._late.items():
            for accepted, count in enumerate(counts):
                for _ in range(count):
                    counts[accepted] -= 1
                    yield stage, bool(accepted)

    def _prepared(self, handlers: Handlers, stage: Failure, again: bool, level: OnFailure) -> Action:
        try:
            return replace(
                handlers.fallback(stage, again, level)
            )  # a new object: it is recognised by its id()
        except Exception as error:
            mail.HANDLER_FAILED.failed(LOG, error, "there is no fallback", what=stage)
            reply = Reply.ACCEPT if self._on_error == "accept" else Reply.TEMPFAIL
            return Action(Reply.HOLD if again and reply is Reply.TEMPFAIL else reply)
