"""The results of the steps for one message: what was found (`Examined`), what was decided (`Judgement`), and what was
done (`Judged`). Each is made once, from the one before, and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sekisho.dns_answer import Answer
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.verdict import Action, Outcome


@dataclass(frozen=True, slots=True)
class Examined:
    """What the checks found.

    `stages` are the seconds that each stage took; `moment` is when the checks were done, in Unix time (seconds).
    `unjudged` says why the message was not examined: `trusted_client` or `opt_out`; None if it was. `unfinished` says
    which claim the checks for which no time was left could have found; None if they could not have found any. `asked`
    is what DNS answered, by name and type; None if that is not known.
    """

    message: Message
    evidence: Evidence
    stages: Mapping[str, float]
    moment: float
    unjudged: str | None = None
    unfinished: str | None = None
    asked: Mapping[tuple[str, str], Answer] | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policy decided: the points by finding id, and the outcome of each recipient without regard to the
    others.

    `unfinished` says why the message must not be delivered, since time ran out; None if it may be.
    """

    examined: Examined
    weights: Mapping[str, float]
    outcomes: tuple[Outcome, ...]
    unfinished: str | None = None

    @property
    def message(self) -> Message:
        """The message that was examined."""
        return self.examined.message

    @property
    def evidence(self) -> Evidence:
        """What the checks found in it."""
        return self.examined.evidence


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement and the action: all that a record or a report needs. `stages` has seconds by stage."""

    judgement: Judgement
    action: Action
    stages: Mapping[str, float]

    @property
    def message(self) -> Message:
        """The message that was judged."""
        return self.judgement.message

    @property
    def evidence(self) -> Evidence:
        """What the checks found in it."""
        return self.judgement.evidence

    @property
    def weights(self) -> Mapping[str, float]:
        """The points that counted, by finding id."""
        return self.judgement.weights

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What was done for each recipient, with the one reply that all of them share."""
        return self.action.outcomes
