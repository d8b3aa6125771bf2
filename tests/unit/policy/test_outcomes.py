"""One judgement of a message: the rules, lists and stance of each recipient, interpreted together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.evidence import Evidence, FindingKind
from sekisho.judgement import Examined, Judgement
from sekisho.message import Envelope, Recipient, read
from sekisho.policy import Decision, ListEntry, ListOptions, Lists, RecipientRules, Rules
from sekisho.policy.outcomes import in_stance, outcome, would_deliver
from sekisho.policy.table import WAITS_FOR_DNS
from sekisho.ports import Stance
from sekisho.verdict import OPT_OUT, TRUSTED_CLIENT, Disposition, Mode, Thresholds, Verdict

ENFORCE = Rules(mode=Mode.ENFORCE)
ACCEPT, TAG, QUARANTINE, REJECT, TEMPFAIL = Disposition
SPECIAL = {
    "shadow@ours.example": Rules(mode=Mode.SHADOW),
    "lenient@ours.example": replace(ENFORCE, max_action=TAG, subject_mark="[!]"),
    "private@ours.example": replace(ENFORCE, filtered=False),
}
DECISION = Decision(RecipientRules(ENFORCE, SPECIAL), QUARANTINE)
LISTS = Lists.of(
    ListOptions(allow=(ListEntry(entry="friend@shop.example"),), block=(ListEntry(entry="bad.example"),))
)


def examined(author: str = "a@shop.example", *to: str, **findings: float) -> Examined:
    """A message with a finding for each keyword: family__name=points."""
    kinds = [FindingKind(name.replace("__", ".", 1), value, "en", "ja") for name, value in findings.items()]
    evidence = Evidence(findings=tuple(kind.found() for kind in kinds))
    envelope = Envelope(recipients=tuple(Recipient(f"{name}@ours.example") for name in to))
    return Examined(read(f"From: {author}\r\n\r\nbody\r\n".encode(), envelope), evidence, {}, 0.0)


def judge(of: Examined, stance: Stance = Stance.OPEN, decision: Decision = DECISION) -> Judgement:
    return decision.judge(of, LISTS, stance)


def done(judgement: Judgement) -> list[tuple[str, Disposition]]:
    return [(each.recipient.address.partition("@")[0], each.applied) for each in judgement.outcomes]


def test_each_recipient_has_an_outcome_of_its_own() -> None:
    """One verdict by the same points, and what is done for each is as its rules say."""
    judgement = judge(examined("a@shop.example", "a", "shadow", "lenient", "private", lure__x=9.0))
    assert done(judgement) == [("a", QUARANTINE), ("shadow", ACCEPT), ("lenient", TAG), ("private", ACCEPT)]
    verdicts = [each.verdict for each in judgement.outcomes]
    assert [each.disposition for each in verdicts[:3]] == [QUARANTINE] * 3
    assert (verdicts[3].decided_by, verdicts[3].score) == (OPT_OUT, 0.0)
    assert judgement.outcomes[2].mark == "[!]"


def test_a_message_without_recipients_is_judged_by_the_default_rules() -> None:
    """A case of which the envelope is not known."""
    assert done(judge(examined(lure__x=9.0))) == [("", QUARANTINE)]


def test_points_of_the_operator_count() -> None:
    """For this judgement and in its weights."""
    judgement = judge(examined(lure__x=9.0), decision=replace(DECISION, points={"lure.x": 1.0}))
    assert (dict(judgement.weights), done(judgement)) == ({"lure.x": 1.0}, [("", ACCEPT)])


def test_nobody_judges_a_message_of_a_trusted_client() -> None:
    """Whatever was asked of the recipients: the reason is in each verdict."""
    judgement = judge(replace(examined("a@bad.example", "a", "private"), unjudged=TRUSTED_CLIENT))
    assert {each.verdict.decided_by for each in judgement.outcomes} == {TRUSTED_CLIENT}
    assert {each.applied for each in judgement.outcomes} == {ACCEPT}


@pytest.mark.parametrize(
    ("author", "disposition", "by"),
    [
        ("friend@shop.example", ACCEPT, "allow friend@shop.example"),
        ("a@bad.example", QUARANTINE, "block bad.example"),
    ],
)
def test_the_lists_decide(author: str, disposition: Disposition, by: str) -> None:
    """An entry that the message meets is named in the verdict."""
    (found,) = judge(examined(author, "a", lure__x=5.0)).outcomes
    assert (found.verdict.disposition, found.verdict.decided_by) == (disposition, by)


@pytest.mark.parametrize(
    ("stance", "applied"), [(Stance.OPEN, REJECT), (Stance.TAGGING, TAG), (Stance.PAUSED, ACCEPT)]
)
def test_the_stance_bounds_what_is_done(stance: Stance, applied: Disposition) -> None:
    """The verdict is the same: only what is done about it is milder."""
    (found,) = judge(examined("a@shop.example", "a", lure__x=20.0), stance).outcomes
    assert (found.verdict.disposition, found.applied) == (REJECT, applied)


def test_a_pause_is_as_shadow() -> None:
    """Everywhere that a mode is asked for."""
    assert in_stance(ENFORCE, Stance.PAUSED).mode is Mode.SHADOW
    assert in_stance(ENFORCE, Stance.OPEN) is ENFORCE


def test_a_roll_out_is_drawn_for_each_mailbox() -> None:
    """At half the mail, some of many recipients of one message get its full action and the others the milder one."""
    rules = replace(ENFORCE, rollout=50.0, otherwise=TAG)
    decision = Decision(RecipientRules(rules), QUARANTINE, rollout_key=b"key")
    of = examined("a@shop.example", *(f"r{number}" for number in range(200)), lure__x=20.0)
    applied = [each.applied for each in judge(of, decision=decision).outcomes]
    assert set(applied) == {TAG, REJECT}
    assert 60 < applied.count(TAG) < 140
    assert applied == [each.applied for each in judge(of, decision=decision).outcomes]


def test_max_action_bounds_what_is_done_not_what_is_decided() -> None:
    """The verdict stays true; only the action is milder."""
    found = outcome(
        Recipient("a@b.example"), Verdict(REJECT, 20, "points", Thresholds()), SPECIAL["lenient@ours.example"]
    )
    assert (found.applied, found.verdict.disposition) == (TAG, REJECT)


@pytest.mark.parametrize("to", ["a", "shadow", "private"])
def test_a_message_may_wait_for_dns_where_its_author_is_unknown(to: str) -> None:
    """By that finding alone, and never for a recipient in shadow or opted out."""
    (found,) = judge(examined("a@shop.example", to, **{WAITS_FOR_DNS.replace(".", "__"): 5.0})).outcomes
    (other,) = judge(examined("a@shop.example", to, lure__x=5.0)).outcomes
    assert (found.deferrable, other.deferrable) == (to == "a", False)


@pytest.mark.parametrize(
    ("to", "points", "unfinished"),
    [(("a",), 0, True), (("a",), 9, False), (("shadow", "private"), 0, False), (("shadow", "a"), 0, True)],
)
def test_lack_of_time_matters_where_the_message_would_be_delivered(
    to: tuple[str, ...], points: float, unfinished: bool
) -> None:
    """One recipient in enforce that would get it is enough; for mail that is held anyway nothing is missing."""
    of = replace(examined("a@shop.example", *to, lure__x=points), unfinished="it claims to be from 'x'")
    judgement = judge(of)
    assert judgement.unfinished == ("it claims to be from 'x'" if unfinished else None)
    assert any(map(would_deliver, judgement.outcomes)) is unfinished


def test_mail_is_wanted_if_anybody_wants_it() -> None:
    """Whose mail is not to be judged says nothing for the others."""
    assert not DECISION.wanted(examined("a@shop.example", "private").message)
    assert DECISION.wanted(examined("a@shop.example", "private", "a").message)
    assert DECISION.wanted(examined("a@shop.example").message)
