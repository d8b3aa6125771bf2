"""Signed mail over `limits.scan_bytes`: the part that is not kept is hashed while it streams past, so that no honest
sender of large mail looks forged, and nobody gets a pass for a body that was changed where nobody reads."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.cases import Lab
from lab.mails import new_key
from lab.place import a_place
from tests.auth_support import context, envelope, txt
from tests.system.mails import case

from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.checks.authentication import dkim
from sekisho.evidence import NOTHING
from sekisho.judging.collect import Collector
from sekisho.message import Client, Envelope, Limits, read
from sekisho.message.body import CanonicalDigest, digests, relaxed_body, simple_body, sure_prefix
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult, MethodResult

LIMITS = Limits(scan_bytes=10_000)
PRIVATE, PUBLIC = new_key()
RECORDS = (txt("k._domainkey.friend.example", f"v=DKIM1; k=rsa; p={PUBLIC}"),)
HEAD = b"From: <taro@friend.example>\r\nSubject: pictures\r\nContent-Type: text/plain\r\n"
HOSTILE = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b" ", b"\t", b"a", b" \r\n", b"\r\n" * 40, b"  \t" * 9, b"b" * 30]),
    max_size=60,
).map(b"".join)  # fmt: skip


def signed(body: bytes, canonicalize: tuple[bytes, bytes], length: int | None = None) -> bytes:
    """The message as a milter sees it, signed by somebody else's code; `length` is `l=`, of the body so far."""
    covered = body if length is None else body[:length]
    field: bytes = dkimpy.sign(
        HEAD + b"\r\n" + covered,
        b"k",
        b"friend.example",
        PRIVATE.encode(),
        include_headers=[b"From", b"Subject", b"Content-Type"],
        canonicalize=canonicalize,
        length=length is not None,
    )
    return field + HEAD + b"\r\n" + body


def off_the_wire(raw: bytes, piece: int, limits: Limits = LIMITS) -> tuple[bytes, Envelope]:
    """What the collector hands on of a message whose body comes in pieces of that size."""
    head, _, body = raw.partition(b"\r\n\r\n")
    collector = Collector(limits, ForgedFields(OwnFields("mx.example.jp")), spaced=True)
    for line in (head + b"\r\n").replace(b"\r\n ", b"\n ").replace(b"\r\n\t", b"\n\t").split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        collector.field(name, value)
    for at in range(0, len(body), piece):
        collector.chunk(body[at : at + piece])
    at = envelope()
    return collector.raw(), Envelope(
        at.sender, client=at.client, arrived=at.arrived, body_digests=collector.body_digests()
    )


def result(raw: bytes, at: Envelope, limits: Limits = LIMITS) -> MethodResult:
    found = dkim.check(read(raw, at, limits), NOTHING, context(CaseResolver(RECORDS)))
    (only,) = found.results
    return only


def both(raw: bytes, limits: Limits = LIMITS) -> tuple[MethodResult, MethodResult]:
    """What is found of a message off the wire, and of the same in a file."""
    return result(*off_the_wire(raw, 997, limits), limits), result(raw, envelope(), limits)


FORMS = [(b"simple", b"simple"), (b"relaxed", b"simple"), (b"relaxed", b"relaxed")]
BODIES = {
    "lines": b"a  line of text \t\r\n" * 4_000,
    "no last line end": b"x" * 50_000,
    "empty lines last": b"a\r\n" * 4_000 + b"\r\n" * 9_000,
    "empty lines from the limit on": b"a" * 9_700 + b"\r\n" * 9_000,
    "blanks": b"a" + b" \t" * 20_000 + b"\r\n",
    "nothing but line ends": b"\r\n" * 20_000,
}


@pytest.mark.parametrize("forms", FORMS, ids=lambda forms: b"-".join(forms).decode())
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_genuine_mail_over_the_limit_passes(body: bytes, forms: tuple[bytes, bytes]) -> None:
    """A signature over a body of which the most lies beyond the limit is verified, off the wire and from a file."""
    wire, file = both(signed(body, forms))
    assert (wire.result, file) == (AuthResult.PASS, wire)


@pytest.mark.parametrize("forms", FORMS, ids=lambda forms: b"-".join(forms).decode())
def test_a_change_beyond_the_limit_is_seen(forms: tuple[bytes, bytes]) -> None:
    """One octet that somebody changed far beyond what is read makes the signature fail, as below the limit."""
    raw = bytearray(signed(b"a line of text\r\n" * 4_000, forms))
    raw[-100] ^= 1
    wire, file = both(bytes(raw))
    assert (wire.result, wire.reason, file) == (AuthResult.FAIL, "the body was changed", wire)


@pytest.mark.parametrize(
    ("length", "word"), [(4_000, AuthResult.POLICY), (30_000, AuthResult.NEUTRAL), (64_000, AuthResult.PASS)]
)
def test_a_length_is_judged_by_what_is_kept(length: int, word: AuthResult) -> None:
    """`l=` within the part that is kept is verified from it, `l=` of the whole body by the digest of all; what lies
    between nobody can know."""
    wire, file = both(signed(b"a line of text\r\n" * 4_000, (b"relaxed", b"relaxed"), length))
    assert (wire.result, file) == (word, wire)


def test_a_length_beyond_the_end_fails() -> None:
    """`l=` of more than there is: the body was shortened, whether it was kept or not."""
    whole = signed(b"a line of text\r\n" * 4_000, (b"relaxed", b"relaxed"), 64_000)
    wire, file = both(whole[:-16_000])
    assert (wire.result, file) == (AuthResult.FAIL, wire)


