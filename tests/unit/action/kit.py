"""A judgement of a small message, and the action that is carried out on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sekisho.action import Output, carry_out
from sekisho.auth.forged_fields import OwnFields
from sekisho.evidence import Evidence, FindingKind
from sekisho.judgement import Examined, Judgement
from sekisho.message import Envelope, Message, Recipient, read
from sekisho.policy import Rules
from sekisho.policy.outcomes import outcome
from sekisho.ports import QuarantineStore
from sekisho.verdict import Action, Disposition, Mode, Outcome, Thresholds, Verdict

ACCEPT, TAG, QUARANTINE, REJECT, TEMPFAIL = Disposition
KIND = FindingKind("brand.display_name", 6, "The name says {text}.", "表示名は{text}です。")
EVIDENCE = Evidence(findings=(KIND.found(text="えきねっと"),))
OWN_ID = "mx.example.jp"


class Store:
    """Remembers for whom it was told to keep a copy, unless it fails."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.kept: list[tuple[Outcome, ...]] = []
        self.fails = fails

    def hold(self, message: Message, document: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
        if self.fails is not None:
            raise self.fails
        self.kept.append(tuple(outcomes))
        return "STORED"


def mail(fields: bytes = b"") -> Message:
    return read(fields + b"From: a@example.jp\r\nSubject: =?utf-8?B?5a6b5YWI?=\r\n\r\nbody\r\n", Envelope())


def outcomes(*wanted: Disposition, rules: Rules | None = None) -> tuple[Outcome, ...]:
    """One recipient for each disposition that was decided, each seen alone."""
    rules = rules or Rules(mode=Mode.ENFORCE)
    return tuple(
        outcome(
            Recipient(f"r{index}@example.jp", f"<r{index}@example.jp>"),
            Verdict(disposition, float(disposition), "points", Thresholds(), mode=rules.mode),
            rules,
        )
        for index, disposition in enumerate(wanted)
    )


def judgement(
    of: Sequence[Outcome], message: Message | None = None, evidence: Evidence = EVIDENCE
) -> Judgement:
    weights = {each.kind.id: each.kind.points for each in evidence.findings}
    return Judgement(Examined(message or mail(), evidence, {}, 0.0), weights, tuple(of))


def output(
    quarantine: QuarantineStore | None = None, *, extra: tuple[str, ...] = (), **options: Any
) -> Output:
    return Output(OwnFields(OWN_ID, extra), lambda *_: {}, quarantine or Store(), **options)


def act(
    of: Sequence[Outcome],
    message: Message | None = None,
    store: Store | None = None,
    crashes: list[str] | None = None,
    **options: Any,
) -> Action:
    """What is carried out; the stages that crashed are noted in `crashes`."""
    noted = [] if crashes is None else crashes
    means = output(store, **options)
    return carry_out(judgement(of, message), means, lambda stage, error: noted.append(stage))
