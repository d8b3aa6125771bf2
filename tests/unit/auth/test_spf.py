"""Our part of SPF: identities, limits, the way of a pass (conformance/ has the evaluation)."""

from __future__ import annotations

import pytest
from tests.auth_support import Asked, envelope, lookup_in, txt

from sekisho.auth import spf
from sekisho.dns_answer import Answer, Found
from sekisho.message import Envelope
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult, MethodResult

PASSES = "v=spf1 ip4:192.0.2.1 -all"


def run(at: Envelope, *records: dict[str, object], dns: Asked | None = None) -> MethodResult:
    return spf.evaluate(spf.identity_of(at), at.client, lookup_in(dns or CaseResolver(records)))


def test_mail_from_is_the_identity() -> None:
    """A pass names the MAIL FROM domain and the property that RFC 8601 has for it."""
    found = run(envelope("a@Example.JP"), txt("example.jp", PASSES))
    assert (found.result, found.domain) == (AuthResult.PASS, "example.jp")
    assert found.get("smtp.mailfrom") == "example.jp"


def test_null_sender_is_helo() -> None:
    """With a null sender HELO is the identity, and the property says so."""
    found = run(envelope("", helo="mx.example.jp"), txt("mx.example.jp", PASSES))
    assert (found.result, found.domain) == (AuthResult.PASS, "mx.example.jp")
    assert found.get("smtp.helo") == "mx.example.jp"


def test_neither_sender_nor_helo_is_none() -> None:
    """A client may leave out both: there is nothing to prove then, and that is known."""
    found = run(envelope("", helo=""))
    assert (found.result, found.domain) == (AuthResult.NONE, None)


@pytest.mark.parametrize("address", [None, "", "not an address", "[192.0.2.1]"])
def test_without_an_address_nothing_is_known(address: str | None) -> None:
    """Where the client's address is not known the result is unknown, which is not none."""
    assert run(envelope("a@example.jp", address), txt("example.jp", PASSES)).result is AuthResult.UNKNOWN


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
def test_malformed_domain_is_none(sender: str) -> None:
    """RFC 7208 section 4.3: a malformed domain is none, and it is never looked up."""
    dns = Asked(CaseResolver([]))
    found = run(envelope(sender), dns=dns)
    assert (found.result, found.domain, found.properties) == (AuthResult.NONE, None, ())
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
    assert found.result is AuthResult.PASS


def test_international_sender_is_looked_up_as_ascii() -> None:
    """A U-label is looked up and reported as its A-label."""
    found = run(envelope("あ@例え.jp"), txt("xn--r8jz45g.jp", PASSES))
    assert (found.result, found.domain) == (AuthResult.PASS, "xn--r8jz45g.jp")


def test_dns_failure_is_temperror() -> None:
    """SERVFAIL gives temperror; it is never a pass or none."""
    assert run(envelope(), {"name": "example.jp", "rcode": "SERVFAIL"}).result is AuthResult.TEMPERROR


@pytest.mark.parametrize(
    "record", ["v=spf1 ptr -all", "v=spf1 a:%{h} -all", "v=spf1 exists:%{p}.example.jp -all"]
)
def test_names_of_the_client_hide_nothing(record: str) -> None:
    """The client's own names are asked for by the look-up for strangers, and what fails there matches nothing."""
    strange: list[str] = []

    def stranger(name: str, rtype: str) -> Answer:
        strange.append(name)
        return Answer(Found.TEMPERROR)

    at = envelope("a@example.jp", helo="client.example")
    known = lookup_in(CaseResolver([txt("example.jp", record)]))
    found = spf.evaluate(spf.identity_of(at), at.client, known, stranger)
    assert found.result is AuthResult.FAIL
    assert strange


def test_the_way_of_a_pass_is_kept() -> None:
    """A pass tells which records it was reached by, so that hired platforms can be told from own servers."""
    records = [
        txt("example.jp", "v=spf1 include:spf.example.jp -all"),
        txt("spf.example.jp", "v=spf1 include:platform.example ~all"),
        txt("platform.example", PASSES),
    ]
    found = run(envelope(), *records)
    assert found.get("via") == "example.jp spf.example.jp platform.example"
    assert found.get("mechanism") == "include:spf.example.jp"


def test_explanations_are_not_fetched() -> None:
    """exp= costs no look-up."""
    dns = Asked(CaseResolver([txt("example.jp", "v=spf1 exp=why.example.jp -all")]))
    run(envelope(), dns=dns)
    assert dns.asked == [("example.jp", "TXT")]


def test_look_ups_are_bounded() -> None:
    """An endless tree of includes ends at ten look-ups with permerror."""
    records = [txt(f"n{n}.jp", f"v=spf1 include:n{n + 1}.jp -all") for n in range(30)]
    dns = Asked(CaseResolver(records))
    assert run(envelope("a@n0.jp"), dns=dns).result is AuthResult.PERMERROR
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
    assert run(envelope(), txt("example.jp", record)).result is AuthResult.PERMERROR
