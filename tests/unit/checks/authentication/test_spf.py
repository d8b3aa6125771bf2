"""What the SPF result gives as findings, and what is odd about a sender. The library is tested in unit/auth."""

from __future__ import annotations

import pytest
from tests.auth_support import Asked, context, envelope, message, txt

from sekisho.checks.authentication import spf
from sekisho.evidence import Evidence
from sekisho.message import Client, Envelope
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult, MethodResult

PASSES = "v=spf1 ip4:192.0.2.1 -all"


def run(at: Envelope, *records: dict[str, object]) -> Evidence:
    return spf.check(message(at=at), Evidence(), context(CaseResolver(records)))


def result(found: Evidence) -> MethodResult:
    assert len(found.results) == 1
    return found.results[0]


@pytest.mark.parametrize(
    "at",
    [
        envelope(None),
        Envelope(sender="a@example.jp", client=Client()),
        envelope("a@example.jp", "not an address"),
    ],
)
def test_unknown_facts_give_no_result(at: Envelope) -> None:
    """Without sender or client address nothing is known, which is not none."""
    assert run(at, txt("example.jp", PASSES)).results == ()


@pytest.mark.parametrize("sender", ["a@b(c", "nobody", "a@localhost"])
def test_malformed_domain_is_none_and_a_finding(sender: str) -> None:
    """RFC 7208 section 4.3: a malformed domain is none, and it is a finding."""
    found = run(envelope(sender))
    assert (result(found).result, result(found).domain) == (AuthResult.NONE, None)
    assert found.has("envelope.sender_malformed")


@pytest.mark.parametrize(
    ("sender", "raw", "differs"),
    [
        ("a@example.jp", "a@example.jp", False),
        ("a@example.jp", "<A@Example.JP>", False),
        ("a..b@docomo.example.jp", '"a..b"@docomo.example.jp', False),
        ("a@example.jp", None, False),
        ("a@example.jp", "@relay.example:a@example.jp", True),
        ("a@example.jp", "b@other.jp", True),
        ("", "", False),
    ],
)
def test_sender_differs(sender: str, raw: str | None, differs: bool) -> None:
    """What the client wrote and what Postfix understood are compared as addresses."""
    at = Envelope(sender=sender, raw_sender=raw, client=Client(address="192.0.2.1"))
    assert run(at).has("envelope.sender_differs") is differs


@pytest.mark.parametrize(
    ("record", "word", "finding"),
    [
        ("v=spf1 -all", AuthResult.FAIL, "auth.spf_fail"),
        ("v=spf1 ~all", AuthResult.SOFTFAIL, "auth.spf_softfail"),
        ("v=spf1 ?all", AuthResult.NEUTRAL, None),
        ("v=spf1 wat", AuthResult.PERMERROR, "auth.spf_broken"),
        ("nothing", AuthResult.NONE, None),
    ],
)
def test_words_and_findings(record: str, word: AuthResult, finding: str | None) -> None:
    """Each result is mapped, and failures are findings."""
    found = run(envelope(), txt("example.jp", record))
    assert result(found).result is word
    assert [each.kind.id for each in found.findings] == ([finding] if finding else [])


def test_dns_failure_is_temperror_and_visible() -> None:
    """SERVFAIL gives temperror and marks the evidence degraded; it is never a pass or none."""
    found = run(envelope(), {"name": "example.jp", "rcode": "SERVFAIL"})
    assert result(found).result is AuthResult.TEMPERROR
    assert found.degraded == ("dns",)


def test_without_dns_nothing_is_said_but_oddities() -> None:
    """With no resolver there is no result; the malformed sender is still seen."""
    found = spf.check(message(at=envelope("nobody")), Evidence(), context(None))
    assert found.results == ()
    assert found.has("envelope.sender_malformed")


def test_warm_asks_for_the_record() -> None:
    """MAIL FROM, or HELO for a null sender, is asked ahead; malformed ones are not."""
    dns = Asked(CaseResolver([]))
    for at in (
        envelope("a@example.jp"),
        envelope("", helo="mx.example.jp"),
        envelope("a@b(c"),
        envelope(None),
    ):
        spf.warm(at, dns)
    assert dns.warmed == [("example.jp", "TXT"), ("mx.example.jp", "TXT")]


@pytest.mark.parametrize(
    ("sender", "word", "domain"),
    [
        ("a@example.jp", AuthResult.TEMPERROR, "example.jp"),
        ("nobody", AuthResult.NONE, None),
        ("", AuthResult.NONE, None),
    ],
)
def test_what_is_owed(sender: str, word: AuthResult, domain: str | None) -> None:
    """A check that could not be run owes a temperror, but where there is nothing to evaluate."""
    (owed,) = spf.owed(message(at=envelope(sender)))
    assert (owed.result, owed.domain) == (word, domain)
    assert spf.owed(message(at=envelope(None))) == ()
