"""What a signature must be to prove its domain, and that none can make the check raise or run long."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import nacl.signing
import pytest
from tests.auth_support import NOW, Asked, context, message, txt

from sekisho.auth.keys import SignatureError, fetch_key, parse_key
from sekisho.auth.signatures import relaxed_value, without_signature
from sekisho.checks.authentication import dkim
from sekisho.evidence import Evidence
from sekisho.message.body import relaxed_body
from sekisho.ports import Answer, Found
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult

SEED = nacl.signing.SigningKey(hashlib.sha256(b"a key for tests").digest())
RECORD = "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(SEED.verify_key)).decode()
KEY_NAME = "s1._domainkey.example.jp"
HEAD = [b"From: A <a@example.jp>", b"Subject: hello", b"Content-Type: text/plain"]
BODY = b"text\r\n"


def signed(
    names: bytes = b"from:subject:content-type",
    head: list[bytes] | None = None,
    body: bytes = BODY,
    extra: bytes = b"",
    length: int | None = None,
) -> bytes:
    """A message with a valid relaxed/relaxed Ed25519 signature by s1 of example.jp, made without our
    code beyond the canonical forms, which conformance/ proves."""
    fields = head if head is not None else HEAD
    canonical = relaxed_body(body)[:length]
    digest = base64.b64encode(hashlib.sha256(canonical).digest())
    value = b" v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.jp; s=s1; h=%s; bh=%s; %sb=" % (
        names,
        digest,
        extra,
    )
    lines = b""
    left = [(line.partition(b":")[0].lower(), line) for line in fields]
    for name in names.split(b":"):
        place = max((at for at, (key, _) in enumerate(left) if key == name), default=None)
        if place is not None:
            key, line = left.pop(place)
            lines += key + b":" + relaxed_value(line.partition(b":")[2]) + b"\r\n"
    lines += b"dkim-signature:" + relaxed_value(value)
    seal = base64.b64encode(SEED.sign(hashlib.sha256(lines).digest()).signature)
    return b"\r\n".join([b"DKIM-Signature:" + value + seal, *fields, b"", body])


def run(raw: bytes, *records: dict[str, object]) -> Evidence:
    dns = CaseResolver(records or [txt(KEY_NAME, RECORD)])
    return dkim.check(message(raw), Evidence(), context(dns))


def word(found: Evidence) -> AuthResult:
    assert len(found.results) == 1
    return found.results[0].result


def test_pass() -> None:
    """A signature over From, Subject, Content-Type and the whole body proves d=, without any reservation."""
    found = run(signed())
    result = found.results[0]
    assert (result.result, result.domain, found.findings) == (AuthResult.PASS, "example.jp", ())
    assert dict(result.properties)["header.s"] == "s1"
    assert len(dict(result.properties)["header.b"]) == 8


@pytest.mark.parametrize(
    ("raw", "expected", "finding"),
    [
        (signed(extra=b"l=4; ", length=4), AuthResult.POLICY, "dkim.body_length"),
        (signed(extra=b"l=0; ", length=0), AuthResult.POLICY, "dkim.body_length"),
        (signed(extra=b"l=6; ", length=6), AuthResult.PASS, None),
        (signed(b"subject:content-type"), AuthResult.POLICY, "dkim.from_unsigned"),
        (signed(head=[HEAD[0], *HEAD]), AuthResult.POLICY, "dkim.from_unsigned"),
        (signed(extra=b"x=1; "), AuthResult.POLICY, "dkim.expired"),
        (signed(extra=b"t=1; x=%d; " % NOW.timestamp()), AuthResult.PASS, None),
        (signed(extra=b"t=%d; " % (NOW + timedelta(days=900)).timestamp()), AuthResult.PASS, None),
        (signed(b"from:content-type"), AuthResult.PASS, "dkim.unsigned_field"),
        (signed(head=[*HEAD, b"Subject: other"]), AuthResult.PASS, "dkim.added_field"),
        (signed(b"from:subject:subject:content-type", [*HEAD, b"Subject: other"]), AuthResult.PASS, None),
        (signed(b"from:from:subject:content-type"), AuthResult.PASS, None),
    ],
)
def test_reservations(raw: bytes, expected: AuthResult, finding: str | None) -> None:
    """What verifies and still proves nothing is policy; what is merely not covered is noted."""
    found = run(raw)
    assert word(found) is expected
    assert (finding in {each.kind.id for each in found.findings}) if finding else not found.findings


def test_expiry_is_judged_by_the_time_of_arrival() -> None:
    """The machine's clock plays no part: a signature that was valid on arrival is valid."""
    assert word(run(signed(extra=b"x=%d; " % (NOW.timestamp() - 200)))) is AuthResult.PASS
    assert word(run(signed(extra=b"x=%d; " % (NOW.timestamp() - 400)))) is AuthResult.POLICY


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((b"text", b"test"), AuthResult.FAIL),
        ((b"Subject: hello", b"Subject: Hello"), AuthResult.FAIL),
        ((b"a@example.jp", b"b@example.jp"), AuthResult.FAIL),
        ((b"v=1;", b"v=2;"), AuthResult.PERMERROR),
        ((b"v=1;", b""), AuthResult.PERMERROR),
        ((b"ed25519-sha256", b"rsa-sha1"), AuthResult.PERMERROR),
        ((b"ed25519-sha256", b"rsa-sha256"), AuthResult.PERMERROR),
        ((b"d=example.jp", b"d=example.jp(evil"), AuthResult.PERMERROR),
        ((b"d=example.jp", b'd="example.jp"'), AuthResult.PERMERROR),
        ((b"d=example.jp", b"d=example.jp\0"), AuthResult.PERMERROR),
        ((b"d=example.jp", b"d=example\xff.jp"), AuthResult.PERMERROR),
        ((b"d=example.jp", b"d=jp"), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1\0"), AuthResult.PERMERROR),
        ((b"s=s1", b's="s1"'), AuthResult.PERMERROR),
        ((b"s=s1", b"s="), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1; s=s2"), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1; i=@evil.jp"), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1; i=@notexample.jp"), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1; x=1; t=2"), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1; x=soon"), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1; l=-1"), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1; l=" + b"9" * 77), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s1; q=http"), AuthResult.PERMERROR),
        ((b"c=relaxed/relaxed", b"c=strict"), AuthResult.PERMERROR),
        ((b"bh=", b"bh=!"), AuthResult.PERMERROR),
        ((b" b=", b" b=!"), AuthResult.PERMERROR),
        ((b"h=", b"g="), AuthResult.PERMERROR),
        ((b"s=s1", b"s=s2"), AuthResult.PERMERROR),
        ((b"s=s1", b"=;;;"), AuthResult.PERMERROR),
    ],
)
def test_changed_and_broken(change: tuple[bytes, bytes], expected: AuthResult) -> None:
    """A changed message fails; a signature that is none is a permanent error; neither is a pass."""
    raw = signed()
    assert change[0] in raw
    found = run(raw.replace(*change, 1))
    assert word(found) is expected
    assert found.has("auth.dkim_fail")


