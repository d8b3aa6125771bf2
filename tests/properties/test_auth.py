"""Whatever bytes arrive, authentication gives results: no exception, no injection, no pass from nothing."""

from __future__ import annotations

import contextlib

import authres as library
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.auth_support import NOW, lookup_in, message, txt

from sekisho.auth import arc, authres, dkim, dmarc, spf
from sekisho.auth.forged_fields import OwnFields, is_forged
from sekisho.auth.identifiers import lookup_domain
from sekisho.auth.keys import SignatureError, parse_key
from sekisho.auth.signatures import parse_signature, without_signature
from sekisho.dns_answer import Answer, Found
from sekisho.message import Client, Field
from sekisho.message.body import relaxed_body, simple_body
from sekisho.resolver import CaseResolver
from sekisho.resolver.message import parse_response, read_response
from sekisho.results import AuthResult, MethodResult

PIECES = st.sampled_from(
    [
        "v=1",
        "a=",
        "b=",
        "bh=",
        "d=",
        "s=",
        "h=",
        "from",
        "x=",
        "l=",
        "i=",
        "t=",
        "c=",
        ";",
        ":",
        "=",
        " ",
        "\r\n ",
        "example.jp",
        "rsa-sha256",
        "ed25519-sha256",
        "relaxed/simple",
        "AAAA",
        "1",
        "\x00",
        '"',
        "(",
        ")",
        "@",
        "\\",
        "é",
    ]
)
TAGGED = st.lists(PIECES, max_size=40).map("".join).map(lambda text: text.encode("utf-8"))
HOSTILE = st.one_of(st.binary(max_size=300), TAGGED)
TEXT = st.text(max_size=80)


@given(HOSTILE)
def test_signatures_and_keys_raise_only_their_own_error(value: bytes) -> None:
    """Any bytes are a signature (a key), or a SignatureError and nothing else."""
    for read in (parse_key, lambda text: parse_signature(Field(b"DKIM-Signature", text))):
        with contextlib.suppress(SignatureError):
            read(value)


@given(HOSTILE, HOSTILE, st.binary(max_size=200))
def test_dkim_and_arc_always_answer(value: bytes, record: bytes, body: bytes) -> None:
    """DKIM and ARC give a result for any field and any key, and never a pass; nothing makes them raise."""
    field = value.replace(b"\r", b"").replace(b"\n", b"")
    raw = b"DKIM-Signature: v=1; s=s; d=example.jp; " + field + b"\r\nARC-Seal: i=1; " + field
    raw += b"\r\nFrom: a@example.jp\r\n\r\n" + body

    def lookup(name: str, rtype: str) -> Answer:
        return Answer(Found.ANSWER, (record,))

    read = message(raw)
    verified = dkim.evaluate(read, lambda domain: lookup, now=NOW.timestamp())
    words = [each.result.result for each in verified] + [arc.evaluate(read, lookup).result]
    assert len(words) == 2
    assert AuthResult.PASS not in words


@given(
    st.lists(st.sampled_from([b"\r\n", b" ", b"\t", b"a", b" a", b"\n", b"\r"]), max_size=60).map(b"".join)
)
def test_canonical_bodies_are_stable(body: bytes) -> None:
    """A canonical body is its own canonical form and ends in exactly one line end, or is empty."""
    for form in (simple_body, relaxed_body):
        once = form(body)
        assert form(once) == once
        assert once == b"" or once.endswith(b"\r\n")
        assert once == b"\r\n" or not once.endswith(b"\r\n\r\n")


@given(TAGGED)
def test_taking_out_a_signature_twice_changes_nothing(value: bytes) -> None:
    """What has no signature value keeps everything else."""
    once = without_signature(value)
    assert without_signature(once) == once
    assert len(once) <= len(value)


SPF_TERMS = st.sampled_from(
    [
        "all",
        "-all",
        "a",
        "mx",
        "ptr",
        "a:",
        "mx:%{d}",
        "include:example.jp",
        "include:other.jp",
        "exists:%{i}.x.jp",
        "ip4:192.0.2.0/24",
        "ip4:999",
        "ip6:::1",
        "redirect=other.jp",
        "redirect=",
        "exp=x.jp",
        "%{p}",
        "%",
        "a/33",
        "\x00",
        "é",
        "=",
        "x=y",
        "?mx//200",
        "exists:%{l1r-}.%{ir}.%{v}",
    ]
)


