"""Facts of the sender: where it is at home, what is proven of it, and when it is in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from tests.auth_support import Owners, context, message

from sekisho.checks.facts import sender
from sekisho.checks.identity import impersonation
from sekisho.domains import within
from sekisho.evidence import AuthorStatus, Evidence, Proof, ProofScope
from sekisho.message import Message
from sekisho.results import AuthResult, MethodResult

LETTER = message(b"From: a@mail.shop.example\r\n\r\nHello.\r\n")
PLATFORM = Proof("platform.example", "dkim", aligned=False)
CLAIMED = Evidence(findings=(impersonation.DISPLAY_NAME.found(),))
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)


def dmarc(result: AuthResult, policy: str = "") -> Evidence:
    properties = (("policy.dmarc", policy),) if policy else ()
    return Evidence(results=(MethodResult("dmarc", result, "shop.example", properties=properties),))


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("a.b.example.co.jp", "example.co.jp"),
        ("example.com", "example.com"),
        ("co.jp", "co.jp"),
        ("box", "box"),
    ],
)
def test_an_organisation_is_a_registrable_domain(domain: str, expected: str) -> None:
    """A name without one stands for itself."""
    assert sender.organisation(domain) == expected


@pytest.mark.parametrize(
    ("seen", "home"),
    [
        (Evidence(), {"shop.example"}),
        (Evidence(proofs=(PLATFORM,)), {"shop.example"}),
        (
            Evidence(proofs=(PLATFORM,), author_status=AuthorStatus.AUTHENTICATED),
            {"shop.example", "platform.example"},
        ),
        (Evidence(proofs=(PLATFORM,)) + dmarc(AuthResult.NONE), {"shop.example", "platform.example"}),
        (Evidence(proofs=(PLATFORM,)) + dmarc(AuthResult.FAIL, "none"), {"shop.example", "platform.example"}),
        (Evidence(proofs=(PLATFORM,)) + dmarc(AuthResult.FAIL, "reject"), {"shop.example"}),
    ],
)
def test_where_a_message_is_at_home(seen: Evidence, home: set[str]) -> None:
    """At its author's, and at a proven platform only where the author's domain lets others send or is proven itself."""
    assert sender.home_domains(LETTER, seen) == home


@dataclass(frozen=True)
class Group(Owners):
    """Two brands of one organisation."""

    together: frozenset[str] = field(default_factory=lambda: frozenset({"bank", "card"}))

    def affiliates(self, brand: str) -> frozenset[str]:
        return self.together if brand in self.together else frozenset({brand})


@pytest.mark.parametrize(("brand", "proven"), [("bank", True), ("card", True), ("shop", False)])
def test_a_proof_is_shared_by_an_organisation(brand: str, proven: bool) -> None:
    """A proof of one brand proves its affiliates, and nobody else."""
    at = replace(context(), registry=Group())
    seen = Evidence(proofs=(Proof("bank.example", "dkim", True, "bank"), PLATFORM))
    assert sender.is_proven(brand, seen, at) is proven
    assert not sender.is_proven(brand, Evidence(proofs=(PLATFORM,)), at)


def test_doubt_is_a_false_name_or_an_author_that_is_not_authenticated() -> None:
    """Mail about a company casts no doubt, nor does an author of whom nothing is known."""
    mention = Evidence(findings=(impersonation.CONTENT.found(), impersonation.SUBJECT.found()))
    assert sender.is_doubted(CLAIMED)
    assert sender.is_doubted(UNPROVEN)
    assert not sender.is_doubted(mention)
    assert not sender.is_doubted(Evidence())
    assert not sender.is_doubted(Evidence(author_status=AuthorStatus.AUTHENTICATED))


BANK = message(b"From: =?utf-8?b?44G/44Ga44G7?= <info@web.anser.or.jp>\r\n\r\nHello.\r\n")
TENANT = message(b"From: Shop <support@shop.zendesk.com>\r\n\r\nHello.\r\n")
KNOWN_KINDS = {
    "web.anser.or.jp": "on_behalf",
    "shop.zendesk.com": "tenancy",
    "mail.shop.example": "esp",
}


@dataclass(frozen=True)
class Hirer(Owners):
    """A registry whose brands name platforms that send for them."""

    hired: tuple[str, ...] = ()

    def sends_for(self, domain: str, brand: str) -> str | None:
        return next((each for each in self.hired if within(domain, each)), None)


def from_author(*, scope: ProofScope = ProofScope.DOMAIN, aligned: bool = True) -> Evidence:
    proof = Proof("platform.example", "dkim", aligned, None, scope)
    status = AuthorStatus.AUTHENTICATED if aligned else AuthorStatus.UNAUTHENTICATED
    return Evidence(proofs=(proof,), author_status=status)


@pytest.mark.parametrize(
    ("seen", "writes"),
    [
        (from_author(), True),
        (from_author(scope=ProofScope.SHARED), False),
        (from_author(aligned=False), False),
        (Evidence(), False),
    ],
)
def test_a_closed_platform_writes_for_every_brand(seen: Evidence, writes: bool) -> None:
    """Only where the author's domain is proven, and by more than what other customers pass as well."""
    at = context(kinds=KNOWN_KINDS)
    assert sender.writes_for_others("bank", BANK, seen, at) is writes
    assert not sender.is_open_tenancy(BANK, seen, at)


@pytest.mark.parametrize(
    ("read", "hired", "writes"),
    [
        (TENANT, (), False),
        (TENANT, ("shop.zendesk.com",), True),
        (TENANT, ("zendesk.com",), False),
        (TENANT, ("other.zendesk.com",), False),
        (LETTER, ("mail.shop.example",), True),
        (LETTER, ("shop.example",), False),
        (message(b"From: a@news.hired.example\r\n\r\nHello.\r\n"), ("hired.example",), True),
    ],
)
def test_an_open_platform_writes_for_the_brand_that_names_the_tenant(
    read: Message, hired: tuple[str, ...], writes: bool
) -> None:
    """An entry for the whole platform would let in everybody who opens an account there."""
    at = replace(context(kinds=KNOWN_KINDS), registry=Hirer({}, hired))
    assert sender.writes_for_others("shop", read, from_author(), at) is writes
    assert not sender.writes_for_others("shop", read, from_author(aligned=False), at)


def test_an_open_tenancy_needs_a_proven_author() -> None:
    """A forged address of a help desk is nobody's tenant."""
    at = context(kinds=KNOWN_KINDS)
    assert sender.is_open_tenancy(TENANT, from_author(), at)
    assert not sender.is_open_tenancy(TENANT, from_author(aligned=False), at)
    assert not sender.is_open_tenancy(LETTER, from_author(), at)
