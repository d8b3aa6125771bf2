"""Our part of SPF: identities, limits, what is odd about a sender (conformance/ has the evaluation)."""

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


def test_mail_from_is_the_identity() -> None:
    """A pass names the MAIL FROM domain and the property that RFC 8601 has for it."""
    found = result(run(envelope("a@Example.JP"), txt("example.jp", PASSES)))
    assert (found.result, found.domain) == (AuthResult.PASS, "example.jp")
    assert ("smtp.mailfrom", "example.jp") in found.properties


def test_null_sender_is_helo() -> None:
    """With a null sender HELO is the identity, and the property says so."""
    found = result(run(envelope("", helo="mx.example.jp"), txt("mx.example.jp", PASSES)))
    assert (found.result, found.domain) == (AuthResult.PASS, "mx.example.jp")
    assert ("smtp.helo", "mx.example.jp") in found.properties


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


def test_neither_sender_nor_helo_is_none() -> None:
    """A client may leave out both: there is nothing to prove then, and that is known."""
    (found,) = run(envelope("", helo=""), txt("example.jp", PASSES)).results
    assert (found.result, found.domain) == (AuthResult.NONE, None)


@pytest.mark.parametrize(
    "sender",
    [
        "any@legitimate.example(a.attack.example",
        "a@example.jp\0.attack.example",
        'a@"example.jp"',
        "a@[192.0.2.1]",
        "a@example.jp attack.example",
        "a@exa\tmple.jp",
        "a@-.jp",
        "a@" + "x" * 64 + ".jp",
        "a@localhost",
        "nobody",
        "a@example..jp",
        "a@例え。\udcff.jp",
    ],
)
def test_malformed_domain_is_none_and_a_finding(sender: str) -> None:
    """RFC 7208 section 4.3: a malformed domain is none; it is never looked up, and it is a finding."""
    dns = Asked(CaseResolver([]))
    found = spf.check(message(at=envelope(sender)), Evidence(), context(dns))
    assert result(found).result is AuthResult.NONE
    assert result(found).domain is None
    assert result(found).properties == ()
    assert found.has("envelope.sender_malformed")
    assert dns.asked == []


@pytest.mark.parametrize(
    "sender",
    [
        "a..b@docomo.example.jp",
        "x.@docomo.example.jp",
        '"a..b"@docomo.example.jp',
        '"x@y.evil"@docomo.example.jp',
    ],
)
def test_carrier_addresses_are_ordinary(sender: str) -> None:
    """Dots where the RFC has none, and quotes, are ordinary in Japan; the last @ divides."""
    found = run(envelope(sender), txt("docomo.example.jp", PASSES))
    assert (result(found).result, found.findings) == (AuthResult.PASS, ())


def test_international_sender_is_looked_up_as_ascii() -> None:
    """A U-label is looked up and reported as its A-label."""
    found = result(run(envelope("あ@例え.jp"), txt("xn--r8jz45g.jp", PASSES)))
    assert (found.result, found.domain) == (AuthResult.PASS, "xn--r8jz45g.jp")


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


def test_the_way_of_a_pass_is_kept() -> None:
    """A pass tells which records it was reached by, so that hired platforms can be told from own servers."""
    records = [
        txt("example.jp", "v=spf1 include:spf.example.jp -all"),
        txt("spf.example.jp", "v=spf1 include:platform.example ~all"),
        txt("platform.example", PASSES),
    ]
    facts = dict(result(run(envelope(), *records)).properties)
    assert facts["via"].split() == ["example.jp", "spf.example.jp", "platform.example"]
    assert facts["mechanism"] == "include:spf.example.jp"


def test_explanations_are_not_fetched() -> None:
    """exp= costs no look-up."""
    dns = Asked(CaseResolver([txt("example.jp", "v=spf1 exp=why.example.jp -all")]))
    spf.check(message(), Evidence(), context(dns))
    assert dns.asked == [("example.jp", "TXT")]


def test_look_ups_are_bounded() -> None:
    """An endless tree of includes ends at ten look-ups with permerror."""
    records = [txt(f"n{n}.jp", f"v=spf1 include:n{n + 1}.jp -all") for n in range(30)]
    dns = Asked(CaseResolver(records))
    found = spf.check(message(at=envelope("a@n0.jp")), Evidence(), context(dns))
    assert result(found).result is AuthResult.PERMERROR
    assert len(dns.asked) == 11


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 a:" + "a" * 60_000 + "! -all",
        "v=spf1 " + "a:x.jp " * 9_000,
        "v=spf1 exists:" + "%{s}" * 15_000,
        "v=spf1 ip4:" + "1" * 60_000,
        "v=spf1 " + "x" * 60_000 + "=",
    ],
)
def test_giant_records_are_permanent_errors(record: str) -> None:
    """A record that would cost pyspf seconds is refused before it is parsed."""
    assert result(run(envelope(), txt("example.jp", record))).result is AuthResult.PERMERROR


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
