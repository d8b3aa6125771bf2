"""From verdicts to what the MTA is told: one message, one reply, several recipients.

The rules for several recipients, shadow and failures are those of `docs/operating.md`:
reject only if all would be rejected, else the would-be-rejected are quarantined; a temporary failure for one is one
for all, before any edit; headers show the strictest verdict among those in enforce that still get the message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from email.header import Header

from sekisho.auth import authres
from sekisho.auth.forged_fields import ForgedFields
from sekisho.bounded_cache import remembered
from sekisho.evidence import Evidence
from sekisho.message import Forged, Message, Recipient
from sekisho.policy import Rules
from sekisho.text import printable
from sekisho.verdict import (
    Action,
    AddHeader,
    ChangeHeader,
    DeleteRecipient,
    Disposition,
    Edit,
    Mode,
    Outcome,
    Reply,
    Verdict,
)

REFUSED = ("550", "5.7.1", "Message refused by local policy (reference {reference})")
UNJUDGED = "none; This message could not be examined."
DEFERRED = ("451", "4.3.0", "Temporary local problem, please try again later")
UNVERIFIED = ("451", "4.4.3", "The sender cannot be verified now, please try again later")


def outcome(recipient: Recipient, verdict: Verdict, rules: Rules) -> Outcome:
    """What is done for one recipient, seen alone: shadow does nothing, `max_action` bounds the rest."""
    if rules.mode is Mode.SHADOW:
        return Outcome(recipient, verdict, Disposition.ACCEPT)
    if verdict.disposition is Disposition.TEMPFAIL:
        return Outcome(recipient, verdict, Disposition.TEMPFAIL)
    deferrable = rules.max_action >= Disposition.TAG and not verdict.allowed
    applied = min(verdict.disposition, rules.max_action)
    return Outcome(recipient, verdict, applied, rules.subject_mark, deferrable)


def settle(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """What is done for the recipients together: one reply must fit them all."""
    applied = {each.applied for each in outcomes}
    if Disposition.TEMPFAIL in applied:
        return _tempfailed(outcomes)
    if applied == {Disposition.REJECT}:
        return tuple(outcomes)
    return tuple(
        replace(each, applied=Disposition.QUARANTINE) if each.applied is Disposition.REJECT else each
        for each in outcomes
    )


def would_deliver(outcome: Outcome) -> bool:
    """True if the recipient, whose mail is judged and not in shadow, would get the message on the judgement alone."""
    verdict = outcome.verdict
    enforced = verdict.judged and verdict.mode is Mode.ENFORCE and not verdict.allowed
    return enforced and verdict.disposition < Disposition.QUARANTINE


def may_wait(outcomes: Sequence[Outcome]) -> bool:
    """True if the message may be deferred until DNS answers again: somebody would get it, and nobody's mail is in
    shadow, opted out, allowed, or to be left alone."""
    delivered = any(each.applied <= Disposition.TAG for each in outcomes)
    return delivered and all(each.deferrable for each in outcomes)


def waiting(outcomes: Sequence[Outcome], reference: str) -> Action:
    """451 for everybody, nothing edited, until DNS answers again."""
    return Action(Reply.TEMPFAIL, _tempfailed(outcomes), smtp=UNVERIFIED, reference=reference)


def _tempfailed(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    return tuple(replace(each, applied=Disposition.TEMPFAIL) for each in outcomes)


def quarantined(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes whose recipients' copies go to the store."""
    return tuple(each for each in outcomes if each.applied is Disposition.QUARANTINE)


