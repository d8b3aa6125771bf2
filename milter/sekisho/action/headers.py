"""The edits of a message: forged fields are deleted, our fields added, recipients deleted, the subject marked.

The header shows the strictest verdict of the recipients in enforce that still get the message. So a lenient recipient
that the sender added does not remove the tag for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.header import Header

from sekisho.action import extra
from sekisho.action.settle import quarantined
from sekisho.auth import authres
from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.bounded_cache import remembered
from sekisho.evidence import Evidence
from sekisho.judgement import Judgement
from sekisho.message import Forged, Message
from sekisho.text import printable
from sekisho.verdict import (
    AddHeader,
    ChangeHeader,
    DeleteRecipient,
    Disposition,
    Edit,
    Mode,
    Outcome,
    Verdict,
)

MAX_REASONS = 20
"""Findings that X-Sekisho-Reason names, the weightiest first."""
MAX_SUBJECT_CHARS = 500
UNJUDGED = "none; This message could not be examined."


def for_delivery(
    judgement: Judgement,
    outcomes: tuple[Outcome, ...],
    reference: str,
    own: OwnFields,
    *,
    shadow_headers: bool,
) -> tuple[Edit, ...]:
    """The edits of a message that some recipients get. `outcomes` are those of all recipients. In shadow nothing is
    edited, unless `shadow_headers` asks for our fields. What a mailbox server or a person acts on is not written if a
    recipient in shadow gets the same message."""
    delivered = tuple(each for each in outcomes if each.applied is not Disposition.QUARANTINE)
    edits: tuple[Edit, ...] = tuple(DeleteRecipient(each.recipient) for each in quarantined(outcomes))
    if shown := _shown(delivered, shadow_headers):
        edits += fields(judgement, shown, reference, own)
        if not any(each.verdict.mode is Mode.SHADOW for each in delivered):
            edits += tuple(extra.for_delivery(own.extra, delivered, judgement.weights))
            edits += _mark(judgement.message, delivered)
    return edits


def fields(
    judgement: Judgement, shown: tuple[Outcome, ...], reference: str, own: OwnFields
) -> tuple[Edit, ...]:
    """The edits that delete forged fields and add ours at the top, with the strictest verdict of `shown`. The deletions
    begin with the highest index, since a deletion renumbers the fields below it."""
    message, evidence = judgement.message, judgement.evidence
    strictest = max((each.verdict for each in shown), key=lambda verdict: verdict.disposition)
    edits: list[Edit] = [ChangeHeader(*field) for field in forged(message, own).fields]
    edits += extra.for_programs(own.extra, strictest, judgement.weights)
    if (reasons := _reasons(evidence, judgement.weights)) is not None:
        edits.append(AddHeader("X-Sekisho-Reason", reasons))
    edits.append(AddHeader("X-Sekisho-Verdict", _summary(strictest, reference)))
    user = message.envelope.client.user
    edits.append(AddHeader("Authentication-Results", authres.field(own.authserv_id, evidence.results, user)))
    return tuple(edits)


def unjudged(own: OwnFields) -> tuple[Edit, ...]:
    """The edits that add our fields to a message that could not be examined. The wire deletes the forged ones, which it
    knows without a judgement."""
    return (
        AddHeader("X-Sekisho-Reason", UNJUDGED),
        AddHeader("X-Sekisho-Verdict", f"{Disposition.TAG.word}; score=0; id=none; mode={Mode.ENFORCE}"),
        AddHeader("Authentication-Results", authres.field(own.authserv_id, ())),
    )


def forged(message: Message, own: OwnFields) -> Forged:
    """The fields that pretend to be ours: those that the wire counted in the whole header, else those that were
    parsed."""
    counted = message.envelope.forged
    if counted is not None:
        return counted
    return ForgedFields.among(message.headers, own, message.envelope.queue_id)


def encoded(text: str, name: str) -> str:
    """A field value in ASCII, folded with LF; text that is not ASCII is encoded by RFC 2047. `name` is the field's."""
    charset = "us-ascii" if text.isascii() else "utf-8"
    return Header(text, charset, maxlinelen=76, header_name=name).encode(splitchars=";, ", linesep="\n")


def _shown(delivered: tuple[Outcome, ...], shadow_headers: bool) -> tuple[Outcome, ...]:
    """The outcomes whose verdict the header shows: those in enforce, else with `shadow_headers` those in shadow."""
    judged = tuple(each for each in delivered if each.verdict.judged)
    enforced = tuple(each for each in judged if each.verdict.mode is Mode.ENFORCE)
    return enforced or (judged if shadow_headers else ())


def _mark(message: Message, delivered: tuple[Outcome, ...]) -> tuple[Edit, ...]:
    """The edits that put the mark of the first tagged recipient that has one before the subject. Further Subject fields
    are deleted: some mail programs show the last."""
    mark = next((each.mark for each in delivered if each.applied is Disposition.TAG and each.mark), "")
    if not mark:
        return ()
    there = len(message.headers.all("subject"))
    others = tuple(ChangeHeader("Subject", index) for index in range(there, 1, -1))
    if message.subject.startswith(mark):
        return others
    subject = encoded(f"{mark} {printable(message.subject, MAX_SUBJECT_CHARS)}", "Subject")
    return (*others, ChangeHeader("Subject", 1, subject) if there else AddHeader("Subject", subject))


def _summary(verdict: Verdict, reference: str) -> str:
    return f"{verdict.disposition.word}; score={verdict.score:g}; id={reference}; mode={verdict.mode}"


def _reasons(evidence: Evidence, weights: Mapping[str, float]) -> str | None:
    """The ids with points, then the sentence of the finding with the most points in English and in Japanese."""
    if not weights:
        return None
    ranked = sorted(weights.items(), key=lambda item: -item[1])[:MAX_REASONS]
    weightiest = next(each for each in evidence.findings if each.kind.id == ranked[0][0])
    lines = [
        ", ".join(f"{name}={points:g}" for name, points in ranked) + ";",
        weightiest.reason_en,
        weightiest.reason_ja,
    ]
    return "\n ".join(map(_reason, lines))


@remembered(4096)
def _reason(line: str) -> str:
    """One line of the reason, encoded. The result is cached: the same lines are frequent, and folding is slow."""
    return encoded(line, "X-Sekisho-Reason")