def test_missing_key_and_silent_dns_are_kept_apart() -> None:
    """No key is permerror and known to be absent; no answer is temperror, degraded, and no finding."""
    absent = run(signed(), txt("other._domainkey.example.jp", RECORD))
    assert (word(absent), dict(absent.results[0].properties)["key"]) == (AuthResult.PERMERROR, "absent")
    unknown = run(signed(), {"name": KEY_NAME, "rcode": "TIMEOUT"})
    assert (word(unknown), dict(unknown.results[0].properties)["key"]) == (AuthResult.TEMPERROR, "unknown")
    assert (unknown.degraded, unknown.findings) == (("dns",), ())
    broken = run(signed().replace(b"text\r\n", b"x\r\n"))
    assert (word(broken), dict(broken.results[0].properties)["key"]) == (AuthResult.FAIL, "found")


def test_at_most_five_signatures() -> None:
    """Five signatures are looked at, and that there were more is a finding."""
    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2]
    dns = Asked(CaseResolver([txt(KEY_NAME, RECORD)]))
    found = dkim.check(message(line * 200 + raw), Evidence(), context(dns))
    assert len(found.results) == 5
    assert len(dns.asked) == 5
    assert found.has("dkim.too_many_signatures")
    assert found.degraded == ("limit",)


@pytest.mark.parametrize("hidden", [b"From: B <b@attacker.example>\r\n", b""])
def test_a_header_beyond_the_limit_neither_passes_nor_fails(hidden: bytes) -> None:
    """Verifiers take the lowest From. Behind a thousand fields it may be another than the one we see, so a signature
    that seems to hold is no proof; one that seems not to is no failure either."""
    raw = signed().replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * 1000 + hidden + b"\r\n", 1)
    for each in (raw, raw.replace(b"text\r\n", b"changed\r\n")):
        found = run(each)
        assert word(found) is AuthResult.NEUTRAL
        assert not found.findings


