"""What a signature must be to prove its domain, and that none can make the library raise or run long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.auth_support import NOW, Asked, lookup_in, message, txt
from tests.dkim_support import HEAD, KEY_NAME, RECORD, signed

from sekisho.auth.dkim import Coverage, Reservation, Verification, coverage, evaluate, key_name, mixed_reading
from sekisho.auth.lookup import Lookup
from sekisho.auth.signatures import without_signature
from sekisho.message import Field
from sekisho.message.body import relaxed_body
from sekisho.ports import Resolver
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult


def run(raw: bytes, *records: dict[str, object], dns: Resolver | None = None) -> tuple[Verification, ...]:
    lookup = lookup_in(dns or CaseResolver(records or [txt(KEY_NAME, RECORD)]))
    return evaluate(message(raw), lambda domain: lookup, now=NOW.timestamp())


def word(found: tuple[Verification, ...]) -> AuthResult:
    assert len(found) == 1
    return found[0].result.result


def test_pass() -> None:
    """A signature over From, Subject, Content-Type and the whole body proves d=, without any reservation."""
    (found,) = run(signed())
    assert (found.result.result, found.result.domain, found.reservations) == (
        AuthResult.PASS,
        "example.jp",
        (),
    )
    assert found.verifies
    assert found.result.get("header.s") == "s1"
    assert len(found.result.get("header.b") or "") == 8


@pytest.mark.parametrize(
    ("raw", "reservation"),
    [
        (signed(extra=b"l=4; ", length=4), Reservation.BODY_LENGTH),
        (signed(extra=b"l=0; ", length=0), Reservation.BODY_LENGTH),
        (signed(extra=b"l=6; ", length=6), None),
        (signed(b"subject:content-type"), Reservation.FROM_UNSIGNED),
        (signed(head=[HEAD[0], *HEAD]), Reservation.FROM_UNSIGNED),
        (signed(extra=b"x=1; "), Reservation.EXPIRED),
        (signed(extra=b"t=1; x=%d; " % NOW.timestamp()), None),
        (signed(extra=b"t=%d; " % (NOW + timedelta(days=900)).timestamp()), None),
        (signed(extra=b"x=%d; " % (NOW.timestamp() - 200)), None),
        (signed(extra=b"x=%d; " % (NOW.timestamp() - 400)), Reservation.EXPIRED),
    ],
)
def test_reservations(raw: bytes, reservation: Reservation | None) -> None:
    """What verifies and still proves nothing is policy, and the reason says why."""
    (found,) = run(raw)
    assert found.verifies
    assert found.reservations == ((reservation,) if reservation else ())
    assert found.result.result is (AuthResult.POLICY if reservation else AuthResult.PASS)
    assert found.result.reason == (reservation or "")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (signed(), Coverage()),
        (signed(b"from:content-type"), Coverage(unsigned=("subject",))),
        (signed(b"from"), Coverage(unsigned=("subject", "content-type"))),
        (signed(head=[*HEAD, b"Subject: other"]), Coverage(added=("subject",))),
        (signed(b"from:subject:subject:content-type", [*HEAD, b"Subject: other"]), Coverage()),
        (signed(b"from:from:subject:content-type"), Coverage()),
        (signed(b"from").replace(b"text", b"changed"), Coverage()),
    ],
)
def test_coverage(raw: bytes, expected: Coverage) -> None:
    """What the reader sees and no signature covers is told; a signature that fails covers nothing and tells nothing."""
    read = message(raw)
    assert coverage(read.headers, run(raw), read.author.domain) == expected


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
    assert not found[0].verifies


def test_missing_key_and_silent_dns_are_kept_apart() -> None:
    """No key is permerror and known to be absent; no answer is temperror; and a bad signature has its key."""
    found = {
        "absent": run(signed(), txt("other._domainkey.example.jp", RECORD)),
        "unknown": run(signed(), {"name": KEY_NAME, "rcode": "TIMEOUT"}),
        "found": run(signed().replace(b"text\r\n", b"x\r\n")),
    }
    assert {key: each[0].result.get("key") for key, each in found.items()} == {key: key for key in found}
    words = (AuthResult.PERMERROR, AuthResult.TEMPERROR, AuthResult.FAIL)
    assert tuple(word(each) for each in found.values()) == words


def test_at_most_five_signatures() -> None:
    """Five signatures are verified, and those of the author's organisation first."""
    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2]
    dns = Asked(CaseResolver([txt(KEY_NAME, RECORD)]))
    found = run(line.replace(b"d=example.jp", b"d=stranger.example") * 200 + raw, dns=dns)
    assert [each.result.domain for each in found] == ["example.jp"] + ["stranger.example"] * 4
    assert len(dns.asked) == 5


