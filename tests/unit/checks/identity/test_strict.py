"""Whose mail is marked while it cannot be proven for want of DNS, and whose is not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import NAME_WORDS, Owners, context, envelope, message

from sekisho.checks.authentication import proof
from sekisho.checks.facts.sender import is_doubted
from sekisho.checks.identity import strict
from sekisho.evidence import AuthorStatus, Evidence, Finding, Proof
from sekisho.message import Recipient
from sekisho.results import AuthResult, MethodResult
from sekisho.site import Site, SiteOptions
from sekisho.trust import Trust, TrustOptions

DOWN = (
    MethodResult("spf", AuthResult.TEMPERROR, "a.example"),
    MethodResult("dkim", AuthResult.NONE),
    MethodResult("dmarc", AuthResult.TEMPERROR),
)


@dataclass(frozen=True)
class Listed(Owners):
    def strict(self, domain: str) -> bool:
        return domain == "bank.example"


class Noted:
    def age(self, domain: str) -> float | None:
        return 2 * 86_400.0 if domain == "noted.example" else None


def found(
    author: str,
    *results: MethodResult,
    rcpt: str = "hanako@home.example",
    proofs: tuple[Proof, ...] = (),
    address: str = "192.0.2.1",
) -> Finding | None:
    people = (Recipient("x@elsewhere.example"), Recipient(rcpt))
    at = replace(envelope(address=address), recipients=people)
    read = message(f"From: A <a@{author}>\r\n\r\nx\r\n".encode(), at)
    options = SiteOptions(domains=("ours.example",), senders=("203.0.113.0/28",))
    asked = replace(
        context(kinds={"free.example": "mailbox"}),
        registry=Listed({"bank.example": "bank"}),
        site=Site.of(options, NAME_WORDS),
        trust=Trust.of(TrustOptions(clients=("198.51.100.0/28",), forwarders=("198.51.100.64/28",))),
        policies=Noted(),
    )
    asked_for = results or DOWN
    status = proof.check(read, Evidence(results=asked_for), asked).author_status
    proven = any(each.aligned for each in proofs)
    seen = Evidence(
        results=asked_for,
        proofs=proofs,
        author_status=AuthorStatus.AUTHENTICATED if proven else status,
    )
    return next(iter(strict.check(read, seen, asked).findings), None)


@pytest.mark.parametrize(
    ("author", "why"),
    [
        ("home.example", "your own"),
        ("mail.home.example", "your own"),
        ("ours.example", "your own"),
        ("bank.example", "authenticate all"),
        ("noted.example", "seen 2 days ago"),
    ],
)
def test_a_strict_author_is_marked(author: str, why: str) -> None:
    """The recipient's own domain, the site's, one that the registry lists, one whose policy was met."""
    finding = found(author)
    assert finding is not None
    assert (finding.kind.id, finding.kind.points) == ("brand.own_domain_unknown", 5)
    assert why in finding.reason_en
    assert author in finding.reason_ja
    assert finding.brand == ("bank" if author == "bank.example" else None)


@pytest.mark.parametrize("author", ["stranger.example", "home.example.net", "free.example"])
def test_nobody_else_is(author: str) -> None:
    """Nor is a provider's customer who writes to another of its customers."""
    assert found(author, rcpt="hanako@free.example") is None


@pytest.mark.parametrize(
    "words",
    [
        {"spf": "temperror", "dkim": "none", "dmarc": "temperror"},
        {"spf": "fail", "dkim": "temperror", "dmarc": "temperror"},
        {"spf": "pass", "dkim": "none", "dmarc": "temperror"},
        {"spf": "none", "dkim": "temperror", "dmarc": "temperror"},
    ],
)
def test_any_temporary_error_that_leaves_it_unknown(words: dict[str, str]) -> None:
    """Whichever look-up of the author's own failed."""
    results = tuple(
        MethodResult(method, AuthResult(word), "x.example" if word == "pass" else "mail.bank.example")
        for method, word in words.items()
    )
    assert found("bank.example", *results) is not None


def test_a_strangers_temporary_error_leaves_nothing_unknown() -> None:
    """A signature or an envelope sender of a stranger whose name servers fail: the author is unauthenticated then, and
    other findings say so."""
    strangers = (
        MethodResult("spf", AuthResult.TEMPERROR, "x.example"),
        MethodResult("dkim", AuthResult.TEMPERROR, "y.example"),
    )
    assert found("bank.example", *strangers, MethodResult("dmarc", AuthResult.FAIL, "bank.example")) is None


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"spf": "none", "dkim": "none", "dmarc": "none"},
        {"spf": "fail", "dkim": "none", "dmarc": "fail"},
        {"iprev": "temperror"},
    ],
)
def test_what_is_known_or_was_not_asked_is_not_marked(words: dict[str, str]) -> None:
    """Known to be unproven is another finding's; without DNS nothing failed."""
    results = tuple(MethodResult(method, AuthResult(word), "x.example") for method, word in words.items())
    assert found("bank.example", *(results or (MethodResult("iprev", AuthResult.PASS),))) is None


def test_a_proven_author_is_not_marked() -> None:
    """A stranger's look-up that failed beside the proof changes nothing."""
    own = Proof("bank.example", "dkim", True, "bank")
    assert found("bank.example", *DOWN, proofs=(own,)) is None
    other = Proof("stranger.example", "dkim", False)
    assert found("bank.example", *DOWN, proofs=(other,)) is not None


@pytest.mark.parametrize(
    ("address", "marked"),
    [("198.51.100.1", ()), ("203.0.113.1", ("bank.example",)), ("198.51.100.65", ("bank.example",))],
)
def test_who_sends_in_our_name_is_asked_for_no_proof(address: str, marked: tuple[str, ...]) -> None:
    """Our own clients for nobody; those named to send for us, and our forwarders, for our own domain."""
    for author in ("ours.example", "bank.example"):
        assert (found(author, address=address) is not None) is (author in marked)


def test_unknown_is_no_reason_for_doubt() -> None:
    """Genuine mail of the domain must not be held for the words that it uses in an outage."""
    finding = found("bank.example")
    assert finding is not None
    assert not is_doubted(Evidence(findings=(finding,)))
