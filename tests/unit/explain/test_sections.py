"""The page of a judgement as data: every word in both languages, and nothing that is not known is said."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sekisho.evidence import Place, Why
from sekisho.explain import Bilingual, Explanation, accused, explanation_of
from sekisho.explain.sections import SectionKind

AMAZON = {
    "name": "Amazon",
    "verify_en": "Open the app.",
    "verify_ja": "アプリを開く。",
    "url": "https://a.example/",
}


def finding(name: str, points: float, brand: str | None = None, **facts: str) -> dict[str, Any]:
    return {
        "id": name,
        "points": points,
        "brand": brand,
        "reason_en": f"{name} in English",
        "reason_ja": f"{name} 日本語",
        "facts": facts,
    }


def document(**more: Any) -> dict[str, Any]:
    return {
        "file": "a.eml",
        "verdict": "quarantine",
        "score": 9.0,
        "decided_by": "points",
        "thresholds": {"tag": 5.0, "quarantine": 8.0, "reject": 15.0},
        "claims": [{"brand": "amazon-jp", "where": "display_name", "text": "Amazon"}],
        "proofs": [
            {"domain": "x.example", "method": "spf", "aligned": True, "brand": None, "scope": "domain"}
        ],
        "auth": {"spf": "pass"},
        "degraded": [],
        "findings": [finding("auth.no_iprev", 3.0), finding("brand.display_name", 6.0, "amazon-jp")],
        "brands": {"amazon-jp": AMAZON},
        "passes_if": [
            {"way": "without", "findings": ["brand.display_name"], "verdict": "accept", "score": 3.0}
        ],
    } | more


def explained(report: dict[str, Any]) -> Explanation:
    return explanation_of(report, {"brand.display_name"})


def rows(page: Explanation, part: SectionKind) -> Any:
    return next((each.rows for each in page.sections if each.kind is part), ())


def words(page: Explanation) -> list[Bilingual]:
    found = [page.decided, *(section.title for section in page.sections), *filter(None, (page.closing,))]
    for section in page.sections:
        for row in section.rows:
            found += [row.label, *(line.words for line in row.lines)]
    return found


def test_the_identity_stands_first_with_its_reasons() -> None:
    """Who the message speaks as, where it says so, and why that counts, in both languages."""
    identity = {
        "brand": "amazon-jp",
        "name": "Amazon",
        "place": "signature",
        "why_en": " ".join(why.en for why in (Why.NAMELESS, Why.SPEAKS)),
        "why_ja": "".join(why.ja for why in (Why.NAMELESS, Why.SPEAKS)),
    }
    first = rows(explained(document(identity=identity)), SectionKind.CLAIM)[0]
    assert first.lines[0].text == "Amazon"
    assert Why.NAMELESS.en in first.lines[1].words.en
    assert Why.SPEAKS.ja in first.lines[1].words.ja
    assert rows(explained(document(identity=None)), SectionKind.CLAIM)[0].label.en == "Amazon"


def test_nobody_is_claimed_only_where_the_message_speaks_as_nobody() -> None:
    """A person's name is a claim, too; our own organisation is not in the registry, and is known here all the same."""
    person = {"brand": None, "name": "山田 太郎", "place": "display_name", "why_en": "x.", "why_ja": "あ。"}
    (one,) = rows(explained(document(identity=person, claims=[])), SectionKind.CLAIM)
    assert one.lines[0].text == "山田 太郎"
    (none,) = rows(explained(document(identity=None, claims=[])), SectionKind.CLAIM)
    assert [each.words for each in none.lines] == [
        Bilingual("no brand of the registry", "登録されたブランドの名乗りはありません")
    ]


def test_what_would_be_found_only_then_does_not_remain() -> None:
    """It is not among the findings of this message."""
    way = {"way": "proof", "brand": "amazon-jp", "domains": ["a.example"], "left": ["auth.no_iprev"],
           "new": ["link.brand_in_host"], "verdict": "accept", "score": 1.5}  # fmt: skip
    (row,) = rows(explained(document(passes_if=[way])), SectionKind.PASSING)
    said = row.lines[0].words
    assert said.en.endswith(
        "; what would remain: auth.no_iprev; what would be found then: link.brand_in_host"
    )
    assert said.ja.endswith("。残る所見: auth.no_iprev。新たに見つかる所見: link.brand_in_host")
    (row,) = rows(explained(document(passes_if=[{**way, "left": []}])), SectionKind.PASSING)
    assert "remain" not in row.lines[0].words.en


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_a_sentence_in_both_languages(why: Why) -> None:
    """None that is missing, and none that is the other language's."""
    assert why.en.isascii()
    assert why.en.endswith(".")
    assert re.search(r"[ぁ-んァ-ヶ一-龠]", why.ja)
    assert why.ja.endswith("。")


