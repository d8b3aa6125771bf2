"""Who a message says it is from, place by place. What names a brand is the registry's affair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import WORDS, Owners, context, message

from sekisho.brands import BrandIndex
from sekisho.checks.identity import claims
from sekisho.evidence import Claim, Evidence, Strength
from sekisho.known import Mention, Reading


@dataclass(frozen=True)
class Known(Owners):
    """A registry that knows one brand by one name, and its domain."""

    def read(self, text: str, after: str = "") -> Reading:
        return Reading(self.mentions(text))

    def mentions(self, text: str) -> tuple[Mention, ...]:
        at = text.find("Brand")
        share = 5 / len(text) if text else 0.0
        return (Mention("brand", "Brand", at, at + 5, share, True),) if at >= 0 else ()


REGISTRY = Known({"brand.example": "brand"})


def found(raw: str) -> list[Claim]:
    read = message(raw.replace("\n", "\r\n").encode())
    return list(claims.check(read, Evidence(), replace(context(), registry=REGISTRY)).claims)


def places(raw: str) -> list[tuple[str, str]]:
    return [(claim.where, claim.strength) for claim in found(raw)]


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Brand <a@stranger.example>", [("display_name", Strength.STRONG)]),
        ("Brand Teas <a@stranger.example>", [("display_name", Strength.STRONG)]),
        ("Brand稲荷神社 <a@stranger.example>", [("display_name", Strength.WEAK)]),
        ("Brandセンター <a@stranger.example>", [("display_name", Strength.STRONG)]),
        ("a@brand.example", [("author_domain", Strength.STRONG)]),
        ("<brand.example@stranger.example>", [("local_part", Strength.STRONG)]),
        ("<brand_example@stranger.example>", [("local_part", Strength.STRONG)]),
        ("<brand@stranger.example>", []),
        ("<a.b@stranger.example>", []),
        ("<a..b.@stranger.example>", []),
        ("", []),
    ],
)
def test_places_of_the_author(author: str, expected: list[tuple[str, str]]) -> None:
    """The name, the domain and a domain before the @ are each a claim of their own."""
    assert places(f"From: {author}\n\n\n") == expected


def test_subject_and_text_are_weak() -> None:
    """Who speaks of a brand has not yet said that he is it."""
    raw = "From: a@stranger.example\nSubject: Brand\n\nBrand Brand\n"
    assert places(raw) == [("subject", Strength.WEAK), ("body", Strength.WEAK)]


def test_mentions_in_the_middle_are_not_claims() -> None:
    """Who writes says so at the beginning or at the end; what stands between is what he writes about."""
    far = "text\n" * 2_000
    assert places(f"From: a@stranger.example\n\n{far}Brand\n{far}") == []
    assert places(f"From: a@stranger.example\n\n{far}Brand\n") == [("body", Strength.WEAK)]


@pytest.mark.parametrize(
    ("line", "signs"),
    [
        ("© 2026 Brand", True),
        ("Thank you for choosing Brand", True),
        ("Your Brand account is limited", True),
        ("いつもBrandをご利用いただき", True),
        ("Brand株式会社", True),
        ("Brandです。", True),
        ("Brand, Inc.", True),
        ("「Brand」カスタマーセンター", True),
        ("Brand®\nカスタマーサービス", True),
        ("Brand\n\nお客様サポートデスク", True),
        ("お客様のBrand\nアカウント", True),
        ("We are closing the Brand\naccount", True),
        ("Facebook | Brand | Support", False),
        ("Facebook | Brand\nSupport", False),
        ("Facebook / Brand / Support", False),
        ("Facebook・Brand・お客様サポート", False),
        ("Brand、カード、代引き", False),
        ("Pay by Brand, card or cash", False),
        ("お世話になります。\nBrandからの重要なお知らせです", True),
        ("配送はBrandです。", False),
        ("Brandからのお知らせが届いていましたら", False),
        ("I bought it at Brand yesterday", False),
        ("Brandの迷惑メール対策について", False),
        ("Brandからのメールが届かない", False),
    ],
)
def test_who_signs_is_told_from_who_is_talked_about(line: str, signs: bool) -> None:
    """A copyright line, a greeting to customers and a company form speak for the sender."""
    raw = f"From: a@stranger.example\nContent-Type: text/plain; charset=utf-8\n\n{line}\n"
    assert places(raw) == [("signature", Strength.STRONG) if signs else ("body", Strength.WEAK)]


def test_a_text_is_about_what_it_says_and_not_where_it_links() -> None:
    """The host of a counted click stands under every line of a newsletter in plain text."""
    link = "https://click.Brand.example/1\n"
    assert places(f"From: a@stranger.example\n\n{link * 3}") == [("body", Strength.WEAK)]
    assert places(f"From: a@stranger.example\n\n{link}{'of Brand, ' * 3}\n") == [("body", Strength.STRONG)]


def test_a_button_asks_with_a_single_word() -> None:
    """`更新` in a text tells of something; on a link it is what the reader is to do."""
    page = "From: a@stranger.example\nContent-Type: text/html; charset=utf-8\n\n<p>%s</p>"
    button = '<a href="https://stranger.example/">更新</a>'
    known = replace(context(), registry=BrandIndex((), WORDS.brands))
    told, pressed = (
        claims.check(message((page % text).encode()), Evidence(), known).cues for text in ("更新", button)
    )
    assert told == ()
    assert [(cue.aspect, cue.name, cue.where) for cue in pressed] == [("action", "confirm", "button")]