def act(
    message: Message,
    evidence: Evidence,
    weights: Mapping[str, float],
    outcomes: tuple[Outcome, ...],
    *,
    reference: str,
    authserv_id: str,
    shadow_headers: bool = False,
) -> Action:
    """The action for settled outcomes, the quarantined already being in the store."""
    applied = {each.applied for each in outcomes}
    if Disposition.TEMPFAIL in applied:
        return defer(outcomes, reference)
    if applied == {Disposition.REJECT}:
        return refuse(outcomes, reference)
    if applied == {Disposition.QUARANTINE}:
        return Action(Reply.DISCARD, outcomes, reference=reference)
    delivered = tuple(each for each in outcomes if each.applied is not Disposition.QUARANTINE)
    edits: tuple[Edit, ...] = tuple(DeleteRecipient(each.recipient) for each in quarantined(outcomes))
    if shown := _shown(delivered, shadow_headers):
        edits += _headers(message, evidence, weights, shown, reference, authserv_id)
        edits += _mark(message, delivered)
    return Action(Reply.ACCEPT, outcomes, edits, reference=reference)


def cut(message: Message) -> bool:
    """True if only a part of the message is at hand. Only Postfix can keep it whole, for all of its recipients."""
    return message.problem("limit.scan_bytes") is not None or message.envelope.dropped > 0


def undeliverable(message: Message, outcomes: Sequence[Outcome], authserv_id: str) -> bool:
    """True if the message would reach somebody as it must not: then it is refused.

    Where some copies are to be quarantined and others delivered: a message that was cut cannot be put into the store,
    and a recipient whose bytes cannot be sent back cannot be taken off. A sender can add a recipient that gets
    everything, so no mode of another recipient lets such a copy through.

    Forged fields that are more than can be deleted. Where somebody in shadow is to get the message, it is not refused
    for that: then those go that can.
    """
    kept = quarantined(outcomes)
    if 0 < len(kept) < len(outcomes) and (cut(message) or not all(each.recipient.deletable for each in kept)):
        return True
    settled = {each.applied for each in outcomes} <= {Disposition.REJECT, Disposition.TEMPFAIL}
    enforced = all(each.verdict.mode is Mode.ENFORCE for each in outcomes)
    return not settled and enforced and _forged(message, authserv_id).too_many


def refuse(outcomes: tuple[Outcome, ...], reference: str) -> Action:
    """550 for everybody."""
    code, status, text = REFUSED
    done = tuple(replace(each, applied=Disposition.REJECT) for each in outcomes)
    return Action(
        Reply.REJECT, done, smtp=(code, status, text.format(reference=reference)), reference=reference
    )


def defer(outcomes: tuple[Outcome, ...], reference: str) -> Action:
    """451 for everybody, nothing edited."""
    return Action(Reply.TEMPFAIL, outcomes, smtp=DEFERRED, reference=reference)


def unjudged(reply: Reply, authserv_id: str) -> Action:
    """A message that we fail on every time, when it comes again: Postfix's hold queue, or a delivery that says so. Who
    carries it out deletes the forged fields first: they are known without a judgement."""
    edits = (
        AddHeader("X-Sekisho-Reason", UNJUDGED),
        AddHeader("X-Sekisho-Verdict", f"{Disposition.TAG.word}; score=0; id=none; mode={Mode.ENFORCE}"),
        AddHeader("Authentication-Results", authres.field(authserv_id, ())),
    )
    return Action(reply, edits=edits)


def without_store(
    message: Message,
    evidence: Evidence,
    weights: Mapping[str, float],
    outcomes: tuple[Outcome, ...],
    *,
    reference: str,
    authserv_id: str,
    perhaps_kept: bool = False,
) -> Action:
    """The store is down: Postfix's own hold queue if it would be right for all, else a retry later. `perhaps_kept`: the
    store may have the message, and Postfix must not hold a second copy of it."""
    if not perhaps_kept and all(each.applied is Disposition.QUARANTINE for each in outcomes):
        return held(message, evidence, weights, outcomes, reference=reference, authserv_id=authserv_id)
    return defer(_tempfailed(outcomes), reference)


