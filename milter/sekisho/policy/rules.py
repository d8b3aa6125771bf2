"""The rules that hold for a recipient: thresholds, mode, the severest action, the subject mark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from sekisho.domains import to_ascii
from sekisho.message import Recipient
from sekisho.options import Options
from sekisho.verdict import Disposition, Mode, Thresholds

MaxAction = Literal["accept", "tag", "quarantine", "reject"]
Points = Annotated[float, Field(ge=-100, le=100)]


class RecipientOptions(Options):
    """What differs for one recipient domain or address. What is left out is as in `[policy]`."""

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
    shadow_headers: bool = Field(
        False, description="In shadow mode, write our headers and remove forged ones all the same."
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


def recipient_faults(
    options: PolicyOptions, special: Mapping[str, RecipientOptions]
) -> Iterator[tuple[str, str]]:
    """`(name, reason)` for what cannot be meant: no address, named twice, thresholds that do not rise."""
    seen: set[str] = set()
    for name, own in special.items():
        if to_ascii(name.rpartition("@")[2]) is None or name.startswith("@"):
            yield name, "is neither a domain nor an address"
        elif _key(name) in seen:
            yield name, "is the same recipient as another entry"
        seen.add(_key(name))
        limits = _derived(Rules(thresholds=_thresholds(options)), name, own).thresholds
        if not limits.tag <= limits.quarantine <= limits.reject:
            yield (
                name,
                f"thresholds must rise, what is left out is as in [policy]: tag {limits.tag:g}, "
                f"quarantine {limits.quarantine:g}, reject {limits.reject:g}",
            )


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one recipient."""

    name: str = "default"
    mode: Mode = Mode.SHADOW
    thresholds: Thresholds = field(default_factory=Thresholds)
    max_action: Disposition = Disposition.REJECT
    subject_mark: str = ""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules by recipient: the address's own, else its domain's, else the default."""

    default: Rules
    special: Mapping[str, Rules] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, mode: Mode, options: PolicyOptions, special: Mapping[str, RecipientOptions]) -> RuleBook:
        default = Rules(
            "default",
            mode,
            _thresholds(options),
            Disposition[options.max_action.upper()],
            options.subject_mark,
        )
        return cls(
            default,
            MappingProxyType({_key(name): _derived(default, name, own) for name, own in special.items()}),
        )

    def rules_for(self, recipient: Recipient) -> Rules:
        address = _key(recipient.address)
        return self.special.get(address) or self.special.get(address.rpartition("@")[2]) or self.default


def _thresholds(options: PolicyOptions) -> Thresholds:
    return Thresholds(options.tag, options.quarantine, options.reject)


def _key(name: str) -> str:
    local, at, domain = name.rpartition("@")
    return f"{local.lower()}{at}{to_ascii(domain) or domain.lower()}"


def _derived(default: Rules, name: str, own: RecipientOptions) -> Rules:
    base = default.thresholds
    thresholds = Thresholds(
        base.tag if own.tag is None else own.tag,
        base.quarantine if own.quarantine is None else own.quarantine,
        base.reject if own.reject is None else own.reject,
    )
    return Rules(
        name,
        own.mode or default.mode,
        thresholds,
        default.max_action if own.max_action is None else Disposition[own.max_action.upper()],
        default.subject_mark if own.subject_mark is None else own.subject_mark,
    )
