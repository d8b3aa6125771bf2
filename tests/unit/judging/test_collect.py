"""A message is collected byte for byte, within its bound."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.auth.forged_fields import MAX_FIELDS_READ, ForgedFields, OwnFields
from sekisho.judging import collect
from sekisho.judging.collect import Collector
from sekisho.message import Envelope, Limits, read


def limited(**limits: int) -> Limits:
    """Limits, however small."""
    return Limits.model_construct(**{**Limits().model_dump(), **limits})


def collector(spaced: bool = True, **limits: int) -> Collector:
    return Collector(limited(**limits), ForgedFields(OwnFields("mx.example.jp")), spaced)


@given(
    st.integers(0, 200),
    st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=60)), max_size=5),
    st.lists(st.binary(max_size=80), max_size=5),
)
def test_the_cut_is_a_prefix(limit: int, fields: list[tuple[bytes, bytes]], chunks: list[bytes]) -> None:
    """A message within the limit is whole; of a larger one, the limit and one byte that tells of the cut."""
    whole, cut = collector(), collector(scan_bytes=limit)
    for each in (whole, cut):
        for name, value in fields:
            each.field(name, value)
        for chunk in chunks:
            each.chunk(chunk)
    complete = whole.raw()
    if len(complete) <= limit:
        assert cut.raw() == complete
    else:
        assert complete.startswith(cut.raw())
        assert len(cut.raw()) == limit + 1


def test_size_counts_what_was_dropped() -> None:
    """The whole size is known of a message that is not kept whole."""
    mail = collector(scan_bytes=10)
    mail.field(b"A", b" b")
    for _ in range(100):
        mail.chunk(b"x" * 100)
    assert mail.size == 6 + 10_000
    assert mail.raw() == b"A: b\r\n\r\nxxx"


def test_line_ends_are_those_of_the_message() -> None:
    """A folded value has CRLF at every line end, and the leading space that the MTA left out."""
    mail = collector(spaced=False)
    mail.field(b"Subject", b"a\n b\r\n c")
    assert mail.raw() == b"Subject: a\r\n b\r\n c\r\n\r\n"


@given(
    st.lists(
        st.tuples(st.sampled_from([b"A", b"Subject"]), st.binary(max_size=60).map(bytes.hex).map(str.encode)),
        max_size=40,
    ),
    st.integers(1, 30),
    st.integers(1, 1500),
)
def test_the_reader_sees_what_the_collector_dropped(
    fields: list[tuple[bytes, bytes]], most: int, size: int
) -> None:
    """Of a header beyond the limits so much is kept that the reader reads the same fields and tells the same limit as
    of the whole; nothing is dropped of one within them."""
    limits = limited(header_fields=most, header_bytes=size)
    mail = collector(header_fields=most, header_bytes=size)
    whole = b"".join(name + b": " + value + b"\r\n" for name, value in fields) + b"\r\nbody"
    for name, value in fields:
        mail.field(name, b" " + value)
    mail.chunk(b"body")
    kept, complete = read(mail.raw(), Envelope(), limits), read(whole, Envelope(), limits)
    assert kept.headers == complete.headers
    assert [each.code for each in kept.problems] == [each.code for each in complete.problems]
    assert kept.raw[kept.body_start :] == b"body"
    assert mail.size == len(whole) - 2
    assert len(mail.raw()) + mail.dropped == len(whole)


def test_a_flood_of_fields_takes_no_memory() -> None:
    """Beyond the limits fields are counted and dropped, those that pretend to be ours too."""
    mail = collector()
    for _ in range(200_000):
        mail.field(b"a", b"")
    for number in range(50_000):
        mail.field(b"X-Sekisho-%d" % number, b" x")
    assert len(mail.raw()) == 1001 * 4 + 2
    assert mail.forged.too_many
    assert len(mail.forged.fields) <= MAX_FIELDS_READ // 200_000


def test_forged_fields_behind_the_limit_are_counted() -> None:
    """The indexes are those of the whole header: fields of the same name within the limit and beyond it, of others too,
    and only those under our name."""
    mail = collector()
    mail.field(b"Authentication-Results", b" other.example; spf=pass")
    mail.field(b"X-Sekisho-Verdict", b" accept")
    for _ in range(2_000):
        mail.field(b"Received", b" x")
    mail.field(b"AUTHENTICATION-results", b" mx.example.jp; spf=pass")
    mail.field(b"Authentication-Results", b" other.example; spf=pass")
    mail.field(b"x-sekisho-verdict", b" accept")
    mail.field(b"Authentication-Results ", b" (no) MX.example.jp; spf=pass")
    assert mail.forged.fields == (
        ("Authentication-Results", 4),
        ("x-sekisho-verdict", 2),
        ("AUTHENTICATION-results", 2),
        ("X-Sekisho-Verdict", 1),
    )
    assert not mail.forged.too_many


def test_the_end_of_a_message_takes_no_memory() -> None:
    """Ten megabytes are handed over as they lie there: no second copy is made when the message ends."""
    tracemalloc.start()
    try:
        mail = collector()
        mail.field(b"A", b" b")
        for _ in range(160):
            mail.chunk(b"x" * 65_535)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        raw = mail.raw()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(raw) == 10_000_001
    assert peak - before < 100_000
    assert before < 13_000_000


@pytest.mark.parametrize(
    ("path", "address"),
    [("<a@b>", "a@b"), ("<>", ""), ("a@b", "a@b"), ("<a@b", "<a@b"), (" <a@b> ", "a@b"), ("<<a>>", "<a>")],
)
def test_brackets(path: str, address: str) -> None:
    """One pair of brackets goes; what is odd stays odd."""
    assert collect.unbracketed(path) == address


@pytest.mark.parametrize(
    ("argument", "parsed"),
    [
        ("<help@x.example>", "help@x.example"),
        ("help@x.example", "help@x.example"),
        ("<@relay.example:help@x.example>", "help@x.example"),
        ("@relay.example:help@x.example", "help@x.example"),
        ("<@a:@b:help@x.example>", "@b:help@x.example"),
        ("<<@relay.example:help@x.example>>", "<@relay.example:help@x.example>"),
        ("<help@x.example,>", "help@x.example,"),
        ("<help@x.example>>", "help@x.example>"),
        ("<help@x.example>,", "<help@x.example>,"),
        ("<@relay.example>", "@relay.example"),
        ("< help@x.example >", " help@x.example "),
        ("<", "<"),
        ("<>", ""),
        ("", ""),
    ],
)
def test_what_postfix_parses_of_an_argument(argument: str, parsed: str) -> None:
    """As in Postfix's extract_addr: one pair of brackets at the two ends, then a route up to its first colon; nothing
    is trimmed and nothing else is taken off."""
    assert collect.as_parsed(argument) == parsed
