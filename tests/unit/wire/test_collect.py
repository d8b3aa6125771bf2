"""A message is collected byte for byte, within its bound."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.message import Client
from sekisho.wire import collect
from sekisho.wire.collect import Collector, Macro


def macros(**values: str) -> Macro:
    """A reader of macros; `i` is `i`, any other name is put in braces."""
    known: Mapping[str, str] = {
        name if name == "i" else f"{{{name}}}": value for name, value in values.items()
    }
    return known.get


@given(
    st.integers(0, 200),
    st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=60)), max_size=5),
    st.lists(st.binary(max_size=80), max_size=5),
)
def test_the_cut_is_a_prefix(limit: int, fields: list[tuple[bytes, bytes]], chunks: list[bytes]) -> None:
    """A message within the limit is whole; of a larger one, the limit and one byte that tells of the cut."""
    whole, cut = Collector(10**9, spaced=True), Collector(limit, spaced=True)
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
    collector = Collector(10, spaced=True)
    collector.field(b"A", b" b")
    for _ in range(100):
        collector.chunk(b"x" * 100)
    assert collector.size == 6 + 10_000
    assert collector.raw() == b"A: b\r\n\r\nxxx"


def test_line_ends_are_those_of_the_message() -> None:
    """A folded value has CRLF at every line end, and the leading space that the MTA left out."""
    collector = Collector(1000, spaced=False)
    collector.field(b"Subject", b"a\n b\r\n c")
    assert collector.raw() == b"Subject: a\r\n b\r\n c\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "address"),
    [("<a@b>", "a@b"), ("<>", ""), ("a@b", "a@b"), ("<a@b", "<a@b"), (" <a@b> ", "a@b"), ("<<a>>", "<a>")],
)
def test_brackets(path: str, address: str) -> None:
    """One pair of brackets goes; what is odd stays odd."""
    assert collect.unbracketed(path) == address


def test_postfix_acts_on_its_own_reading() -> None:
    """`{mail_addr}` is the sender; what was typed is kept beside it. An empty one is the null sender."""
    envelope = collect.envelope([b"<x>(y)@z"], Client(), macros(mail_addr="y@z", i="4X"))
    assert (envelope.sender, envelope.raw_sender, envelope.queue_id) == ("y@z", "<x>(y)@z", "4X")
    assert collect.envelope([b"<a@b>"], Client(), macros(mail_addr="")).sender == ""


def test_case_alone_is_no_difference() -> None:
    """Postfix's macros are in lower case; a mixed-case sender is not one that was read differently."""
    envelope = collect.envelope([b"<Taro@Example.JP>"], Client(), macros(mail_addr="taro@example.jp"))
    assert envelope.sender == envelope.raw_sender == "Taro@Example.JP"
    recipient = collect.recipient([b"<Hanako@Example.JP>"], macros(rcpt_addr="hanako@example.jp"))
    assert (recipient.address, recipient.raw) == ("Hanako@Example.JP", "<Hanako@Example.JP>")


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("IPv6:2001:DB8::0:1", "2001:db8::1"),
        ("[192.0.2.1]", "192.0.2.1"),
        ("unknown", None),
        ("", None),
        ("192.0.2.1\udcff", None),
    ],
)
def test_client_address(told: str, address: str | None) -> None:
    """An address is numeric and in its shortest form, or not known."""
    assert collect.client(macros(client_addr=told), None, None, None).address == address


@pytest.mark.parametrize("port", ["x", "-1", "123456", "١٢"])
def test_a_port_that_is_none(port: str) -> None:
    """What is no port falls back to the connection's own."""
    known = collect.client(macros(client_port=port), "h", ("192.0.2.1", 25), None)
    assert known.port == 25
