"""What a message wants of its reader: a lure needs a doubt, and who leads his readers home is spared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.auth_support import context, message

from sekisho import lures
from sekisho.checks import (
    contradiction,
    detours,
    links,
    lookalike,
    lure,
    organisation,
    origin,
    recipient,
    site,
)
from sekisho.checks.table import KINDS
from sekisho.evidence import Claim, Cue, Evidence, Finding, FindingKind, Proof, Result, Word

UNPROVEN = Evidence(results=(Result("spf", Word.NONE), Result("dkim", Word.NONE)))
PROVEN = Evidence(
    results=(Result("spf", Word.PASS), Result("dkim", Word.PASS)), proofs=(Proof("shop.test", "dkim", True),)
)
DOUBTS = {kind.id for kind in (lure.UNPROVEN, lure.UNMET, lure.AWAY, lure.ANYBODY, lure.NOBODY)}
MATTER_IDS = {kind.id for kind in lure.MATTERS}


def cues(*told: str) -> Evidence:
    """Cues written `subject:matter.account`."""
    made = []
    for each in told:
        where, _, rest = each.rpartition(":")
        aspect, _, name = rest.partition(".")
        made.append(Cue(aspect, name, name, where or "text"))
    return Evidence(cues=tuple(made))


def of(*kinds: FindingKind) -> Evidence:
    return Evidence(findings=tuple(map(Finding, kinds)))


def findings(
    seen: Evidence, text: str = "hello", *, author: str = "Example Shop <a@shop.test>", subject: str = "s"
) -> list[Finding]:
    head = f"From: {author}\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    return list(lure.check(message((head + text).encode()), seen, context()).findings)


def found(seen: Evidence, text: str = "hello", **more: str) -> list[str]:
    return [each.kind.id.removeprefix("lure.") for each in findings(seen, text, **more)]


ASKING = cues("matter.account", "asks.login")


def test_every_matter_has_its_finding() -> None:
    """A matter without one would break the check on the first message about it."""
    assert {f"lure.{name}" for name in lures.MATTERS} == MATTER_IDS
    assert len(lure.MATTERS) == len(lures.MATTERS)
    assert set(lure.KINDS) <= set(KINDS)


@pytest.mark.parametrize("name", lures.MATTERS)
def test_each_matter_is_named(name: str) -> None:
    """In both languages, without a gap."""
    first, *_ = findings(UNPROVEN + cues(f"matter.{name}", "asks.confirm"))
    assert first.kind.id == f"lure.{name}"
    assert first.reason_en.endswith(".")
    assert first.reason_ja.endswith("。")


@pytest.mark.parametrize("name", lures.ASKS)
def test_each_request_is_told(name: str) -> None:
    """What is asked for has words in both languages."""
    asks = next(
        each for each in findings(UNPROVEN + cues("matter.account", f"asks.{name}")) if each.kind is lure.ASKS
    )
    english, japanese = lure.DEEDS[name]
    assert asks.reason_en == f"It asks the reader to {english}."
    assert asks.reason_ja == f"受信者に「{japanese}」ことを求めています。"


def test_no_request_has_words_that_no_vocabulary_knows() -> None:
    """Left-over words would hide that a request was renamed."""
    assert set(lure.DEEDS) == set(lures.ASKS)
    assert {f"lure.{name}" for name in lure.MONEY} <= MATTER_IDS


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((), []),
        (("matter.account",), []),
        (("asks.login", "push.deadline"), []),
        (("matter.account", "push.pressure"), []),
        (("subject:matter.account",), []),
        (("matter.account", "asks.login"), ["account", "asks", "unproven"]),
        (("subject:matter.account", "push.deadline"), ["account", "in_subject", "pushes", "unproven"]),
        (("display_name:matter.account", "asks.open"), ["account", "in_subject", "asks", "unproven"]),
        (
            ("matter.account", "push.pressure", "push.deadline", "asks.pay", "asks.login"),
            ["account", "pushes", "asks", "unproven"],
        ),
    ],
)
def test_a_lure_is_a_combination(told: tuple[str, ...], expected: list[str]) -> None:
    """A matter with a request, or one that the subject tells with pressure; a word alone is nothing."""
    assert found(UNPROVEN + cues(*told)) == expected


def test_one_matter_is_named() -> None:
    """What the subject says, and else the most telling; the order of the text changes nothing."""
    asks = "asks.login"
    assert found(UNPROVEN + cues("matter.account", "matter.withdrawal", asks))[0] == "withdrawal"
    assert found(UNPROVEN + cues("matter.withdrawal", "matter.account", asks))[0] == "withdrawal"
    assert found(UNPROVEN + cues("matter.withdrawal", "subject:matter.account", asks))[:2] == [
        "account",
        "in_subject",
    ]


@pytest.mark.parametrize(
    ("kind", "doubt"),
    [
        (contradiction.DISPLAY_NAME, "in_a_name"),
        (contradiction.OWN_DOMAIN, "in_a_name"),
        (organisation.OFFICE, "in_a_name"),
        (site.KINDS[0], "in_a_name"),
        (lookalike.KINDS[0], "in_a_name"),
        (recipient.PROVIDER, "in_a_name"),
        (contradiction.AWAY, "leads_away"),
        (links.STRANGERS, "leads_away"),
        (links.SHORTENED, "leads_away"),
        (detours.KINDS[0], "leads_away"),
        (origin.RANDOM, "from_anybody"),
        (origin.UNUSUAL_SUFFIX, "from_anybody"),
        (contradiction.SUBJECT, None),
        (contradiction.CONTENT, None),
        (contradiction.TOPIC, None),
        (links.BRAND_IN_HOST, None),
        (links.ADDRESS, None),
        (recipient.ADDRESS, None),
    ],
)
def test_what_others_found_is_a_doubt(kind: FindingKind, doubt: str | None) -> None:
    """Of a sender of whom nothing is known, one doubt is enough; a brand that is only spoken of is none."""
    expected = ["account", "asks", doubt] if doubt else []
    assert found(ASKING + of(kind)) == expected


def test_a_name_that_could_be_anybodys() -> None:
    """`Customer Support` says what its bearer does and not who he is."""
    assert found(ASKING, author="Customer Support <a@shop.test>") == ["account", "asks", "from_anybody"]
    assert found(ASKING, author="Example Customer Support <a@shop.test>") == []
    assert found(ASKING, author="a@shop.test") == []


def test_a_proven_sender_needs_two_doubts() -> None:
    """Proof takes the first doubt back, whichever it is."""
    assert found(PROVEN + ASKING) == []
    assert found(PROVEN + ASKING + of(links.STRANGERS)) == []
    assert found(PROVEN + ASKING + of(contradiction.DISPLAY_NAME)) == []
    both = of(links.STRANGERS, contradiction.DISPLAY_NAME)
    assert found(PROVEN + ASKING + both) == ["account", "asks", "in_a_name", "leads_away"]


def test_a_proof_of_somebody_else_is_no_proof_of_the_author() -> None:
    """Only what is aligned with the author vouches for him."""
    seen = Evidence(proofs=(Proof("relay.test", "dkim", aligned=False),))
    assert found(seen + ASKING + of(links.STRANGERS)) == ["account", "asks", "leads_away"]


def test_nothing_known_is_no_doubt() -> None:
    """Without a look at authentication, and with a temporary error, nobody is doubted for it."""
    assert found(ASKING) == []
    assert found(ASKING + Evidence(results=(Result("spf", Word.TEMPERROR), Result("dkim", Word.NONE)))) == []


PAY = cues("matter.free_period", "asks.stop")
BILL = "月額 29,800 円です。 https://stop.shop.test/"


def test_money_for_nobody() -> None:
    """A fee, a way to pay it, and nobody who wants it: no proof makes that good."""
    for seen in (PROVEN, UNPROVEN, Evidence()):
        assert "from_nobody" in found(seen + PAY, BILL, author="info@shop.test")


@pytest.mark.parametrize(
    "text",
    [
        f"{BILL} 株式会社エグザンプル",
        f"{BILL} (株)エグザンプル",
        f"{BILL} 所在地 東京",
        f"{BILL} 電話 03-0000-0000",
        f"{BILL} © 2026",
        f"{BILL} Example Ltd",
        f"{BILL} お問い合わせ先",
        "月額 29,800 円です。",
        BILL + "あ" * lure.SHORT,
    ],
)
def test_who_trades_says_who_he_is(text: str) -> None:
    """A company, an address, a telephone number; and who shows no way to pay, or writes at length, is spared."""
    assert "from_nobody" not in found(UNPROVEN + PAY, text, author="info@shop.test")


def test_a_named_sender_is_somebody() -> None:
    """A name that tells him from others, in the author or under the text; and another matter wants no money."""
    assert "from_nobody" not in found(UNPROVEN + PAY, BILL)
    assert "from_nobody" in found(UNPROVEN + PAY, BILL, author="サポート窓口 <a@shop.test>")
    signed = Evidence(claims=(Claim("shop", "signature", "Shop"),))
    assert "from_nobody" not in found(UNPROVEN + PAY + signed, BILL, author="info@shop.test")
    assert "from_nobody" not in found(UNPROVEN + ASKING, BILL, author="info@shop.test")


def test_the_readers_own_number_is_no_way_to_reach_the_sender() -> None:
    """It stands in the subject, and is repeated to frighten him."""
    mine = "080-0000-0000"
    asked = {"author": "info@shop.test", "subject": f"{mine} 様"}
    assert "from_nobody" in found(UNPROVEN + PAY, f"{mine} 様 {BILL}", **asked)
    assert "from_nobody" not in found(UNPROVEN + PAY, f"{mine} 様 {BILL} 03-0000-0001", **asked)


def test_the_author_in_the_explanation_is_printable() -> None:
    """What an author is called is hostile text."""
    author = '"evil {x} \u202e" <a@shop.test>'
    unproven = next(each for each in findings(UNPROVEN + ASKING, author=author) if each.kind is lure.UNPROVEN)
    assert "\u202e" not in unproven.reason_en + unproven.reason_ja
    assert "{x}" in unproven.reason_en


CUES = st.lists(
    st.builds(
        Cue,
        st.sampled_from(["matter", "push", "asks"]),
        st.just(""),
        st.just("phrase"),
        st.sampled_from(["subject", "display_name", "text"]),
    ).flatmap(
        lambda cue: st.sampled_from(
            {"matter": lures.MATTERS, "push": lures.PUSHES, "asks": lures.ASKS}[cue.aspect]
        ).map(lambda name: Cue(cue.aspect, name, cue.phrase, cue.where))
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
    """One matter at most, each kind once, and always with what makes it doubtful; a proven sender's one doubt is that
    he is nobody."""
    ids = [each.kind.id for each in findings(sender + told + others, text, author=author)]
    assert len(ids) == len(set(ids))
    if ids:
        doubts = DOUBTS & set(ids)
        assert doubts
        assert ids[0] in MATTER_IDS
        assert len(MATTER_IDS & set(ids)) == 1
        assert sender is not PROVEN or len(doubts) > 1 or doubts == {"lure.from_nobody"}