@pytest.mark.parametrize("place", Place)
def test_every_place_has_a_name_in_both_languages(place: Place) -> None:
    """None that is missing, and none that is the other language's."""
    assert place.en.isascii()
    assert re.search(r"[ぁ-んァ-ヶ一-龠]", place.ja)
    page = explained(document(claims=[{"brand": "amazon-jp", "where": str(place), "text": "あ"}]))
    (line,) = rows(page, SectionKind.CLAIM)[0].lines
    assert (line.words, line.text) == (Bilingual(place.en, place.ja), "あ")


def test_a_place_of_another_version_is_shown_as_it_is() -> None:
    """A stored document may name a place that this version does not know."""
    page = explained(document(claims=[{"brand": None, "where": "some_where", "text": "x"}]))
    assert rows(page, SectionKind.CLAIM)[0].lines[0].words == Bilingual.same("some where")


def test_the_order_of_doubt() -> None:
    """All six parts in order, the contradiction apart from what supports it."""
    page = explained(document())
    assert [each.kind for each in page.sections] == list(SectionKind)
    assert [each.label.en for each in rows(page, SectionKind.CONTRADICTION)] == ["brand.display_name"]
    assert [each.label.en for each in rows(page, SectionKind.SUPPORT)] == ["auth.no_iprev"]
    assert rows(page, SectionKind.PASSING)[0].verdict == "accept"


def test_all_words_are_there_in_both_languages() -> None:
    """What is said in one language is said in the other; names and ids are the same in both."""
    for verdict in ("quarantine", "accept"):
        ways = [
            {"way": "list", "entry": "x.example"},
            {"way": "proof", "brand": "amazon-jp", "domains": ["a.example"], "left": ["auth.no_iprev"],
             "verdict": "tag", "score": 5.0},
        ]  # fmt: skip
        page = explained(document(verdict=verdict, passes_if=ways, degraded=["dns"]))
        for each in words(page):
            assert bool(each.en) == bool(each.ja)


def test_mail_that_passes_needs_no_advice() -> None:
    """Neither where to verify nor what would let it pass: how far it is from being tagged."""
    page = explained(document(verdict="accept", score=1.5))
    assert {SectionKind.VERIFY, SectionKind.PASSING}.isdisjoint(each.kind for each in page.sections)
    assert page.closing is not None
    assert "3.5" in page.closing.en
    assert "3.5" in page.closing.ja
    assert explained(document(verdict="accept", decided_by="allow x.example")).closing is None


def test_advice_from_the_registry_or_from_what_is_stored() -> None:
    """A stored document has no `brands`: then the facts of its findings tell the name and the advice."""
    (row,) = rows(explained(document()), SectionKind.VERIFY)
    assert [each.words.en for each in row.lines] == ["Open the app.", "https://a.example/"]
    stored = finding(
        "brand.display_name", 6.0, "amazon-jp", verify_en="Call.", verify_ja="電話。", brand_name="A"
    )
    kept = document(findings=[stored])
    del kept["brands"], kept["passes_if"]
    (row,) = rows(explained(kept), SectionKind.VERIFY)
    assert (row.label.en, [each.words for each in row.lines]) == ("A", [Bilingual("Call.", "電話。")])


def test_nobody_is_said_in_words() -> None:
    """No claim and no proof are facts, not empty sections."""
    page = explained(document(claims=[], proofs=[], findings=[]))
    assert "no brand" in rows(page, SectionKind.CLAIM)[0].lines[0].words.en
    assert rows(page, SectionKind.PROOF)[0].lines[0].words.en == "nobody"
    assert SectionKind.CONTRADICTION not in {each.kind for each in page.sections}


def test_a_brand_that_is_only_spoken_of_is_not_accused() -> None:
    """Less than a point is no accusation; the heaviest comes first."""
    found = [finding("a.b", 0.5, "light"), finding("a.c", 1.0, "some"), finding("a.d", 6.0, "heavy")]
    assert accused([*found, finding("a.e", 9.0)]) == ["heavy", "some"]


def test_a_theme_says_what_genuine_mail_of_its_kind_is_like() -> None:
    """Where no brand is named there is still something to tell: what a real court does."""
    found = explained(document(findings=[finding("lure.court", 0.8), finding("lure.asks", 0.5)]))
    (row,) = rows(found, SectionKind.VERIFY)
    assert row.label.en == "notices of lawsuits"
    assert "by post" in row.lines[0].words.en
    assert "特別送達" in row.lines[0].words.ja
    passing = explained(document(verdict="accept", findings=[finding("lure.court", 0.8)]))
    assert rows(passing, SectionKind.VERIFY) == ()
