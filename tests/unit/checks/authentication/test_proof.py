"""What the results prove: domain, alignment, scope and brand."""

from __future__ import annotations

import pytest
from tests.auth_support import context, message, txt

from sekisho.checks.authentication import iprev, proof, recorded
from sekisho.evidence import Evidence, Proof
from sekisho.message import Client, Envelope
from sekisho.ports import Recorded
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult, MethodResult

KINDS = {
    "gmail.example": "mailbox",
    "docomo.example": "carrier",
    "platform.example": "esp",
    "cloud.example": "cloud",
    "forward.example": "forwarder",
}
OWNERS = {"example.jp": "example", "news.example.jp": "example", "gmail.example": "gmail", "card.jp": "card"}
DMARC = txt("_dmarc.example.jp", "v=DMARC1; p=none")


def prove(
    author: str, *results: MethodResult, records: tuple[dict[str, object], ...] = (DMARC,)
) -> tuple[Proof, ...]:
    raw = f"From: a@{author}\r\n\r\nx\r\n".encode()
    found = proof.check(
        message(raw), Evidence(results=results), context(CaseResolver(records), owners=OWNERS, kinds=KINDS)
    )
    return found.proofs


def spf(domain: str, *properties: tuple[str, str]) -> MethodResult:
    return MethodResult("spf", AuthResult.PASS, domain, properties=properties)


def dkim(domain: str) -> MethodResult:
    return MethodResult("dkim", AuthResult.PASS, domain)


@pytest.mark.parametrize(
    ("author", "result", "expected"),
    [
        ("example.jp", dkim("example.jp"), Proof("example.jp", "dkim", True, "example")),
        ("example.jp", spf("example.jp"), Proof("example.jp", "spf", True, "example")),
        ("example.jp", dkim("news.example.jp"), Proof("news.example.jp", "dkim", True, "example")),
        ("stranger.jp", dkim("stranger.jp"), Proof("stranger.jp", "dkim", True)),
        # somebody else's signature proves him, and no brand
        ("example.jp", dkim("stranger.jp"), Proof("stranger.jp", "dkim", False)),
        ("stranger.jp", dkim("card.jp"), Proof("card.jp", "dkim", False)),
        # a provider's customer, even where the provider is a brand
        ("gmail.example", dkim("gmail.example"), Proof("gmail.example", "dkim", True, scope="mailbox")),
        ("docomo.example", spf("docomo.example"), Proof("docomo.example", "spf", True, scope="mailbox")),
        # platforms
        ("example.jp", dkim("platform.example"), Proof("platform.example", "dkim", False, scope="shared")),
        ("platform.example", dkim("platform.example"), Proof("platform.example", "dkim", True)),
        ("platform.example", spf("platform.example"), Proof("platform.example", "spf", True, scope="shared")),
        ("example.jp", spf("forward.example"), Proof("forward.example", "spf", False, scope="shared")),
        # SPF by way of a platform that anybody can hire, or of everybody
        (
            "example.jp",
            spf("example.jp", ("via", "example.jp platform.example")),
            Proof("example.jp", "spf", True, scope="shared"),
        ),
        (
            "example.jp",
            spf("example.jp", ("via", "example.jp own.example.jp")),
            Proof("example.jp", "spf", True, "example"),
        ),
        (
            "example.jp",
            spf("example.jp", ("mechanism", "+all")),
            Proof("example.jp", "spf", True, scope="shared"),
        ),
    ],
)
def test_proof(author: str, result: MethodResult, expected: Proof) -> None:
    """One pass gives one proof of this worth."""
    assert prove(author, result) == (expected,)


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([spf("example.jp", ("via", "example.jp platform.example"))], True),
        ([spf("example.jp", ("mechanism", "+all"))], True),
        ([spf("example.jp", ("via", "example.jp platform.example")), dkim("example.jp")], False),
        ([spf("example.jp", ("via", "example.jp own.example.jp"))], False),
        ([spf("stranger.jp", ("via", "stranger.jp platform.example"))], False),
        ([dkim("platform.example")], False),
    ],
)
def test_a_shared_range_alone_is_said(results: list[MethodResult], said: bool) -> None:
    """Only where nothing else vouches for the author, and where it vouches for him at all."""
    raw = b"From: a@example.jp\r\n\r\nx\r\n"
    at = context(CaseResolver([DMARC]), owners=OWNERS, kinds=KINDS)
    assert proof.check(message(raw), Evidence(results=tuple(results)), at).has("auth.shared_range") is said


@pytest.mark.parametrize("word", [word for word in AuthResult if word is not AuthResult.PASS])
def test_only_a_pass_proves(word: AuthResult) -> None:
    """No other result proves anything."""
    assert (
        prove("example.jp", MethodResult("dkim", word, "example.jp"), MethodResult("spf", word, "example.jp"))
        == ()
    )


def test_same_domain_twice_is_one_proof() -> None:
    """Two signatures of one domain are one proof; SPF of it is another."""
    found = prove("example.jp", dkim("example.jp"), dkim("example.jp"), spf("example.jp"))
    assert [each.method for each in found] == ["spf", "dkim"]


def test_strict_alignment_is_respected() -> None:
    """A domain that asks for strict alignment gets it, for the method that it names."""
    strict = txt("_dmarc.example.jp", "v=DMARC1; p=none; adkim=s")
    found = prove("example.jp", dkim("news.example.jp"), spf("news.example.jp"), records=(strict,))
    assert {each.method: each.aligned for each in found} == {"dkim": False, "spf": True}


