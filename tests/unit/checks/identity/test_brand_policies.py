"""What brands have said of their mail, against mail in their name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import get_args

import pytest
from tests.auth_support import NAME_WORDS, FixedClock, context, envelope, message

from sekisho import brands
from sekisho.brands.index import BrandIndex
from sekisho.brands.model import Brand, PolicyKind
from sekisho.checks.identity import brand_policies
from sekisho.evidence import Claim, Cue, Evidence, Finding, Proof, Strength
from sekisho.ports import Context
from sekisho.vocabulary import shipped_themes
from sekisho.vocabulary.lures import names

JAPANESE = "いつもご利用いただきありがとうございます。"


def brand(id: str, *policies: dict[str, str], **more: object) -> Brand:
    return Brand.model_validate(
        {"id": id, "names": [id.title()], "sources": ["example.jp"], "policies": list(policies), **more}
    )


def one(kind: str, notice: str = "all", since: str = "") -> BrandIndex:
    policy = {"kind": kind, "notice": notice} | ({"since": since} if since else {})
    return BrandIndex(
        [brand("bank", policy, organisation="group"), brand("card", organisation="group")], NAME_WORDS
    )


@dataclass
class ClockAt(FixedClock):
    """A clock that stands at a day."""

    time: datetime = datetime(2026, 4, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


def at(index: BrandIndex, day: str = "2026-04-01") -> Context:
    return replace(
        context(), registry=index, clock=ClockAt(time=datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    )


CLAIMED = Evidence(claims=(Claim("bank", "display_name", "Bank"),))


def cues(*names: str, aspect: str = "theme") -> Evidence:
    return Evidence(cues=tuple(Cue(aspect, name, name, "text") for name in names))


def findings(
    index: BrandIndex, seen: Evidence, text: str = "", *, media: str = "text/plain", day: str = "2026-04-01"
) -> list[Finding]:
    head = f"From: Bank <a@stranger.test>\r\nContent-Type: {media}; charset=utf-8\r\n\r\n"
    return list(
        brand_policies.check(message((head + text).encode(), envelope()), seen, at(index, day)).findings
    )


def found(index: BrandIndex, seen: Evidence, text: str = "", **more: str) -> list[str]:
    return [each.kind.id for each in findings(index, seen, text, **more)]


LINK = "https://stranger.test/"


@pytest.mark.parametrize(
    ("kind", "id", "breaks", "keeps"),
    [
        ("notice_discontinued", "promise.discontinued", ("", ()), None),
        ("no_link", "promise.no_link", (LINK, ()), ("mailto:a@stranger.test", ())),
        ("never_asks_payment", "promise.asks_payment", ("", ("pay",)), ("", ("login", "card"))),
        ("never_asks_payment", "promise.asks_payment", ("", ("coins",)), ("", ())),
        ("never_asks_payment", "promise.asks_payment", ("", ("gift_cards",)), ("", ("stop",))),
        ("never_asks_credentials", "promise.asks_credentials", ("", ("card",)), ("", ("pay",))),
        ("never_asks_credentials", "promise.asks_credentials", ("", ("login",)), ("", ())),
        ("addresses_by_name", "promise.no_name", (JAPANESE, ()), (f"山田 花子 様\r\n{JAPANESE}", ())),
    ],
)
def test_each_promise_is_broken_and_kept(
    kind: str, id: str, breaks: tuple[str, tuple[str, ...]], keeps: tuple[str, tuple[str, ...]] | None
) -> None:
    """What breaks it is found, by that finding alone, with the brand; what keeps it is not."""
    index = one(kind)
    text, asked = breaks
    (finding,) = findings(index, CLAIMED + cues(*asked, aspect="action"), text)
    assert (finding.kind.id, finding.brand) == (id, "bank")
    if keeps is not None:
        text, asked = keeps
        assert found(index, CLAIMED + cues(*asked, aspect="action"), text) == []


@pytest.mark.parametrize("media", ["text/plain", "application/pkcs7-mime", "application/x-pkcs7-signature"])
def test_a_signed_promise(media: str) -> None:
    """A part that is merely called a signature keeps it as little as none: nobody has verified it."""
    assert found(one("smime_signed"), CLAIMED, media=media) == ["promise.not_signed"]


@pytest.mark.parametrize(
    ("greeting", "named"),
    [
        ("山田花子様", True),
        ("山田 花子 様", True),
        ("山田\u3000花子\u3000さま", True),
        ("鈴木殿", True),
        ("お客様", False),
        ("お客さま", False),
        ("会員様各位", False),
        ("カード会員様", False),
        ("ユーザー様", False),
        ("利用者様", False),
        ("hanako@example.jp 様", False),
        ("", False),
    ],
)
def test_who_counts_as_greeted_by_name(greeting: str, named: bool) -> None:
    """A name does; customers at large and an address do not."""
    ids = found(one("addresses_by_name"), CLAIMED, f"{greeting}\r\n\r\n{JAPANESE}")
    assert ids == ([] if named else ["promise.no_name"])


def test_only_japanese_mail_greets_in_japanese() -> None:
    """An English mail is not measured by a Japanese greeting, nor is a name below the head of a text one."""
    assert found(one("addresses_by_name"), CLAIMED, "Dear customer, hello.") == []
    assert found(one("addresses_by_name"), CLAIMED, JAPANESE * 40 + "山田様") == ["promise.no_name"]


@pytest.mark.parametrize(
    ("since", "day", "holds"),
    [
        ("", "2000-01-01", True),
        ("2022", "2021-12-31", False),
        ("2022", "2022-01-01", True),
        ("2022-03", "2022-02-28", False),
        ("2022-03", "2022-03-01", True),
        ("2022-03-09", "2022-03-08", False),
        ("2022-03-09", "2022-03-09", True),
        ("2022-03-09", "2026-01-01", True),
    ],
)
def test_a_promise_holds_from_its_day_on(since: str, day: str, holds: bool) -> None:
    """A mail from before the promise is no evidence."""
    ids = found(one("notice_discontinued", since=since), CLAIMED, day=day)
    assert ids == (["promise.discontinued"] if holds else [])


def test_a_promise_about_a_matter_is_about_that_matter() -> None:
    """A mail about another theme is not measured by it, whatever it asks for."""
    index = one("notice_discontinued", "withdrawal")
    assert found(index, CLAIMED + cues("withdrawal", "points")) == ["promise.discontinued"]
    assert found(index, CLAIMED + cues("points")) == []
    assert found(index, CLAIMED + cues("withdrawal", aspect="pressure")) == []
    assert found(index, CLAIMED) == []


@pytest.mark.parametrize("proven", ["bank", "card"])
def test_a_proven_brand_is_not_measured(proven: str) -> None:
    """Who sent it may break his own promise; brands of one organisation share proof."""
    seen = CLAIMED + Evidence(proofs=(Proof("bank.example", "dkim", True, proven),))
    assert found(one("notice_discontinued"), seen) == []


def test_a_stranger_who_is_proven_is_measured() -> None:
    """The proof of somebody else is none of the brand's."""
    seen = CLAIMED + Evidence(proofs=(Proof("stranger.test", "dkim", True),))
    assert found(one("notice_discontinued"), seen) == ["promise.discontinued"]