def test_one_good_signature_among_broken_ones() -> None:
    """A broken signature beside a valid one is no finding, and each has its result."""
    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2].replace(b"bh=", b"bh=AAAA")
    found = run(line + raw)
    assert [each.result for each in found.results] == [AuthResult.FAIL, AuthResult.PASS]
    assert not found.has("auth.dkim_fail")


@pytest.mark.parametrize(
    ("tag", "odd"),
    [
        (b"d=example.jp(.stranger.example", True),
        (b"d=example.jp'.stranger.example", True),
        (b'd=example.jp"', True),
        (b"d=<example.jp>", True),
        (b"d=example.jp\x01", True),
        (b"s=s1\\.stranger.example", True),
        (b"s=s1,x", True),
        (b"d=example", False),
        (b"d=-example-.jp", False),
        (b"d=", False),
        ("d=例え.jp".encode(), False),
        (b"s=s1..x", False),
    ],
)
def test_names_that_programs_read_differently(tag: bytes, odd: bool) -> None:
    """Quotes, brackets and controls in a domain or selector are a finding, also beside a signature that holds;
    a name that is only wrong is not."""
    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2].replace(b"d=example.jp; s=s1;", b"d=a.example; s=s1; " + tag + b";")
    line = line.replace((b"s=s1; " if tag[:1] == b"s" else b"d=a.example; "), b"", 1)
    found = run(line + raw)
    assert found.has("dkim.malformed_name") is odd
    assert found.result("dkim") is AuthResult.PASS


def test_no_signature_is_none() -> None:
    """Without signature the result is none; without DNS there is no result at all."""
    assert word(run(b"From: a@example.jp\r\n\r\nx\r\n")) is AuthResult.NONE
    assert dkim.check(message(signed()), Evidence(), context(None)).results == ()


# --- keys -----------------------------------------------------------------------------------------


def der(number: int) -> bytes:
    size = number.bit_length() // 8 + 1
    return b"\x02" + length(size) + number.to_bytes(size, "big")


def length(size: int) -> bytes:
    return bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")


def rsa(bits: int, exponent: int = 65537) -> bytes:
    content = der((1 << (bits - 1)) | 1) + der(exponent)
    return b"p=" + base64.b64encode(b"\x30" + length(len(content)) + content)


def test_weak_and_strong_keys() -> None:
    """RSA is weak below 1024 bits; Ed25519 never is."""
    assert parse_key(rsa(512)).weak
    assert parse_key(rsa(1023)).weak
    assert not parse_key(rsa(1024)).weak
    assert not parse_key(RECORD.encode()).weak