def held(
    message: Message,
    evidence: Evidence,
    weights: Mapping[str, float],
    outcomes: tuple[Outcome, ...],
    *,
    reference: str,
    authserv_id: str,
) -> Action:
    """Postfix's own hold queue, for a message that would be quarantined for everybody. Our fields are written
    at once: a message that is taken off hold does not pass the filter again."""
    edits = _headers(message, evidence, weights, outcomes, reference, authserv_id)
    return Action(Reply.HOLD, outcomes, edits, reference=reference)


def _in_enforce(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    return tuple(each for each in outcomes if each.verdict.mode is Mode.ENFORCE)


def _shown(delivered: tuple[Outcome, ...], shadow_headers: bool) -> tuple[Outcome, ...]:
    """Whose verdicts the header speaks of: those in enforce; where there are none, nobody's unless it is wished."""
    judged = tuple(each for each in delivered if each.verdict.judged)
    return _in_enforce(judged) or (judged if shadow_headers else ())


def _forged(message: Message, authserv_id: str) -> Forged:
    counted = message.envelope.forged
    return ForgedFields.among(message.headers, authserv_id) if counted is None else counted


def _headers(
    message: Message,
    evidence: Evidence,
    weights: Mapping[str, float],
    shown: tuple[Outcome, ...],
    reference: str,
    authserv_id: str,
) -> tuple[Edit, ...]:
    """Forged fields out from the highest index down, since a deletion renumbers what stands below it; ours in at the
    top."""
    strictest = max((each.verdict for each in shown), key=lambda verdict: verdict.disposition)
    edits: list[Edit] = [ChangeHeader(*field) for field in _forged(message, authserv_id).fields]
    if (reasons := _reasons(evidence, weights)) is not None:
        edits.append(AddHeader("X-Sekisho-Reason", reasons))
    edits.append(AddHeader("X-Sekisho-Verdict", _summary(strictest, reference)))
    user = message.envelope.client.user
    edits.append(AddHeader("Authentication-Results", authres.field(authserv_id, evidence.results, user)))
    return tuple(edits)


def _mark(message: Message, delivered: tuple[Outcome, ...]) -> tuple[Edit, ...]:
    """The subject with the mark of the first tagged recipient that asks for one; as it came where a recipient in
    shadow gets the same message. Of several Subject fields the others go: some readers show the last."""
    mark = next((each.mark for each in delivered if each.applied is Disposition.TAG and each.mark), "")
    shadow = any(each.verdict.mode is Mode.SHADOW for each in delivered)
    if not mark or shadow:
        return ()
    there = len(message.headers.all("subject"))
    others = tuple(ChangeHeader("Subject", index) for index in range(there, 1, -1))
    if message.subject.startswith(mark):
        return others
    subject = encoded(f"{mark} {printable(message.subject, 500)}", "Subject")
    return (*others, ChangeHeader("Subject", 1, subject) if there else AddHeader("Subject", subject))


def _summary(verdict: Verdict, reference: str) -> str:
    return f"{verdict.disposition.word}; score={verdict.score:g}; id={reference}; mode={verdict.mode}"


def _reasons(evidence: Evidence, weights: Mapping[str, float]) -> str | None:
    """Ids with points, then the weightiest finding's sentence in English and in Japanese."""
    if not weights:
        return None
    ranked = sorted(weights.items(), key=lambda item: -item[1])[:20]
    weightiest = next(each for each in evidence.findings if each.kind.id == ranked[0][0])
    lines = [
        ", ".join(f"{name}={points:g}" for name, points in ranked) + ";",
        weightiest.reason_en,
        weightiest.reason_ja,
    ]
    return "\n ".join(map(_reason, lines))


def encoded(text: str, name: str) -> str:
    """A field value as ASCII: folded with LF, RFC 2047 where it is not ASCII already."""
    charset = "us-ascii" if text.isascii() else "utf-8"
    return Header(text, charset, maxlinelen=76, header_name=name).encode(splitchars=";, ", linesep="\n")


@remembered(4096)
def _reason(line: str) -> str:
    """Sentences and lists of findings come again and again, and the library takes its time to fold them."""
    return encoded(line, "X-Sekisho-Reason")