@given(st.lists(SPF_TERMS, max_size=12), TEXT, TEXT)
def test_spf_always_answers(terms: list[str], local: str, helo: str) -> None:
    """Any record, local part and HELO give a result: none of them makes pyspf raise."""
    record = txt("example.jp", " ".join(["v=spf1", *terms]))
    dns = CaseResolver([record, txt("other.jp", "v=spf1 ?all"), {"name": "x.jp", "rcode": "SERVFAIL"}])
    identity = spf.Identity("smtp.mailfrom", local, "example.jp")
    result = spf.evaluate(identity, Client(address="192.0.2.1", helo=helo), lookup_in(dns))
    assert (result.method, result.domain) == ("spf", "example.jp")


@given(TEXT)
def test_identifiers_are_dull(text: str) -> None:
    """What is accepted as an identifier holds nothing but letters, digits, dots, hyphens and underscores."""
    domain = lookup_domain(text)
    assert domain is None or (
        domain.isascii() and domain.replace("-", "").replace("_", "").replace(".", "").isalnum()
    )


@given(HOSTILE)
def test_dmarc_records(value: bytes) -> None:
    """Any TXT value is a record with a known policy, or none."""
    record = dmarc.parse_record(value)
    assert record is None or record.asked(below=True, exists=False) in dmarc.POLICIES


@given(st.binary(max_size=400), st.integers(0, 65_535))
def test_dns_responses(wire: bytes, ident: int) -> None:
    """Any datagram is our answer, or nothing."""
    head = ident.to_bytes(2, "big") + b"\x81\x80\0\1\0\1\0\0\0\0\7example\2jp\0\0\x10\0\1"
    for packet in (wire, head + b"\xc0\x0c\0\x10\0\1\0\0\0\x09" + wire, head + wire):
        response = parse_response(packet, "example.jp", "TXT", ident)
        if response is not None:
            assert read_response(response, "example.jp", "TXT").answer.found in Found


AR_PIECES = st.sampled_from(
    [
        "mx.example.jp",
        "MX",
        ".",
        ";",
        "=",
        "spf",
        "pass",
        "none",
        "(",
        ")",
        '"',
        "\\",
        " ",
        "\r\n ",
        "/",
        "1",
        "@",
        "a",
    ]
)


@given(st.one_of(TEXT, st.lists(AR_PIECES, max_size=30).map("".join)))
def test_reading_never_raises(value: str) -> None:
    """Any text is read as a value or as none, and its claim is a string or none."""
    authres.parse(value)
    assert authres.claimed_id(value) is None or isinstance(authres.claimed_id(value), str)


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.sampled_from(authres.FIELD_ORDER), st.sampled_from(AuthResult), TEXT, TEXT, TEXT),
        max_size=6,
    ),
    TEXT,
)
def test_what_we_write_is_read_back(results: list[tuple[str, AuthResult, str, str, str]], user: str) -> None:
    """Whatever the results hold, our value is valid, names us, and says the words we meant and no other."""
    names = sorted(authres.PROPERTIES)
    made = [
        MethodResult(
            method, word, reason=reason, properties=(*((name, value) for name in names), (key, value))
        )
        for method, word, reason, value, key in results
    ]
    value = authres.field("mx.example.jp", made, user)
    assert "\n" not in value.replace("\n ", "")
    assert value.isascii()
    assert value.replace("\n", "").isprintable()
    parsed = authres.parse(value)
    assert parsed is not None
    wanted = [(each[0], each[1].value) for m in authres.FIELD_ORDER for each in results if each[0] == m]
    wanted = [pair for pair in wanted if pair[1] != "unknown"]
    read = [(each.method, each.result) for each in parsed.results if each.method != "auth"]
    assert read == wanted
    theirs = library.AuthenticationResultsHeader.parse_value(value.replace("\n", "\r\n"))
    assert [(each.method, each.result) for each in theirs.results if each.method != "auth"] == wanted
    assert is_forged(Field(b"Authentication-Results", value.encode()), OwnFields("mx.example.jp"))
