"""DKIM and ARC against published vectors and against dkimpy's own signer.

The vectors are the message of RFC 8463 appendix A (an RFC 6376 and an RFC 8463 signature on it) and the
fixtures in dkimpy's source package. ARC chains are signed here, hop by hop, with dkimpy. The library and the check are
asked alike.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import dkim as dkimpy
import pytest
from dkim.canonicalization import Relaxed, Simple
from tests.auth_support import NOW, context, lookup_in, message, txt
from tests.conformance.suites import source_file

from sekisho.auth import arc, dkim
from sekisho.checks.authentication import arc as arc_check
from sekisho.checks.authentication import dkim as dkim_check
from sekisho.evidence import Evidence
from sekisho.message.body import relaxed_body, simple_body
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult, MethodResult

FORMS = list(itertools.product((b"simple", b"relaxed"), repeat=2))
RFC8463_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
RESULTS = b"Authentication-Results: lists.example.org; arc=%s; spf=pass smtp.mailfrom=jqd@d1.example\r\n"


@functools.cache
def fixture(name: str) -> bytes:
    """A file of dkimpy's tests."""
    found: Path = source_file("dkimpy", "1.1.8", f"dkim/tests/data/{name}")
    return found.read_bytes()


def mail(name: str) -> bytes:
    """A message of dkimpy's tests as a milter sees it, with CRLF."""
    return re.sub(rb"\r?\n", b"\r\n", fixture(name))


def record(name: str) -> str:
    """A key of dkimpy's tests as the TXT value in DNS."""
    return fixture(name).decode().strip()


Keys = Mapping[str, str]
Verify = Callable[[bytes, Keys], list[tuple[AuthResult, str | None]]]
Validate = Callable[[bytes, Keys], AuthResult]


def zone(keys: Keys) -> CaseResolver:
    """DNS with these key records."""
    return CaseResolver([txt(name, value) for name, value in keys.items()])


def dkim_by_library(raw: bytes, keys: Keys) -> tuple[MethodResult, ...]:
    verified = dkim.evaluate(message(raw), lambda domain: lookup_in(zone(keys)), now=NOW.timestamp())
    return tuple(each.result for each in verified)


def dkim_by_check(raw: bytes, keys: Keys) -> tuple[MethodResult, ...]:
    return dkim_check.check(message(raw), Evidence(), context(zone(keys))).results


@pytest.fixture(params=[dkim_by_library, dkim_by_check])
def verify(request: pytest.FixtureRequest) -> Verify:
    """Result and domain of each signature, by either way."""
    return lambda raw, keys: [(each.result, each.domain) for each in request.param(raw, keys)]


def arc_by_library(raw: bytes, keys: Keys) -> AuthResult:
    return arc.evaluate(message(raw), lookup_in(zone(keys))).result


def arc_by_check(raw: bytes, keys: Keys) -> AuthResult:
    return arc_check.check(message(raw), Evidence(), context(zone(keys))).result("arc")


@pytest.fixture(params=[arc_by_library, arc_by_check])
def validate(request: pytest.FixtureRequest) -> Validate:
    """The state of the chain, by either way."""
    way: Validate = request.param
    return way


def example_com() -> dict[str, str]:
    return {"test._domainkey.example.com": record("test.txt")}


def test_rfc8463_example(verify: Verify) -> None:
    """Both signatures of RFC 8463 appendix A.3 verify: Ed25519 and RSA on the same message."""
    keys = {
        "test._domainkey.football.example.com": record("test.txt"),
        "brisbane._domainkey.football.example.com": RFC8463_KEY,
    }
    assert verify(mail("rfc6376.signed.msg"), keys) == [(AuthResult.PASS, "football.example.com")] * 2


@pytest.mark.parametrize("name", ["ed25519test.msg", "test.message", "rfc6376.msg"])
@pytest.mark.parametrize("forms", FORMS)
def test_what_dkimpy_signs_we_verify(name: str, forms: tuple[bytes, bytes], verify: Verify) -> None:
    """A signature in each of the four canonical forms passes, and fails when the body changes."""
    raw = mail(name)
    signature = dkimpy.sign(raw, b"test", b"example.com", fixture("test.private"), canonicalize=forms)
    assert verify(signature + raw, example_com()) == [(AuthResult.PASS, "example.com")]
    changed = (signature + raw).rstrip() + b" and more\r\n"
    assert verify(changed, example_com()) == [(AuthResult.FAIL, "example.com")]


@pytest.mark.parametrize("forms", FORMS)
def test_ed25519(forms: tuple[bytes, bytes], verify: Verify) -> None:
    """Ed25519 signatures (RFC 8463) in each form pass."""
    raw = mail("rfc6376.msg")
    signature = dkimpy.sign(
        raw,
        b"test",
        b"example.net",
        fixture("ed25519test.key"),
        signature_algorithm=b"ed25519-sha256",
        canonicalize=forms,
    )
    key = "v=DKIM1; k=ed25519; p=yi50DjK5O9pqbFpNHklsv9lqaS0ArSYu02qp1S0DW1Y="
    found = verify(signature + raw, {"test._domainkey.example.net": key})
    assert found == [(AuthResult.PASS, "example.net")]


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("test2.txt", AuthResult.PASS),  # no k= means RSA
        ("badversion.txt", AuthResult.PERMERROR),
        ("badk.txt", AuthResult.PERMERROR),
    ],
)
def test_key_records(key: str, word: AuthResult, verify: Verify) -> None:
    """dkimpy's good and bad key records are told apart."""
    raw = mail("test.message")
    signature = dkimpy.sign(raw, b"test", b"example.com", fixture("test.private"))
    found = verify(signature + raw, {"test._domainkey.example.com": record(key)})
    assert found == [(word, "example.com")]


