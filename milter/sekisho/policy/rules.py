"""The rules for a recipient: thresholds, mode, the severest action, the subject mark."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from sekisho.options import Options
from sekisho.verdict import Disposition, Mode, Thresholds

MaxAction = Literal["accept", "tag", "quarantine", "reject"]
ExtraHeader = Literal[
    "X-Sekisho-Score", "X-Sekisho-Symbols", "X-Spam-Flag", "X-Spam-Level", "X-Spam-Score", "X-Spam-Status"
]
Points = Annotated[float, Field(ge=-100, le=100)]


class RecipientOptions(Options):
    """What differs for one recipient domain, address or group. What is left out is as for the wider one: an
    address is as its groups say, these as its domain, that as the domain's groups, and these as `[policy]`."""

    mode: Mode | None = Field(None, description="shadow or enforce for these recipients alone.")
    tag: float | None = Field(None, ge=0, le=1000, description="Score from which mail is tagged (points).")
    quarantine: float | None = Field(
        None, ge=0, le=1000, description="Score from which mail is quarantined (points)."
    )
    reject: float | None = Field(
        None, ge=0, le=1000, description="Score from which mail is rejected (points)."
    )
    max_action: MaxAction | None = Field(
        None, description="The severest thing that is done, whatever the score."
    )
    subject_mark: str | None = Field(
        None, max_length=60, description="Text put before the subject of tagged mail; empty leaves it alone."
    )
    filter: bool | None = Field(
        None, description="false: mail for these recipients is not judged, and nothing of it is written down."
    )
    rollout: float | None = Field(
        None, ge=0, le=100, description="Share of their mail that `max_action` holds for (per cent)."
    )
    rollout_else: MaxAction | None = Field(
        None, description="The severest action for the rest of their mail."
    )


class PolicyOptions(Options):
    """Thresholds and bounds for every recipient that has none of its own."""

    tag: float = Field(5.0, ge=0, le=1000, description="Score from which mail is tagged (points).")
    quarantine: float = Field(
        8.0, ge=0, le=1000, description="Score from which mail is quarantined (points)."
    )
    reject: float = Field(15.0, ge=0, le=1000, description="Score from which mail is rejected (points).")
    max_action: MaxAction = Field(
        "reject", description="The severest thing that is done, whatever the score."
    )
    subject_mark: str = Field(
        "", max_length=60, description="Text put before the subject of tagged mail; empty leaves it alone."
    )
    filter: bool = Field(
        True,
        description="false: only mail for recipients whose own entry says `filter = true` is judged; of other "
        "mail nothing is written down, and it is only counted.",
    )
    rollout: float = Field(
        100.0,
        ge=0,
        le=100,
        description="Share of the mail that `max_action` holds for (per cent); the same message and recipient "
        "always fall on the same side. It is drawn with a secret: from `journal.key_file` if that is set, else from "
        "the file `secret` beside the store, which the first start that needs it makes.",
    )
    rollout_else: MaxAction = Field(
        "tag", description="The severest action for the mail that `rollout` leaves out."
    )
    shadow_headers: bool = Field(
        False, description="In shadow mode, write our headers and remove forged ones all the same."
    )
    extra_headers: tuple[ExtraHeader, ...] = Field(
        (),
        description="Further fields on delivered mail. X-Sekisho-Score, X-Sekisho-Symbols: the score and the points of "
        "each finding, for other filters. X-Spam-Flag, X-Spam-Level, X-Spam-Score, X-Spam-Status: for Sieve's spamtest "
        "and junk folders, in enforce only (docs/mailboxes.md). Fields of these names from outside are removed.",
    )
    defer_unknown: float = Field(
        0.0,
        ge=0,
        le=1440,
        description="Minutes for which a message with brand.own_domain_unknown is deferred with 451, from when it "
        "first came; after that it is delivered tagged. 0: it is never deferred. Never in shadow. A reload is "
        "enough.",
    )
    recipient_delimiter: str = Field(
        "+",
        max_length=16,
        pattern=r"^[!#$%&'*+,./:;=?^_`{|}~-]*$",
        description="The characters that begin an address extension, as Postfix's `recipient_delimiter`: mail for "
        "help+news@example.jp follows the rules, groups, scopes and opt-outs of help@example.jp where that address has "
        "none of its own. Empty: addresses are not split.",
    )
    points: Mapping[str, Points] = Field(
        default_factory=dict,
        description="Points of single findings that differ from the shipped table, by finding id, "
        'as {"auth.spf_fail" = 2.0}.',
    )

    @field_validator("quarantine", "reject")
    @classmethod
    def _rising(cls, value: float, info: ValidationInfo) -> float:
        below = {"quarantine": "tag", "reject": "quarantine"}[str(info.field_name)]
        if value < info.data.get(below, value):
            raise ValueError(f"thresholds must rise: {below} is {info.data[below]:g}")
        return value


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one recipient. `filtered` is False for mail that is not to be judged at all; `rollout` is
    the share (per cent) that `max_action` holds for, `otherwise` the severest action for the rest."""

    name: str = "default"
    mode: Mode = Mode.SHADOW
    thresholds: Thresholds = field(default_factory=Thresholds)
    max_action: Disposition = Disposition.REJECT
    subject_mark: str = ""
    filtered: bool = True
    rollout: float = 100.0
    otherwise: Disposition = Disposition.TAG

    @classmethod
    def of(cls, mode: Mode, options: PolicyOptions) -> Rules:
        """The site's rules, for recipients without rules of their own."""
        return cls(
            "default",
            mode,
            Thresholds(options.tag, options.quarantine, options.reject),
            Disposition[options.max_action.upper()],
            options.subject_mark,
            options.filter,
            options.rollout,
            Disposition[options.rollout_else.upper()],
        )

    def with_own(self, name: str, own: RecipientOptions) -> Rules:
        """These rules with the options that `own` sets."""
        base = self.thresholds
        return Rules(
            name,
            own.mode or self.mode,
            Thresholds(
                _either(own.tag, base.tag),
                _either(own.quarantine, base.quarantine),
                _either(own.reject, base.reject),
            ),
            self.max_action if own.max_action is None else Disposition[own.max_action.upper()],
            self.subject_mark if own.subject_mark is None else own.subject_mark,
            self.filtered if own.filter is None else own.filter,
            _either(own.rollout, self.rollout),
            self.otherwise if own.rollout_else is None else Disposition[own.rollout_else.upper()],
        )

    def drawn(self, key: bytes, digest: str, mailbox: str) -> Rules:
        """The rules for one message: these if the roll-out reaches it, else with `otherwise` as the severest action.
        The result for the same message and mailbox is always the same, and a message that a share reaches is reached
        by every larger share."""
        if self.rollout >= 100 or lot(key, digest, mailbox) < self.rollout:
            return self
        return self.bounded(self.otherwise)

    def bounded(self, most: Disposition) -> Rules:
        """The rules with an action that is at most as severe as `most`."""
        return self if self.max_action <= most else replace(self, max_action=most)


def lot(key: bytes, digest: str, mailbox: str) -> float:
    """A number from 0 to below 100 that depends only on the site's secret, the message and the mailbox.

    Without the secret a sender cannot compute which variation of a message the roll-out leaves out. It can still try:
    each variation has the same chance. A refusal (550) shows the result to the sender, a quarantine (250) does not.
    """
    text = f"{digest} {mailbox}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hmac.digest(key, text, "sha256")[:8], "big") * 100 / 2**64


def _either(own: float | None, base: float) -> float:
    return base if own is None else own
