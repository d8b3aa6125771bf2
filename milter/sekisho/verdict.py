"""What is decided and what is done about it: Verdict, Edit, Action."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from sekisho.message import Recipient


class Disposition(IntEnum):
    """What happens to the message for one recipient, in order of severity."""

    ACCEPT = 0
    TAG = 1
    QUARANTINE = 2
    REJECT = 3
    TEMPFAIL = 4

    @property
    def word(self) -> str:
        """The name in lower case, as in the header and the log."""
        return WORDS[self]


WORDS = tuple(each.name.lower() for each in Disposition)
BY_POINTS = "points"
OPT_OUT = "opt_out"  # the recipient's mail is not judged
FAILURE = "failure"  # the judgement failed, more than once
TRUSTED_CLIENT = "trusted_client"  # the client's mail is not judged
UNJUDGED = frozenset({OPT_OUT, TRUSTED_CLIENT})


class Mode(StrEnum):
    """`shadow` decides, counts and logs, and changes nothing; `enforce` acts."""

    SHADOW = "shadow"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The score, in points, from which each disposition holds."""

    tag: float = 5.0
    quarantine: float = 8.0
    reject: float = 15.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement for one recipient.

    `decided_by` is `points`, the name of a combination of the policy table, `allow` or `block` with the list entry,
    `failure`, or one of `UNJUDGED`.
    `disposition` is what was decided; what is *done* may be milder (shadow, `max_action`): see Outcome.
    """

    disposition: Disposition
    score: float
    decided_by: str
    thresholds: Thresholds
    policy: str = "default"
    mode: Mode = Mode.ENFORCE

    @property
    def allowed(self) -> bool:
        """True if an entry of the allow list decided."""
        return self.decided_by.startswith("allow ")

    @property
    def by_points(self) -> bool:
        """True if the points alone decided."""
        return self.decided_by == BY_POINTS

    @property
    def judged(self) -> bool:
        """False if the message was not judged for this recipient, as configured."""
        return self.decided_by not in UNJUDGED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided for a recipient, and what is done. `mark` is put before the subject of a tagged message.

    `deferrable`: the message may be deferred for this recipient until DNS answers again.
    """

    recipient: Recipient
    verdict: Verdict
    applied: Disposition
    mark: str = ""
    deferrable: bool = False


class Reply(StrEnum):
    """What the MTA is told at end-of-message."""

    ACCEPT = "accept"
    DISCARD = "discard"  # only after the message is durably in the store
    HOLD = "hold"  # Postfix's own hold queue
    REJECT = "reject"
    TEMPFAIL = "tempfail"


@dataclass(frozen=True, slots=True)
class MtaAbilities:
    """What the MTA behind a door can do with a message. `holds`: it has a hold queue that a reply can use. `refuses`:
    a refusal reaches the server that sends the message; without it the MTA would bounce it to a sender that may be
    forged."""

    holds: bool = True
    refuses: bool = True


MILTER = MtaAbilities()
"""Postfix behind a milter can do everything."""


@dataclass(frozen=True, slots=True)
class AddHeader:
    """Insert a header field at the top. The value is already folded (LF) and encoded."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ChangeHeader:
    """Replace the `index`-th field (from 1) of that name. An empty value deletes it."""

    name: str
    index: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class DeleteRecipient:
    """Remove one recipient from the envelope."""

    recipient: Recipient


Edit = AddHeader | ChangeHeader | DeleteRecipient


@dataclass(frozen=True, slots=True)
class Action:
    """All that the MTA is told: the edits, in order, and then the reply.

    `smtp` is the reply code, enhanced status code and text for REJECT and TEMPFAIL. `reference` is the id of the
    message in header, log and quarantine.
    """

    reply: Reply
    outcomes: tuple[Outcome, ...] = ()
    edits: tuple[Edit, ...] = ()
    smtp: tuple[str, str, str] | None = None
    reference: str = ""

    @property
    def strictest(self) -> Verdict | None:
        """The severest verdict of all recipients, or None if there is none."""
        verdicts = [outcome.verdict for outcome in self.outcomes]
        return max(verdicts, key=lambda verdict: verdict.disposition, default=None)