@pytest.mark.parametrize(
    "name",
    [
        "1024_testkey_wo_markers.pub",
        "1024_testkey_wo_markers.pub.rsa",
        "2048_testkey_wo_markers.pub",
        "2048_testkey_wo_markers.pub.rsa",
    ],
)
def test_both_encodings_of_an_rsa_key(name: str, verify: Verify) -> None:
    """A key may stand in DNS as SubjectPublicKeyInfo or as a bare RSAPublicKey."""
    raw = mail("test.message")
    private = fixture(name[:4] + "_testkey.key")
    signature = dkimpy.sign(raw, b"test", b"example.com", private)
    key = record(name + ".txt")
    found = verify(signature + raw, {"test._domainkey.example.com": key})
    assert found == [(AuthResult.PASS, "example.com")]


def test_parentheses_in_the_domain(verify: Verify) -> None:
    """A signing domain with a parenthesis is no domain, whatever DNS holds for it."""
    assert verify(mail("test.message.baddomain"), example_com()) == [(AuthResult.PERMERROR, None)]


def test_simple_and_relaxed_bodies_equal_dkimpys() -> None:
    """Our linear canonical forms give what dkimpy's give, for bodies that end in a line end or are empty."""
    pieces = [b"", b"a", b" ", b"\t", b"\r\n", b" \r\n", b"a  b", b"\r\n\r\n"]
    for parts in itertools.product(pieces, repeat=4):
        body = b"".join(parts)
        body += b"" if not body or body.endswith(b"\r\n") else b"\r\n"
        assert simple_body(body) == Simple.canonicalize_body(body)
        assert relaxed_body(body) == Relaxed.canonicalize_body(body)


# --- ARC ------------------------------------------------------------------------------------------


def sealed(raw: bytes, hop: int) -> bytes:
    """The message after one more hop, which saw a passing chain (or none) and sealed it."""
    status = b"none" if hop == 1 else b"pass"
    seen = RESULTS % status + re.sub(rb"(?m)^Authentication-Results:.*\r\n", b"", raw)
    lines = dkimpy.arc_sign(seen, b"test", b"example.com", fixture("test.private"), b"lists.example.org")
    assert lines
    return b"".join(lines) + seen


def chain(hops: int) -> bytes:
    raw = mail("rfc6376.msg")
    for hop in range(1, hops + 1):
        raw = sealed(raw, hop)
    return raw


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_valid_chain(hops: int, validate: Validate) -> None:
    """A chain of one, two and three hops passes."""
    assert validate(chain(hops), example_com()) is AuthResult.PASS


ARC_FIELDS = ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")


@pytest.mark.parametrize("hop", [1, 2, 3])
@pytest.mark.parametrize("name", ARC_FIELDS)
@pytest.mark.parametrize("how", ["removed", "twice", "altered"])
def test_broken_chain(hop: int, name: str, how: str, validate: Validate) -> None:
    """A chain fails when any field of any of its three sets is removed, repeated or altered."""
    raw = chain(3)
    match = re.search(rb"(?im)^%s:\s*i=%d;(?:.*\r\n)(?:[ \t].*\r\n)*" % (name.encode(), hop), raw)
    assert match is not None
    field = match[0]
    if how == "removed":
        new = b""
    elif how == "twice":
        new = field + field
    else:
        new = field.replace(b"test", b"text").replace(b"spf=pass", b"spf=fail").replace(b"none", b"pass")
    assert new != field
    assert validate(raw.replace(field, new), example_com()) is AuthResult.FAIL


@pytest.mark.parametrize("header", [b"From", b"To", b"Subject", b"Date", b"Message-ID"])
def test_altered_header(header: bytes, validate: Validate) -> None:
    """A chain fails when a signed header field was altered after the newest hop."""
    raw = chain(2)
    altered = re.sub(rb"(?im)^(%s: *)(\S)" % header, rb"\1x\2", raw, count=1)
    assert altered != raw
    assert validate(altered, example_com()) is AuthResult.FAIL


def test_altered_body(validate: Validate) -> None:
    """A chain fails when the body was altered after the newest hop."""
    assert validate(chain(2).rstrip() + b" more\r\n", example_com()) is AuthResult.FAIL


def test_our_verdict_on_every_chain_is_dkimpys() -> None:
    """dkimpy, which passes the published ARC suite, agrees about valid chains of ours."""

    def lookup(name: bytes, timeout: float = 0) -> bytes:
        return fixture("test.txt")

    assert all(dkimpy.arc_verify(chain(hops), dnsfunc=lookup)[0] == b"pass" for hops in (1, 2, 3))


def test_unsigned_message_has_no_chain(validate: Validate) -> None:
    """Without ARC fields the result is none, not fail."""
    assert validate(mail("rfc6376.msg"), {}) is AuthResult.NONE
