"""Facts of a sender that speaks as a brand from a domain that no brand file has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from tests.auth_support import Owners, context, led, message

from sekisho.checks.authentication.iprev import KINDS as SERVER_KINDS
from sekisho.checks.facts.unlisted import bears_name, may_be_the_brand
from sekisho.evidence import AuthorStatus, Evidence, Proof, Signal
from sekisho.known import Kinship
from sekisho.ports import Context

UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)
(UNNAMED,) = (kind for kind in SERVER_KINDS if Signal.UNNAMED_SERVER in kind.signals)


@dataclass(frozen=True)
class Named(Owners):
    """A registry that also knows how names of domains are related to the brand's."""

    related: Mapping[str, Kinship] = field(default_factory=dict)

    def kinship(self, domain: str, brand: str) -> Kinship | None:
        return self.related.get(domain)


RELATED = {
    "brand.jp": Kinship.NAME,
    "brand.github.io": Kinship.NAME,
    "brandtravel.jp": Kinship.COMPOUND,
    "brand-login.jp": Kinship.SUSPICIOUS,
}
KNOWN = replace(context(), registry=Named({"brand.example": "brand"}, RELATED))
WITHOUT_SENDERS = replace(context(), registry=Named({}, RELATED))
TENANCY = replace(context(kinds={"desk.jp": "tenancy"}), registry=Named({"brand.example": "brand"}))


def proven(domain: str) -> Evidence:
    return Evidence(proofs=(Proof(domain, "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)


def may_be(author: str, targets: str, seen: Evidence | None = None, at: Context = KNOWN) -> bool:
    """Whether an author at this domain, proven unless told otherwise, may be the brand; `targets` are hosts."""
    anchors = "".join(f'<a href="https://{target}/">x</a>' for target in targets.split())
    read = message(f"From: Brand <a@{author}>\r\nContent-Type: text/html\r\n\r\n{anchors}".encode())
    return may_be_the_brand("brand", read, led(read, at) + (seen or proven(author)), at)


@pytest.mark.parametrize(
    ("author", "targets", "expected"),
    [
        ("brand.jp", "www.brand.jp", True),
        ("brand.jp", "stranger.jp", False),
        ("brandtravel.jp", "", True),
        ("brandtravel.jp", "www.brandtravel.jp brand.example", True),
        ("brandtravel.jp", "www.brandtravel.jp stranger.jp", False),
        ("brand-login.jp", "www.brand-login.jp", False),
        ("firm.jp", "www.firm.jp", False),
        ("brand.github.io", "brand.github.io", False),
    ],
)
def test_the_name_of_the_domain(author: str, targets: str, expected: bool) -> None:
    """A proven sender whose domain is or has the brand's name may be the brand where it leads to itself or the brand;
    with a word of forgers beside it, without the name, and at a rented name it may not."""
    assert may_be(author, targets) is expected


@pytest.mark.parametrize(
    ("author", "targets", "expected"),
    [
        ("brand.jp", "www.brand.jp", True),
        ("brand.jp", "www.brand.jp stranger.jp", False),
        ("brandtravel.jp", "www.brandtravel.jp", False),
    ],
)
def test_without_authentication(author: str, targets: str, expected: bool) -> None:
    """Only the bare name, and only where every link stays with it."""
    assert may_be(author, targets, UNPROVEN) is expected


def test_no_brand_writes_from_a_server_without_a_name() -> None:
    """Not even from a domain with its bare name."""
    unnamed = Evidence(findings=(UNNAMED.found(),))
    assert not may_be("brand.jp", "www.brand.jp", proven("brand.jp") + unnamed)


@pytest.mark.parametrize(
    ("author", "at", "expected"),
    [
        ("firm.jp", WITHOUT_SENDERS, True),
        ("xkqzwvt.jp", WITHOUT_SENDERS, False),
        ("brand-login.jp", WITHOUT_SENDERS, False),
        ("desk.jp", TENANCY, True),
    ],
    ids=["no known sender", "random letters", "a word of forgers", "an open tenancy"],
)
def test_where_a_brand_may_be_called_anything(author: str, at: Context, expected: bool) -> None:
    """A brand of which no domain is known, and a tenant of an open platform, may write from any proven domain."""
    assert may_be(author, author, at=at) is expected
    assert not may_be(author, author, UNPROVEN, at)


def test_a_host_that_bears_the_name() -> None:
    """The bare name alone, under a suffix that nobody rents out."""
    assert bears_name("brand.jp", "brand", KNOWN)
    assert not bears_name("brandtravel.jp", "brand", KNOWN)
    assert not bears_name("brand.github.io", "brand", KNOWN)