def test_without_any_record_the_registration_decides() -> None:
    """Where nobody publishes DMARC, names of one registration are aligned, and only those."""
    found = prove("www.example.jp", dkim("mail.example.jp"), dkim("other.jp"), records=())
    assert [each.aligned for each in found] == [True, False]


def test_silent_dns_leaves_equal_names_aligned() -> None:
    """When alignment cannot be looked up, only the author domain itself is aligned."""
    silent = {"name": "_dmarc.example.jp", "rcode": "TIMEOUT"}
    found = prove("example.jp", dkim("example.jp"), dkim("news.example.jp"), records=(silent,))
    assert [each.aligned for each in found] == [True, False]


def test_no_single_author_aligns_nothing() -> None:
    """With two From fields a pass proves its domain and is aligned with nobody."""
    raw = b"From: a@example.jp\r\nFrom: b@other.jp\r\n\r\nx\r\n"
    found = proof.check(
        message(raw), Evidence(results=(dkim("example.jp"),)), context(CaseResolver([]), owners=OWNERS)
    )
    assert found.proofs == (Proof("example.jp", "dkim", False),)


# --- recorded results -----------------------------------------------------------------------------


def test_recorded_results_are_used_without_dns() -> None:
    """Recorded words become results marked as recorded; alignment is by registrable domain."""
    given = Recorded(
        spf="pass", spf_domain="Bounce.Example.JP", dkim="fail", dkim_domain="x.jp", dmarc="pass"
    )
    at = context(None, recorded=given, owners=OWNERS | {"bounce.example.jp": "example"})
    found = recorded.check(message(), Evidence(), at)
    assert [(each.method, each.result, each.domain) for each in found.results] == [
        ("spf", AuthResult.PASS, "bounce.example.jp"),
        ("dkim", AuthResult.FAIL, "x.jp"),
        ("dmarc", AuthResult.PASS, "example.jp"),
    ]
    assert all(each.recorded for each in found.results)
    assert proof.check(message(), found, at).proofs == (Proof("bounce.example.jp", "spf", True, "example"),)


def test_recorded_failures_weigh_like_our_own() -> None:
    """A failure that somebody recorded is the same finding as one of ours; unknown and none are none."""
    given = Recorded(spf="softfail", dkim="fail", dkim_domain="x.jp", dmarc="fail")
    found = recorded.check(message(), Evidence(), context(None, recorded=given)).findings
    assert [each.kind.id for each in found] == ["auth.spf_softfail", "auth.dkim_fail", "auth.dmarc_fail"]
    assert all(each.reason_en and each.reason_ja for each in found)
    quiet = Recorded(spf="none", dkim="temperror", dmarc="none")
    assert recorded.check(message(), Evidence(), context(None, recorded=quiet)).findings == ()


def test_a_missing_word_is_unknown() -> None:
    """What was not recorded is unknown, not none."""
    found = recorded.check(message(), Evidence(), context(None, recorded=Recorded(spf="none")))
    assert (found.result("spf"), found.result("dkim"), found.result("dmarc")) == (
        AuthResult.NONE,
        AuthResult.UNKNOWN,
        AuthResult.UNKNOWN,
    )


@pytest.mark.parametrize("domain", [None, "", "not a domain", "exam(ple.jp"])
def test_a_pass_without_domain_proves_nothing(domain: str | None) -> None:
    """A recorded pass that does not say for whom neither proves nor contradicts."""
    at = context(None, recorded=Recorded(dkim="pass", dkim_domain=domain))
    found = recorded.check(message(), Evidence(), at)
    assert found.result("dkim") is AuthResult.UNKNOWN
    assert proof.check(message(), found, at).proofs == ()


def test_dns_beats_the_record() -> None:
    """With DNS at hand the recorded results are not used; without either nothing is said."""
    given = Recorded(spf="pass", spf_domain="example.jp")
    assert recorded.check(message(), Evidence(), context(CaseResolver([]), recorded=given)).results == ()
    assert recorded.check(message(), Evidence(), context(None)).results == ()


def test_odd_words_are_unknown() -> None:
    """A word that no RFC has is unknown, in any case."""
    found = recorded.check(
        message(), Evidence(), context(None, recorded=Recorded(spf="Excellent", dkim="PASS "))
    )
    assert [each.result for each in found.results] == [AuthResult.UNKNOWN, AuthResult.UNKNOWN]


# --- iprev ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "resolve", "word"),
    [
        ("mx.example.jp", "ok", AuthResult.PASS),
        ("mx.example.jp", None, AuthResult.PASS),
        ("mx.example.jp", "OK", AuthResult.PASS),
        ("unknown", "ok", AuthResult.FAIL),
        ("unknown", "forged", AuthResult.FAIL),
        ("unknown", "fail", AuthResult.FAIL),
        ("unknown", "temp", AuthResult.TEMPERROR),
        ("unknown", None, AuthResult.UNKNOWN),
        (None, None, AuthResult.UNKNOWN),
        ("mx.example.jp", "nonsense", AuthResult.UNKNOWN),
    ],
)
def test_iprev(name: str | None, resolve: str | None, word: AuthResult) -> None:
    """Postfix's macros map to RFC 8601's words; a temporary failure is not an absence."""
    at = Envelope(client=Client(address="192.0.2.1", name=name, resolve=resolve))
    found = iprev.check(message(at=at), Evidence(), context(None))
    assert found.result("iprev") is word
    assert found.has("auth.no_iprev") is (word is AuthResult.FAIL)


def test_iprev_of_an_unknown_client() -> None:
    """Without an address there is nothing to say."""
    assert iprev.check(message(at=Envelope()), Evidence(), context(None)).results == ()
