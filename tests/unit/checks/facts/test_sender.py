"""Facts of the sender: where it is at home, what is proven of it, and when it is in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from tests.auth_support import Owners, context, message

from sekisho.checks.facts import sender
from sekisho.checks.identity import impersonation
from sekisho.evidence import AuthorStatus, Evidence, Proof
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
