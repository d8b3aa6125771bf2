"""A likeness is a finding unless the brand itself is proven."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import Owners, context, message

from sekisho.checks import lookalike
from sekisho.evidence import Evidence, Proof
from sekisho.ports import Likeness


@dataclass(frozen=True)
class Alike(Owners):
    """A registry in which every domain of `like.example` imitates the brand."""

    how: str = "edit"

    def likeness(self, domain: str) -> Likeness | None:
        return Likeness("brand", "brand.example", self.how) if domain.endswith("like.example") else None

    def kin(self, brand: str) -> frozenset[str]:
        return frozenset({brand, "sister"})


def found(author: str, how: str = "edit", *proofs: Proof) -> list[str]:
    at = replace(context(), registry=Alike(how=how))
    evidence = lookalike.check(message(f"From: {author}\r\n\r\n".encode()), Evidence(proofs=proofs), at)
    return [each.kind.id for each in evidence.findings]


@pytest.mark.parametrize("how", ["confusable", "edit", "composition"])
def test_each_way_is_its_own_finding(how: str) -> None:
    """What the registry calls a likeness is found under that name."""
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
