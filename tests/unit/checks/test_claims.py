"""Who a message says it is from, place by place. What names a brand is the registry's affair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import Owners, context, message

from sekisho.checks import claims
from sekisho.evidence import Claim, Evidence, Strength
from sekisho.ports import Mention


@dataclass(frozen=True)
class Known(Owners):
    """A registry that knows one brand by one name, and its domain."""

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


def test_late_mentions_are_not_claims() -> None:
    """Who writes says so early: a footer far down names others."""
    raw = "From: a@stranger.example\n\n" + "text\n" * 2_000 + "Brand\n"
    assert places(raw) == []