@pytest.mark.parametrize(
    "text",
    [
        b"p=",
        b"v=DKIM1; p=",
        b"v=DKIM2; " + rsa(1024),
        b"k=dsa; " + rsa(1024),
        b"k=ed25519; p=AAAA",
        b"k=ed25519; p=" + base64.b64encode(b"x" * 33),
        b"s=tlsrpt; " + rsa(1024),
        b"h=sha1; " + rsa(1024),
        b"p=not base64!",
        b"p=A",
        b"p=AAAA",
        b"p=" + base64.b64encode(b"\x30\x84\xff\xff\xff\xff"),
        rsa(16384),
        rsa(1024, 1),
        rsa(1024, 2**127 + 1),
        rsa(128),
        b"p=" + b"A" * 60_000,
        b"p=" + base64.b64encode(b"\x30\x80\x02\x00\x02\x00"),
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_key_records_that_are_none(text: bytes) -> None:
    """Revoked, foreign, malformed and monstrous keys are permanent errors, never another exception."""
    with pytest.raises(SignatureError) as caught:
        parse_key(text)
    assert caught.value.result is AuthResult.PERMERROR


def test_services_and_hashes_may_be_listed() -> None:
    """Lists that include us are accepted."""
    assert parse_key(b"s=other:email; h=sha1:sha256; " + rsa(2048)).bits == 2048


def test_several_different_keys_are_none() -> None:
    """Two different key records prove nothing; the same one twice is one."""
    one, two = rsa(1024), rsa(2048)
    assert fetch_key("a.jp", "s", lambda *_: Answer(Found.ANSWER, (one, one, b"unrelated"))).bits == 1024
    with pytest.raises(SignatureError):
        fetch_key("a.jp", "s", lambda *_: Answer(Found.ANSWER, (one, two)))


def test_strict_key_flag() -> None:
    """t=s forbids signing for a subdomain in i= (RFC 6376 section 3.6.1)."""
    raw = signed(extra=b"i=@mail.example.jp; ")
    assert word(run(raw)) is AuthResult.PASS
    assert word(run(raw, txt(KEY_NAME, RECORD + "; t=s"))) is AuthResult.PERMERROR
    assert word(run(signed(), txt(KEY_NAME, RECORD + "; t=y:s"))) is AuthResult.PASS


# --- canonical forms and cost ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (b"a=1; b=abc", b"a=1; b="),
        (b"a=1; b = a b\r\n c ; d=x", b"a=1; b =; d=x"),
        (b"b=abc;bh=abc", b"b=;bh=abc"),
        (b"bh=b=;b=x=;", b"bh=b=;b=;"),
    ],
)
def test_signature_value_is_taken_out(value: bytes, left: bytes) -> None:
    """Only the content of the tag named b goes, with the blanks around it (RFC 6376 section 3.7)."""
    assert without_signature(value) == left


HOSTILE_VALUES = [
    b" b=" + b"\r\n " * 20_000,
    b" b" + b" " * 60_000 + b"!",
    b" h="
    + b":".join(b"x%d" % n for n in range(8_000))
    + b"; v=1; a=rsa-sha256; d=a.jp; s=s; bh=AAAA; b=AAAA",
    b";" * 60_000,
    b"=" * 60_000,
    b" v=1;" * 10_000,
    b"\xff" * 60_000,
]


@pytest.mark.parametrize("value", HOSTILE_VALUES)
@pytest.mark.timeout(20)
def test_hostile_signature_fields(value: bytes) -> None:
    """Fields made to be slow or to break a parser are permanent errors."""
    raw = b"DKIM-Signature:" + value + b"\r\nFrom: a@example.jp\r\n\r\nx\r\n"
    assert run(raw).result("dkim") in (AuthResult.PERMERROR, AuthResult.FAIL)


@pytest.mark.parametrize(
    "body", [b"\r\n" * 4_000_000, b" " * 8_000_000, b" \r\n" * 2_000_000, b" a" * 4_000_000]
)
@pytest.mark.timeout(20)
def test_hostile_bodies(body: bytes) -> None:
    """Eight megabytes of blanks or empty lines are canonical in a moment."""
    assert len(relaxed_body(body)) <= len(body) + 2
