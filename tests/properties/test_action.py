"""Several recipients with any mix of modes, verdicts and rules: what each of them may rely on."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sekisho import action
from sekisho.evidence import Evidence, FindingKind
from sekisho.message import Envelope, Message, Recipient, read
from sekisho.policy import Rules
from sekisho.verdict import (
    OPT_OUT,
    Action,
    AddHeader,
    ChangeHeader,
    DeleteRecipient,
    Disposition,
    Mode,
    Outcome,
    Reply,
    Thresholds,
    Verdict,
)

KIND = FindingKind("brand.display_name", 6, "The name says so.", "表示名がそうなっています。")
EVIDENCE = Evidence(findings=(KIND.found(),))
FORGED = (
    b"Authentication-Results: mx.example.jp; dkim=pass\r\nX-Sekisho-Verdict: accept\r\n"
    b"Authentication-Results: other.example; dkim=pass\r\nX-Sekisho-Note: 1\r\nX-Sekisho-Verdict: accept\r\n"
)
MESSAGE = read(FORGED + b"From: a@example.jp\r\nSubject: Hello\r\n\r\nbody\r\n", Envelope())
GONE = {
    ("authentication-results", 1),
    ("x-sekisho-verdict", 1),
    ("x-sekisho-verdict", 2),
    ("x-sekisho-note", 1),
}


@st.composite
def outcome(draw: st.DrawFn) -> Outcome:
    """What is decided and done for one recipient, seen alone."""
    rules = Rules(
        mode=draw(st.sampled_from(Mode)),
        max_action=draw(st.sampled_from(list(Disposition)[:4])),
        subject_mark=draw(st.sampled_from(["", "[!]"])),
    )
    recipient = Recipient(f"r{draw(st.integers(0, 10**6))}@example.jp")
    verdict = Verdict(draw(st.sampled_from(Disposition)), 1.0, "points", Thresholds(), mode=rules.mode)
    if draw(st.integers(0, 4)) == 0:  # nobody looked at the message for this one
        verdict = replace(verdict, disposition=Disposition.ACCEPT, decided_by=OPT_OUT)
        return Outcome(recipient, verdict, Disposition.ACCEPT)
    return action.outcome(recipient, verdict, rules)


outcomes = st.lists(outcome(), min_size=1, max_size=6, unique_by=lambda each: each.recipient)


def act(outcomes: list[Outcome], shadow_headers: bool = False, message: Message = MESSAGE) -> Action:
    return action.act(
        message,
        EVIDENCE,
        {KIND.id: 6.0},
        action.settle(outcomes),
        reference="REF",
        authserv_id="mx.example.jp",
        shadow_headers=shadow_headers,
    )


def remaining(done: Action) -> list[Outcome]:
    """Who still gets the message."""
    deleted = {edit.recipient for edit in done.edits if isinstance(edit, DeleteRecipient)}
    return [each for each in done.outcomes if each.recipient not in deleted]


def in_enforce(outcomes: list[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if each.verdict.judged and each.verdict.mode is Mode.ENFORCE]


def fields(done: Action) -> list[object]:
    """The edits of the header, those of the subject left out."""
    return [
        edit
        for edit in done.edits
        if not isinstance(edit, DeleteRecipient) and getattr(edit, "name", "") != "Subject"
    ]


def marked(done: Action) -> bool:
    return any(getattr(edit, "name", "") == "Subject" for edit in done.edits)


def added(done: Action, name: str) -> list[str]:
    return [edit.value for edit in done.edits if isinstance(edit, AddHeader) and edit.name == name]


@given(outcomes)
def test_forged_fields_go_and_ours_come_as_soon_as_one_is_in_enforce(found: list[Outcome]) -> None:
    """Where a recipient in enforce still gets the message, every forged field is deleted, ours stand on it once, and
    they show the strictest verdict of those in enforce, whoever else gets it."""
    done = act(found)
    enforced = in_enforce(remaining(done))
    if done.reply is not Reply.ACCEPT or not enforced:
        return
    deleted = {
        (edit.name.lower(), edit.index)
        for edit in done.edits
        if isinstance(edit, ChangeHeader) and not edit.value
    }
    assert deleted == GONE
    assert len(added(done, "Authentication-Results")) == 1
    (verdict,) = added(done, "X-Sekisho-Verdict")
    strictest = max(each.verdict.disposition for each in enforced)
    assert verdict.startswith(f"{strictest.word};")
    assert verdict.endswith("mode=enforce")


@given(outcomes, st.booleans())
def test_a_message_that_goes_to_shadow_alone_is_left_as_it_is(found: list[Outcome], wished: bool) -> None:
    """Where nobody in enforce gets it, nothing of the message changes unless `shadow_headers` asks for it."""
    done = act(found, shadow_headers=wished)
    if done.reply is Reply.ACCEPT and not in_enforce(remaining(done)):
        assert bool(fields(done)) == (wished and any(each.verdict.judged for each in remaining(done)))
        assert not marked(done)


@given(outcomes)
def test_the_subject_is_marked_for_those_in_enforce_alone(found: list[Outcome]) -> None:
    """Some tagged recipient asks for it, and nobody in shadow gets the same message."""
    done = act(found)
    if done.reply is not Reply.ACCEPT:
        return
    wanted = any(each.mark and each.applied is Disposition.TAG for each in remaining(done))
    shadow = any(each.verdict.mode is Mode.SHADOW for each in remaining(done))
    assert marked(done) == (wanted and not shadow)


@given(outcomes, outcomes)
def test_recipients_in_shadow_change_nothing_for_the_others(
    found: list[Outcome], more: list[Outcome]
) -> None:
    """The header that those in enforce see is the same, whatever recipients in shadow stand beside them."""
    enforced = [each for each in found if each.verdict.mode is Mode.ENFORCE]
    known = {each.recipient for each in enforced}
    shadow = [each for each in more if each.verdict.mode is Mode.SHADOW and each.recipient not in known]
    if not enforced:
        return
    alone, together = act(enforced), act([*enforced, *shadow])
    if alone.reply is together.reply is Reply.ACCEPT:
        assert fields(together) == fields(alone) or not in_enforce(remaining(alone))


@given(outcomes)
def test_one_reply_that_is_right_for_all(found: list[Outcome]) -> None:
    """Reject and discard only where everybody's copy is; a temporary failure is everybody's, and edits nothing; who is
    quarantined is taken off, and nobody else; a recipient in shadow always gets the message unless all hear 451."""
    done = act(found)
    applied = {each.applied for each in done.outcomes}
    assert (done.reply is Reply.TEMPFAIL) == (Disposition.TEMPFAIL in applied)
    assert (done.reply is Reply.REJECT) == (applied == {Disposition.REJECT})
    assert (done.reply is Reply.DISCARD) == (applied == {Disposition.QUARANTINE})
    if done.reply is not Reply.ACCEPT:
        assert done.edits == ()
    else:
        kept = [each for each in done.outcomes if each not in remaining(done)]
        assert {each.applied for each in kept} <= {Disposition.QUARANTINE}
        assert all(each.applied < Disposition.QUARANTINE for each in remaining(done))
    if done.reply not in (Reply.ACCEPT, Reply.TEMPFAIL):
        assert all(each.verdict.mode is Mode.ENFORCE for each in done.outcomes)