def test_what_is_left_when_time_is_over_is_temperror() -> None:
    """Signatures that there was no time for are undecided, by name, and cost no look-up."""
    dns = Asked(CaseResolver([txt(KEY_NAME, RECORD)]))
    left = iter([False, True])
    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2]
    lookup = lookup_in(dns)
    found = evaluate(
        message(line + raw), lambda domain: lookup, now=NOW.timestamp(), expired=lambda: next(left)
    )
    assert [each.result.result for each in found] == [AuthResult.PASS, AuthResult.TEMPERROR]
    assert found[1].result.domain == "example.jp"
    assert len(dns.asked) == 1


def test_each_domain_is_asked_for_in_its_own_way() -> None:
    """The caller is told whose key it is before DNS is asked."""
    domains: list[str | None] = []

    def lookup_for(domain: str | None) -> Lookup:
        domains.append(domain)
        return lookup_in(CaseResolver([]))

    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2].replace(b"d=example.jp", b"d=stranger.example")
    evaluate(message(line + raw), lookup_for, now=NOW.timestamp())
    assert domains == ["stranger.example", "example.jp"]


@pytest.mark.parametrize("hidden", [b"From: B <b@attacker.example>\r\n", b""])
def test_a_header_beyond_the_limit_neither_passes_nor_fails(hidden: bytes) -> None:
    """Verifiers take the lowest From. Behind a thousand fields it may be another than the one we see, so a signature
    that seems to hold is no proof; one that seems not to is no failure either."""
    raw = signed().replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * 1000 + hidden + b"\r\n", 1)
    for each in (raw, raw.replace(b"text\r\n", b"changed\r\n")):
        assert word(run(each)) is AuthResult.NEUTRAL


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
    """Quotes, brackets and controls in a domain or selector are told; a name that is only wrong is not."""
    assert (mixed_reading(Field(b"DKIM-Signature", b"v=1; " + tag)) is not None) is odd


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b" d=Example.jp ; s=s1; b=d=other.jp", "s1._domainkey.example.jp"),
        (b" d=exam(ple.jp; s=s1", None),
        (b" d=example.jp", None),
        (b" nonsense", None),
    ],
)
def test_where_a_key_is_published(value: bytes, name: str | None) -> None:
    """Domain and selector make the name, whatever else of the field is broken."""
    assert key_name(Field(b"DKIM-Signature", value)) == name


def test_no_signature_is_no_result() -> None:
    """Without a signature field there is nothing to verify."""
    assert run(b"From: a@example.jp\r\n\r\nx\r\n") == ()


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
    assert word(run(raw)) in (AuthResult.PERMERROR, AuthResult.FAIL)


@pytest.mark.parametrize(
    "body", [b"\r\n" * 4_000_000, b" " * 8_000_000, b" \r\n" * 2_000_000, b" a" * 4_000_000]
)
@pytest.mark.timeout(20)
def test_hostile_bodies(body: bytes) -> None:
    """Eight megabytes of blanks or empty lines are canonical in a moment."""
    assert len(relaxed_body(body)) <= len(body) + 2