def test_a_header_beyond_the_limits_stays_unknown() -> None:
    """Where fields are not read, a field that is signed may be among them: neutral."""
    limits = Limits(scan_bytes=20_000, header_fields=20)
    raw = b"X-Filler: y\r\n" * 30 + signed(b"text\r\n" * 10_000, (b"relaxed", b"relaxed"))
    found = result(b"DKIM-Signature" + raw.partition(b"DKIM-Signature")[2], envelope(), limits)
    assert found.result is AuthResult.PASS
    top = raw.partition(b"DKIM-Signature")[2].split(b"\r\nFrom:")[0]
    wire, file = both(b"DKIM-Signature" + top + b"\r\n" + raw, limits)
    assert (wire.result, file) == (AuthResult.NEUTRAL, wire)


def test_a_body_that_begins_elsewhere_is_unknown() -> None:
    """Digests that were made of another body than the one that is read, as behind a broken header block, say
    nothing."""
    raw, at = off_the_wire(signed(b"a line of text\r\n" * 4_000, (b"relaxed", b"relaxed")), 4_096)
    moved = raw.replace(b"Subject: pictures", b"Subject: picture") + b"x"
    found = result(moved, at)
    assert found.result is AuthResult.NEUTRAL


def chunks(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    at = 0
    for cut in sorted({each % (len(data) + 1) for each in cuts}):
        yield data[at:cut]
        at = cut
    yield data[at:]


@given(HOSTILE | st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=30))
def test_streamed_is_as_at_once(body: bytes, cuts: list[int]) -> None:
    """Cut into whatever pieces, each form has the size and digest of the canonical body made at once."""
    for relaxed, form in ((False, simple_body), (True, relaxed_body)):
        streamed, once = CanonicalDigest(relaxed=relaxed), CanonicalDigest(relaxed=relaxed)
        for piece in chunks(body, cuts):
            streamed.update(piece)
        once.update(form(body))
        assert streamed.result() == once.result()
        assert once.result().size >= len(form(body))


@given(HOSTILE, HOSTILE)
def test_a_sure_prefix_is_one(kept: bytes, rest: bytes) -> None:
    """Whatever follows the part that is kept, the canonical body begins with what is told of it."""
    assert simple_body(kept + rest).startswith(sure_prefix(kept, relaxed=False))
    assert relaxed_body(kept + rest).startswith(sure_prefix(kept, relaxed=True))


@given(HOSTILE, st.integers(1, 700), st.integers(0, 60))
def test_the_collector_hands_on_the_digests_of_the_whole_body(body: bytes, piece: int, limit: int) -> None:
    """Of any body that is not kept whole the digests are those of all of it; of one that is, there are none."""
    limits = Limits.model_construct(**{**Limits().model_dump(), "scan_bytes": limit})
    raw, at = off_the_wire(b"A: b\r\n\r\n" + body, piece, limits)
    if len(body) + 8 > limit + 1:
        assert at.body_digests == digests([body], limit + 1 - 8)
    else:
        assert (at.body_digests, raw) == (None, b"A: b\r\n\r\n" + body)


@pytest.mark.parametrize("unit", [b" ", b"\r\n", b" \r\n", b"\r", b"\t a", b"x"])
def test_memory_does_not_grow_with_what_streams_past(unit: bytes) -> None:
    """Forty megabytes of anything leave no more behind than the limit, nor need it on the way."""
    collector = Collector(LIMITS, ForgedFields(OwnFields("mx.example.jp")), spaced=True)
    collector.field(b"From", b" a@b.example")
    piece = unit * (65_536 // len(unit))
    tracemalloc.start()
    try:
        for _ in range(40_000_000 // len(piece)):
            collector.chunk(piece)
        assert collector.body_digests() is not None
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def small_lab() -> Iterator[Lab]:
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make attackers` uses sudo")
    with a_place() as directory, Lab(directory, {"limits": {"scan_bytes": 20_000}}) as lab:
        yield lab


@pytest.mark.system
@pytest.mark.timeout(300)
@pytest.mark.parametrize("changed", [False, True])
def test_through_postfix(small_lab: Lab, changed: bool) -> None:
    """A signed mail of fifteen times the limit passes DKIM and DMARC through a real Postfix and is delivered as
    it came; with a change near its end it fails; the command line says the same of the file."""
    body = b"".join(b"line %d of a  large mail \r\n" % number for number in range(10_000))
    raw = signed(body + b"\r\n" * 5, (b"relaxed", b"relaxed"))
    raw = raw.replace(b"line 9000 ", b"line 9001 ") if changed else raw
    records = [
        *RECORDS,
        txt("_dmarc.friend.example", "v=DMARC1; p=none"),
        txt("friend.example", "v=spf1 ip4:198.51.100.7 -all"),
    ]
    client = Client(address="192.0.2.44", name="mail.other.example", resolve="ok", helo="mail.other.example")
    outcome = small_lab.send(case(raw, "taro@friend.example", ["hanako@example.jp"], client, records))
    assert outcome.line is not None
    assert (outcome.line["dkim"], outcome.line["dmarc"]) == (
        ("fail", "fail") if changed else ("pass", "pass")
    )
    found = result(raw, envelope(), Limits(scan_bytes=20_000))
    assert found.result is (AuthResult.FAIL if changed else AuthResult.PASS)
    if not changed:
        (delivery,) = outcome.deliveries
        assert delivery.raw.endswith(raw)


def test_from_a_file(tmp_path: Path) -> None:
    """A file of 11 MB passes with the limits as shipped, kept whole or not."""
    raw = signed(b"a line of text\r\n" * 700_000, (b"relaxed", b"relaxed"))
    wire, file = result(*off_the_wire(raw, 65_536, Limits()), Limits()), result(raw, envelope(), Limits())
    assert (wire.result, file) == (AuthResult.PASS, wire)
