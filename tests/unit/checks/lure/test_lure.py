"""What a message wants of its reader: no lure without a doubt, none of a proven sender who leads his readers home."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.auth_support import context, led, message

from sekisho.checks.lure import lure, sender_doubts
from sekisho.checks.table import KINDS
from sekisho.evidence import AuthorStatus, Cue, Evidence, Finding, FindingKind, Proof, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.vocabulary import shipped_themes
from sekisho.vocabulary.lures import names

UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)
PROVEN = Evidence(proofs=(Proof("shop.test", "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)
DOUBTS = {kind.id for kind in sender_doubts.KINDS}
MATTER_IDS = {kind.id for kind in lure.THEMES}


def cues(*told: str) -> Evidence:
    """Cues written `subject:theme.account`."""
    made = []
    for each in told:
        where, _, rest = each.rpartition(":")
        aspect, _, name = rest.partition(".")
        made.append(Cue(aspect, name, name, where or "text"))
    return Evidence(cues=tuple(made))


def of(*kinds: FindingKind) -> Evidence:
    return Evidence(findings=tuple(kind.found() for kind in kinds))


def findings(
    seen: Evidence, text: str = "hello", *, author: str = "Example Shop <a@shop.test>", subject: str = "s"
) -> list[Finding]:
    head = f"From: {author}\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    read, at = message((head + text).encode()), context()
    return list(judged(read, at, seen).findings)


def judged(read: Message, at: Context, seen: Evidence) -> Evidence:
    """What is found of a lure, once the doubts about its sender are known."""
    seen = led(read, at) + seen
    return lure.check(read, seen + sender_doubts.check(read, seen, at), at)


def found(seen: Evidence, text: str = "hello", **more: str) -> list[str]:
    return [each.kind.id.removeprefix("lure.") for each in findings(seen, text, **more)]


ASKING = cues("theme.account", "action.login")


def test_every_matter_has_its_finding() -> None:
    """A theme without one would break the check on the first message about it."""
    assert {f"lure.{name}" for name in names("theme")} == MATTER_IDS
    assert len(lure.THEMES) == len(names("theme"))
    assert set(lure.KINDS) <= set(KINDS)


@pytest.mark.parametrize("name", names("theme"))
def test_each_matter_is_named(name: str) -> None:
    """In both languages, without a gap."""
    first, *_ = findings(UNPROVEN + cues(f"theme.{name}", "action.confirm"))
    assert first.kind.id == f"lure.{name}"
    assert first.reason_en.endswith(".")
    assert first.reason_ja.endswith("。")


@pytest.mark.parametrize("name", names("action"))
def test_each_request_is_told(name: str) -> None:
    """What is asked for has words in both languages."""
    asks = next(
        each
        for each in findings(UNPROVEN + cues("theme.account", f"action.{name}"))
        if each.kind is lure.ACTIONS
    )
    asked = shipped_themes().action[name]
    assert asks.reason_en == f"It asks the reader to {asked.en}."
    assert asks.reason_ja == f"受信者に「{asked.ja}」ことを求めています。"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((), []),
        (("theme.account",), []),
        (("action.login", "pressure.deadline"), []),
        (("theme.account", "pressure.pressure"), []),
        (("subject:theme.account",), []),
        (("theme.account", "action.login"), ["account", "asks", "unproven"]),
        (("subject:theme.account", "pressure.deadline"), ["account", "in_subject", "pushes", "unproven"]),
        (("display_name:theme.account", "action.open"), ["account", "in_subject", "asks", "unproven"]),
        (
            ("theme.account", "pressure.pressure", "pressure.deadline", "action.pay", "action.login"),
            ["account", "pushes", "asks", "unproven"],
        ),
    ],
)
def test_a_lure_is_a_combination(told: tuple[str, ...], expected: list[str]) -> None:
    """A theme with an action, or one that the subject tells with pressure; a word alone is nothing."""
    assert found(UNPROVEN + cues(*told)) == expected


@pytest.mark.parametrize(
    ("text", "disposition", "told"),
    [
        ("Prime - HM387", "attachment", True),
        ("Prime - HM387", "inline", False),
        ("word " * 30, "attachment", False),
    ],
)
def test_what_the_headline_promises_may_be_in_an_attachment(text: str, disposition: str, told: bool) -> None:
    """Few words and a file ask to open it; a letter with a file has asked for something itself, or for nothing."""
    parts = f"--b\r\n\r\n{text}\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: {disposition}\r\n\r\nx"
    head = 'From: A <a@shop.test>\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    read, at = message(f"{head}{parts}\r\n--b--\r\n".encode()), context()
    seen = UNPROVEN + cues("subject:theme.payment")
    assert bool(judged(read, at, seen).findings) is told


def test_one_matter_is_named() -> None:
    """What the subject says, and else the most telling; the order of the text changes nothing."""
    asks = "action.login"
    assert found(UNPROVEN + cues("theme.account", "theme.withdrawal", asks))[0] == "withdrawal"
    assert found(UNPROVEN + cues("theme.withdrawal", "theme.account", asks))[0] == "withdrawal"
    assert found(UNPROVEN + cues("theme.withdrawal", "subject:theme.account", asks))[:2] == [
        "account",
        "in_subject",
    ]


BILL = "月額 29,800 円です。 https://stop.shop.test/"


def test_the_author_in_the_explanation_is_printable() -> None:
    """What an author is called is hostile text."""
    author = '"evil {x} \u202e" <a@shop.test>'
    unproven = next(
        each for each in findings(UNPROVEN + ASKING, author=author) if each.kind is sender_doubts.UNPROVEN
    )
    assert "\u202e" not in unproven.reason_en + unproven.reason_ja
    assert "{x}" in unproven.reason_en


CUES = st.lists(
    st.builds(
        Cue,
        st.sampled_from(["theme", "pressure", "action"]),
        st.just(""),
        st.just("phrase"),
        st.sampled_from(["subject", "display_name", "text"]),
    ).flatmap(
        lambda cue: st.sampled_from(names(cue.aspect)).map(
            lambda name: Cue(cue.aspect, name, cue.phrase, cue.where)
        )
    ),
    max_size=12,
).map(lambda made: Evidence(cues=tuple(made)))
OTHERS = st.lists(
    st.sampled_from([kind for kind in KINDS if not kind.id.startswith("lure.")]), max_size=6
).map(lambda kinds: of(*kinds))
SENDERS = st.sampled_from([PROVEN, UNPROVEN, Evidence()])
AUTHORS = st.sampled_from(
    ["Example Shop <a@shop.test>", "a@shop.test", "Support <a@shop.test>", "nobody", "a@b.test>, <c@d.test"]
)
TEXTS = st.sampled_from(["", "hello", BILL, f"{BILL} 株式会社", "https://other.test/"])


@settings(deadline=None)
@given(CUES, TEXTS)
def test_who_is_proven_and_leads_home_is_left_alone(told: Evidence, text: str) -> None:
    """Whatever he writes about, however he presses: genuine mail is about the same matters in the same words."""
    assert findings(PROVEN + told, text) == []


@settings(deadline=None)
@given(CUES, OTHERS, SENDERS, AUTHORS, TEXTS)
def test_a_lure_never_stands_without_a_doubt(
    told: Evidence, others: Evidence, sender: Evidence, author: str, text: str
) -> None:
    """One theme at most, each kind once, and always with what makes it doubtful. Of a proven sender one doubt is
    enough only if no proof can clear it."""
    ids = [each.kind.id for each in findings(sender + told + others, text, author=author)]
    assert len(ids) == len(set(ids))
    if ids:
        doubts = DOUBTS & set(ids)
        assert doubts
        assert ids[0] in MATTER_IDS
        assert len(MATTER_IDS & set(ids)) == 1
        assert (
            sender is not PROVEN
            or len(doubts) > 1
            or doubts <= {"lure.from_nobody", "lure.from_private_mailbox", "lure.answered_elsewhere"}
            or others.has_signal(Signal.STANDS_ALONE)
        )
