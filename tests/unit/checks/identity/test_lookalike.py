"""A lookalike is a finding unless the brand itself is proven."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import Owners, context, message

from sekisho.checks.identity import lookalike
from sekisho.evidence import Claim, Evidence, Proof, Strength
from sekisho.known import Lookalike


@dataclass(frozen=True)
class Alike(Owners):
    """A registry in which every domain of `like.example` imitates the brand."""

    how: str = "edit"
    of: str = "brand.example"
    rivals: tuple[Lookalike, ...] = ()

    def lookalike(self, domain: str) -> Lookalike | None:
        found = Lookalike("brand", self.of, self.how, self.rivals)
        return found if domain.endswith("like.example") else None

    def affiliates(self, brand: str) -> frozenset[str]:
        return frozenset({brand, "sister"})


NAMED = (Claim("brand", "body", "Brand", Strength.WEAK),)


def found(
    author: str,
    how: str = "edit",
    *proofs: Proof,
    of: str = "brand.example",
    claims: tuple[Claim, ...] = NAMED,
) -> list[str]:
    at = replace(context(), registry=Alike(how=how, of=of))
    seen = Evidence(proofs=proofs, claims=claims)
    evidence = lookalike.check(message(f"From: {author}\r\n\r\n".encode()), seen, at)
    return [each.kind.id for each in evidence.findings]


@pytest.mark.parametrize("how", ["confusable", "edit", "composition"])
def test_each_way_is_its_own_finding(how: str) -> None:
    """What the registry calls a lookalike is found under that name."""
    assert found("a@like.example", how) == [f"lookalike.{how}"]


def test_only_the_brand_itself_may_look_like_it() -> None:
    """A proof of the brand or of its sister clears it; a stranger's proof of the very domain does not."""
    assert found("a@like.example", "edit", Proof("brand.example", "dkim", True, "brand")) == []
    assert found("a@like.example", "edit", Proof("sister.example", "dkim", True, "sister")) == []
    assert found("a@like.example", "edit", Proof("like.example", "dkim", True)) == ["lookalike.edit"]


@pytest.mark.parametrize("author", ["a@other.example", "nobody", "a@like.example, b@like.example", "a@-x-"])
def test_no_likeness_no_finding(author: str) -> None:
    """Without one valid author domain there is nothing to compare."""
    assert found(author) == []


@pytest.mark.parametrize(
    ("how", "of", "claims", "counts"),
    [
        ("edit", "brand.example", (), False),
        ("edit", "brand.example", NAMED, True),
        ("edit", "brand.example", (Claim("sister", "subject", "Sister"),), True),
        ("edit", "brand.example", (Claim("other", "subject", "Other"),), False),
        ("edit", "brands.example", (), True),
        ("edit", "b-rands.co.example", (), True),
        ("edit", "b-rand.example", (), False),
        ("confusable", "brand.example", (), True),
        ("composition", "brand", (), True),
    ],
)
def test_one_letter_off_a_short_name_needs_the_name(
    how: str, of: str, claims: tuple[Claim, ...], counts: bool
) -> None:
    """Names of five letters stand one edit apart by chance: such a domain imitates whom the message names, too."""
    assert bool(found("a@like.example", how, of=of, claims=claims)) is counts


@pytest.mark.parametrize(("claimed", "of"), [("brand", "first.example"), ("rival", "second.example")])
def test_of_several_the_one_that_is_named_is_imitated(claimed: str, of: str) -> None:
    """`paypap` is one letter from two brands: whichever the message names."""
    rivals = (Lookalike("rival", "second.example", "edit"),)
    at = replace(context(), registry=Alike(of="first.example", rivals=rivals))
    seen = Evidence(claims=(Claim(claimed, "body", "Name"),))
    (finding,) = lookalike.check(message(b"From: a@like.example\r\n\r\n"), seen, at).findings
    assert (finding.brand, finding.facts["of"]) == (claimed, of)
