"""What is known of one message after each step: what was found (`Examined`), what was decided (`Judgement`), and what
was done about it (`Judged`). Each is made once, from the one before, and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.verdict import Action, Outcome


@dataclass(frozen=True, slots=True)
class Examined:
    """What the checks found.

    `stages` are the seconds that each stage took; `moment` is when the checks were done, in Unix time. `unjudged` says
    why nobody looked at the message, if so: `trusted_client` or `opt_out`. `unfinished` says what the checks for which
    no time was left could have found: a claim on somebody known. None if nothing of that kind is missing.
    """

    message: Message
    evidence: Evidence
    stages: Mapping[str, float]
    moment: float
    unjudged: str | None = None
    unfinished: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policy decided: the points by finding id, and the outcome of each recipient, seen alone.

    `unfinished` says why the message must not be delivered on this judgement, for lack of time; None if it may.
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
    """The judgement and what was done about it: all that a record or a report needs. `stages` in seconds."""

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
        """What was done for each recipient, after one reply was found for all of them."""
        return self.action.outcomes