@pytest.mark.parametrize(
    ("where", "strength", "speaks"),
    [
        ("display_name", Strength.WEAK, True),
        ("author_domain", Strength.STRONG, True),
        ("signature", Strength.STRONG, True),
        ("local_part", Strength.STRONG, True),
        ("subject", Strength.STRONG, False),
        ("subject", Strength.WEAK, False),
        ("body", Strength.STRONG, False),
        ("reply_to", Strength.WEAK, False),
    ],
)
def test_only_mail_in_the_brands_name_is_measured(where: str, strength: Strength, speaks: bool) -> None:
    """Mail that speaks of a brand is not the brand's; a brand claimed twice is measured once."""
    claim = Claim("bank", where, "Bank", strength)
    seen = Evidence(claims=(claim, claim, Claim(None, "display_name", "Somebody")))
    assert found(one("notice_discontinued"), seen) == (["promise.discontinued"] if speaks else [])


def test_the_sentence_about_eki_net_as_it_is_read() -> None:
    """The shipped promise in both languages, with its date."""
    index = BrandIndex(brands.load(), NAME_WORDS)
    seen = Evidence(claims=(Claim("eki-net", "display_name", "えきねっと"),)) + cues("withdrawal")
    first, *_ = findings(index, seen)
    assert first.reason_en == "えきねっと sends no notices of automatic withdrawal since 9 March 2022."
    assert first.reason_ja == "「えきねっと」は2022年3月9日以降、自動退会の通知を送っていません。"
    assert found(index, seen, day="2022-03-08") == []


@pytest.mark.parametrize(
    ("since", "en", "ja"),
    [
        ("", "Bank sends no delivery notices.", "「Bank」は配達の通知を送っていません。"),
        (
            "2022",
            "Bank sends no delivery notices since 2022.",
            "「Bank」は2022年以降、配達の通知を送っていません。",
        ),
        (
            "2022-12",
            "Bank sends no delivery notices since December 2022.",
            "「Bank」は2022年12月以降、配達の通知を送っていません。",
        ),
    ],
)
def test_dates_are_written_as_far_as_they_are_known(since: str, en: str, ja: str) -> None:
    """A year, a month or a day, without zeros in front, in the language of the sentence."""
    (finding,) = findings(one("notice_discontinued", "delivery", since), CLAIMED + cues("delivery"))
    assert (finding.reason_en, finding.reason_ja) == (en, ja)


def test_every_matter_has_its_words() -> None:
    """A policy about one theme must not be told as one about all mail."""
    themes = shipped_themes().theme.values()
    told = [words for theme in themes for words in (theme.notice_en, theme.notice_ja)]
    assert len({*told, "mail", "メール"}) == 2 * len(themes) + 2


def test_every_kind_of_the_brand_files_has_its_test() -> None:
    """What a brand file may say is measured, and every finding can be made."""
    assert set(brand_policies.TESTS) == set(get_args(PolicyKind))
    assert {kind for kind, _ in brand_policies.TESTS.values()} == set(brand_policies.KINDS)


def test_the_shipped_promises_can_be_told() -> None:
    """Each promise of each brand renders in both languages without a gap."""
    index = BrandIndex(brands.load(), NAME_WORDS)
    asked = cues(*names("action"), aspect="action") + cues(*names("theme"))
    for each in index.brands:
        seen = Evidence(claims=(Claim(each.id, "display_name", each.names[0]),)) + asked
        ids = found(index, seen, f"{JAPANESE}{LINK}")
        assert len(ids) == len(each.brand_policies)
        for finding in findings(index, seen, f"{JAPANESE}{LINK}"):
            assert finding.brand == each.id
            assert "{" not in finding.reason_en + finding.reason_ja
            assert each.names[0][:100] in finding.reason_ja
