"""What a message gets that we could not judge, made ready at start: nothing here needs memory when it has run out.

The judgement's threads do not know the recipients' rules, so they hand back the answer for the strictest; the session
asks for the fitting one, by what it noted at each RCPT.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from sekisho.message import Forged
from sekisho.stages import Failure
from sekisho.verdict import Action, ChangeHeader, Reply
from sekisho.wire.handlers import Handlers, OnFailure
from sekisho.wire.options import WireOptions

LOG = logging.getLogger("sekisho.wire")
STAGES = (Failure.PROCESS, Failure.DEADLINE, Failure.OVERLOAD, Failure.EDIT, Failure.WIRE)
REFUSED = Action(Reply.REJECT)
"""More forged fields than can be deleted: the message can neither be judged nor be delivered safely."""

Case = tuple[str, bool]
"""The stage that failed, and whether the same bytes failed before."""


class Fallbacks:
    """One worker's answers. `paused` is kept up to date by somebody else."""

    def __init__(self, handlers: Handlers, options: WireOptions) -> None:
        self._on_error = options.on_error
        self._cases: tuple[Case, ...] = tuple(product(STAGES, (False, True)))
        self._answers = {
            case: tuple(self._prepared(handlers, *case, level) for level in OnFailure) for case in self._cases
        }
        self._case_of = {id(answers[-1]): case for case, answers in self._answers.items()}
        self._late: dict[str, list[int]] = {stage: [0, 0] for stage in STAGES}
        self.strictest = handlers.on_failure(None)
        self.paused = False
        self._lenient = OnFailure.ACCEPT

    def of(self, stage: str, again: bool) -> Action:
        """For the strictest recipients."""
        return self._answers[stage, again][-1]

    def level(self, noted: OnFailure | None) -> OnFailure:
        """What was noted for the recipients, None if that failed, and a pause above all."""
        if self.paused:
            return self._lenient
        return self.strictest if noted is None else noted

    def fitting(self, action: Action, noted: OnFailure | None, forged: Forged) -> tuple[Action, str]:
        """The answer for these recipients, if the action is one of `of`, with the deletion of forged fields before
        our own; and the stage at which the message is accepted for lack of a judgement, empty if it is not."""
        case = self._case_of.get(id(action))
        if case is None:
            return action, ""
        level = self.level(noted)
        found = self._answers[case][level]
        if level is OnFailure.ACCEPT:
            return found, case[0]
        if not found.edits:
            return found, ""
        if forged.too_many:
            return REFUSED, ""
        deletions = tuple(ChangeHeader(*field) for field in forged.fields)
        return replace(found, edits=(*deletions, *found.edits)), ""

    def later(self, stage: str, accepted: bool = False) -> None:
        """Note what could not be counted for lack of memory; takes none."""
        self._late[stage][accepted] += 1

    def late(self) -> Iterator[Case]:
        """What was noted, each once."""
        for stage, counts in self._late.items():
            for accepted, count in enumerate(counts):
                for _ in range(count):
                    counts[accepted] -= 1
                    yield stage, bool(accepted)

    def _prepared(self, handlers: Handlers, stage: str, again: bool, level: OnFailure) -> Action:
        try:
            return replace(
                handlers.fallback(stage, again, level)
            )  # an object of its own, known by its identity
        except Exception:
            LOG.exception("no fallback for %s", stage)
            reply = Reply.ACCEPT if self._on_error == "accept" else Reply.TEMPFAIL
            return Action(Reply.HOLD if again and reply is Reply.TEMPFAIL else reply)
