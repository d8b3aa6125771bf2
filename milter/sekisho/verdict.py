"""What is decided and what is done about it: Verdict, Edit, Action."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from sekisho.message import Recipient


class Disposition(IntEnum):
    """What becomes of the message for one recipient, in order of severity."""

    ACCEPT = 0
    TAG = 1
    QUARANTINE = 2
    REJECT = 3
    TEMPFAIL = 4

    @property
    def word(self) -> str:
        """Its name in reports, headers and options: `accept`, `tag` …"""
        return WORDS[self]


WORDS = tuple(each.name.lower() for each in Disposition)
BY_POINTS = "points"
OPT_OUT = "opt_out"  # the recipient's mail is not to be judged
TRUSTED_CLIENT = "trusted_client"  # the client's mail is not to be judged
UNJUDGED = frozenset({OPT_OUT, TRUSTED_CLIENT})


class Mode(StrEnum):
    """`shadow` decides, counts and logs, and changes nothing; `enforce` acts."""

    SHADOW = "shadow"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The scores from which a disposition holds (points)."""

    tag: float = 5.0
    quarantine: float = 8.0
    reject: float = 15.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement for one recipient.

    `decided_by` is `points`, the name of a combination of the policy table, `allow`/`block` with the entry, or
    one of `UNJUDGED`.
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
        """False if nobody looked at the message for this recipient, as configured."""
        return self.decided_by not in UNJUDGED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided for a recipient and what is done for it; `mark` goes before the subject if tagged.

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
class AddHeader:
    """Insert a field at `index` from the top (0 is first). The value is folded with LF and encoded."""

    name: str
    value: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class ChangeHeader:
    """Replace the `index`-th field (from 1) of that name; an empty value deletes it."""

    name: str
    index: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class DeleteRecipient:
    """Take one recipient off the envelope."""

    recipient: Recipient


Edit = AddHeader | ChangeHeader | DeleteRecipient


@dataclass(frozen=True, slots=True)
class Action:
    """All that the wire has to do. Edits are applied in order, then the reply is given.

    `smtp` is the reply code, enhanced code and text for REJECT and TEMPFAIL; `reference` is the id by which
    the message is found again in log and quarantine.
    """

    reply: Reply
    outcomes: tuple[Outcome, ...] = ()
    edits: tuple[Edit, ...] = ()
    smtp: tuple[str, str, str] | None = None
    reference: str = ""

    @property
    def strictest(self) -> Verdict | None:
        """The severest verdict among the recipients, or None without any."""
        verdicts = [outcome.verdict for outcome in self.outcomes]
        return max(verdicts, key=lambda verdict: verdict.disposition, default=None)
