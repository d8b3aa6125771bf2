"""DKIM and ARC against published vectors and against dkimpy's own signer.

The vectors are the message of RFC 8463 appendix A (an RFC 6376 and an RFC 8463 signature on it) and the
fixtures in dkimpy's source package. ARC chains are signed here, hop by hop, with dkimpy.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import dkim as dkimpy
import pytest
from dkim.canonicalization import Relaxed, Simple
from tests.auth_support import context, message, txt
from tests.conformance.suites import source_file

from sekisho.checks.authentication import arc, dkim
from sekisho.evidence import Evidence
from sekisho.message.body import relaxed_body, simple_body
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult

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


def run(raw: bytes, keys: Mapping[str, str]) -> Evidence:
    """Our DKIM check on a message, with these key records."""
    dns = CaseResolver([txt(name, value) for name, value in keys.items()])
    return dkim.check(message(raw), Evidence(), context(dns))


def run_arc(raw: bytes, keys: Mapping[str, str]) -> AuthResult:
    dns = CaseResolver([txt(name, value) for name, value in keys.items()])
    return arc.check(message(raw), Evidence(), context(dns)).result("arc")


def example_com() -> dict[str, str]:
    return {"test._domainkey.example.com": record("test.txt")}


def test_rfc8463_example() -> None:
    """Both signatures of RFC 8463 appendix A.3 verify: Ed25519 and RSA on the same message."""
    keys = {
        "test._domainkey.football.example.com": record("test.txt"),
        "brisbane._domainkey.football.example.com": RFC8463_KEY,
    }
    results = run(mail("rfc6376.signed.msg"), keys).of("dkim")
    assert [(result.result, result.domain) for result in results] == [
        (AuthResult.PASS, "football.example.com")
    ] * 2


@pytest.mark.parametrize("name", ["ed25519test.msg", "test.message", "rfc6376.msg"])
@pytest.mark.parametrize("forms", FORMS)
def test_what_dkimpy_signs_we_verify(name: str, forms: tuple[bytes, bytes]) -> None:
    """A signature in each of the four canonical forms passes, and fails when the body changes."""
    raw = mail(name)
    signature = dkimpy.sign(raw, b"test", b"example.com", fixture("test.private"), canonicalize=forms)
    assert run(signature + raw, example_com()).result("dkim") is AuthResult.PASS
    changed = (signature + raw).rstrip() + b" and more\r\n"
    assert run(changed, example_com()).result("dkim") is AuthResult.FAIL


@pytest.mark.parametrize("forms", FORMS)
def test_ed25519(forms: tuple[bytes, bytes]) -> None:
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
    assert run(signature + raw, {"test._domainkey.example.net": key}).result("dkim") is AuthResult.PASS


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("test2.txt", AuthResult.PASS),  # no k= means RSA
        ("badversion.txt", AuthResult.PERMERROR),
        ("badk.txt", AuthResult.PERMERROR),
    ],
)
def test_key_records(key: str, word: AuthResult) -> None:
    """dkimpy's good and bad key records are told apart."""
    raw = mail("test.message")
    signature = dkimpy.sign(raw, b"test", b"example.com", fixture("test.private"))
    assert run(signature + raw, {"test._domainkey.example.com": record(key)}).result("dkim") is word


@pytest.mark.parametrize(
    "name",
    [
        "1024_testkey_wo_markers.pub",
        "1024_testkey_wo_markers.pub.rsa",
        "2048_testkey_wo_markers.pub",
        "2048_testkey_wo_markers.pub.rsa",
    ],
)
def test_both_encodings_of_an_rsa_key(name: str) -> None:
    """A key may stand in DNS as SubjectPublicKeyInfo or as a bare RSAPublicKey."""
    raw = mail("test.message")
    private = fixture(name[:4] + "_testkey.key")
    signature = dkimpy.sign(raw, b"test", b"example.com", private)
    key = record(name + ".txt")
    assert run(signature + raw, {"test._domainkey.example.com": key}).result("dkim") is AuthResult.PASS


def test_parentheses_in_the_domain() -> None:
    """A signing domain with a parenthesis is no domain, whatever DNS holds for it."""
    results = run(mail("test.message.baddomain"), example_com()).of("dkim")
    assert [result.result for result in results] == [AuthResult.PERMERROR]
    assert results[0].domain is None


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
def test_valid_chain(hops: int) -> None:
    """A chain of one, two and three hops passes."""
    assert run_arc(chain(hops), example_com()) is AuthResult.PASS


ARC_FIELDS = ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")


@pytest.mark.parametrize("hop", [1, 2, 3])
@pytest.mark.parametrize("name", ARC_FIELDS)
@pytest.mark.parametrize("how", ["removed", "twice", "altered"])
def test_broken_chain(hop: int, name: str, how: str) -> None:
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
    assert run_arc(raw.replace(field, new), example_com()) is AuthResult.FAIL


@pytest.mark.parametrize("header", [b"From", b"To", b"Subject", b"Date", b"Message-ID"])
def test_altered_header(header: bytes) -> None:
    """A chain fails when a signed header field was altered after the newest hop."""
    raw = chain(2)
    altered = re.sub(rb"(?im)^(%s: *)(\S)" % header, rb"\1x\2", raw, count=1)
    assert altered != raw
    assert run_arc(altered, example_com()) is AuthResult.FAIL


def test_altered_body() -> None:
    """A chain fails when the body was altered after the newest hop."""
    assert run_arc(chain(2).rstrip() + b" more\r\n", example_com()) is AuthResult.FAIL


def test_our_verdict_on_every_chain_is_dkimpys() -> None:
    """dkimpy, which passes the published ARC suite, agrees about valid chains of ours."""

    def lookup(name: bytes, timeout: float = 0) -> bytes:
        return fixture("test.txt")

    assert all(dkimpy.arc_verify(chain(hops), dnsfunc=lookup)[0] == b"pass" for hops in (1, 2, 3))


def test_unsigned_message_has_no_chain() -> None:
    """Without ARC fields the result is none, not fail."""
    assert run_arc(mail("rfc6376.msg"), {}) is AuthResult.NONE
