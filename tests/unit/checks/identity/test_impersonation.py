"""A claim against the proofs: what meets it, what contradicts it, and what does neither."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import Owners, context, message

from sekisho.checks.authentication import proof
from sekisho.checks.identity import impersonation
from sekisho.evidence import AuthorStatus, Claim, Evidence, Proof
from sekisho.results import AuthResult, MethodResult


@dataclass(frozen=True)
class Sisters(Owners):
    """A registry of one organisation with two brands; `maybe.example` is an unconfirmed domain of one."""

    def affiliates(self, brand: str) -> frozenset[str]:
        return frozenset({"brand", "sister"}) if brand in ("brand", "sister") else frozenset({brand})

    def could_own(self, domain: str, brand: str) -> bool:
        return brand == "sister" and domain == "maybe.example"

    def knows_senders(self, brand: str) -> bool:
        return True

    def verify_at(self, brand: str) -> tuple[str, str]:  # type: ignore[override]
        return "Look there.", "そこで確かめてください。"


NAMED = Claim("brand", "display_name", "Brand")
OWN = Claim("brand", "author_domain", "brand.example")


def found(
    author: str, claim: Claim | tuple[Claim, ...], results: tuple[MethodResult, ...] = (), *proofs: Proof
) -> list[str]:
    claims = claim if isinstance(claim, tuple) else (claim,)
    read = message(f"From: Brand <a@{author}>\r\n\r\n".encode())
    proven = any(each.aligned for each in proofs)
    status = proof.check(read, Evidence(results=results), context()).author_status
    seen = Evidence(
        results=results,
        claims=claims,
        proofs=proofs,
        author_status=AuthorStatus.AUTHENTICATED if proven else status,
    )
    at = replace(context(), registry=Sisters())
    return [each.kind.id for each in impersonation.check(read, seen, at).findings]


def results(**words: str) -> tuple[MethodResult, ...]:
    return tuple(MethodResult(method, AuthResult(word)) for method, word in words.items())


def test_a_stranger_is_found() -> None:
    """The author's own domain is enough to contradict the name, whatever is known of authentication."""
    assert "brand.display_name" in found("stranger.example", NAMED)


@pytest.mark.parametrize("brand", ["brand", "sister"])
def test_a_proof_of_the_organisation_meets_the_claim(brand: str) -> None:
    """Brands of one organisation prove each other."""
    assert found("any.example", NAMED, (), Proof("any.example", "dkim", True, brand)) == []


def test_another_brands_proof_does_not() -> None:
    """Somebody else of good name is somebody else."""
    ids = found("other.example", NAMED, (), Proof("other.example", "dkim", True, "other"))
    assert {"brand.display_name", "proof.somebody_else"} <= set(ids)


def test_an_unconfirmed_domain_neither_meets_nor_contradicts() -> None:
    """What may be the brand's is not held against it."""
    assert found("maybe.example", NAMED) == []
