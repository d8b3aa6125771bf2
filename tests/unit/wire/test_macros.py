"""Client and envelope are what Postfix tells, not only what the sender typed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from sekisho.message import Client
from sekisho.wire import macros as wire_macros
from sekisho.wire.macros import Macro


def macros(**values: str) -> Macro:
    """A reader of macros; `i` is `i`, any other name is put in braces."""
    known: Mapping[str, str] = {
        name if name == "i" else f"{{{name}}}": value for name, value in values.items()
    }
    return known.get


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        (b"<@relay.example:help@x.example>", "help@x.example"),
        (b'<"he lp"@x.example>', '"he lp"@x.example'),
        (b"<Help@x.example>", "Help@x.example"),
    ],
)
def test_a_recipient_that_postfix_does_not_tell(argument: bytes, address: str) -> None:
    """Where `{rcpt_addr}` is not sent, a route leads to no other rules than the bare address."""
    assert wire_macros.recipient([argument], macros()).address == address


def test_a_recipient_that_cannot_be_named() -> None:
    """pymilter sends UTF-8 and nothing else."""
    assert wire_macros.recipient(["<hélp@x.example>".encode()], macros()).deletable
    assert not wire_macros.recipient([b"<h\xe9lp@x.example>"], macros()).deletable


def test_postfix_acts_on_its_own_reading() -> None:
    """`{mail_addr}` is the sender; what was typed is kept beside it. An empty one is the null sender."""
    envelope = wire_macros.envelope([b"<x>(y)@z"], Client(), macros(mail_addr="y@z", i="4X"))
    assert (envelope.sender, envelope.raw_sender, envelope.queue_id) == ("y@z", "<x>(y)@z", "4X")
    assert wire_macros.envelope([b"<a@b>"], Client(), macros(mail_addr="")).sender == ""


def test_case_alone_is_no_difference() -> None:
    """Postfix's macros are in lower case; a mixed-case sender is not one that was read differently."""
    envelope = wire_macros.envelope([b"<Taro@Example.JP>"], Client(), macros(mail_addr="taro@example.jp"))
    assert envelope.sender == envelope.raw_sender == "Taro@Example.JP"
    recipient = wire_macros.recipient([b"<Hanako@Example.JP>"], macros(rcpt_addr="hanako@example.jp"))
    assert (recipient.address, recipient.raw) == ("Hanako@Example.JP", "<Hanako@Example.JP>")


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("IPv6:2001:DB8::0:1", "2001:db8::1"),
        ("IPv6:::ffff:192.0.2.1", "192.0.2.1"),
        ("[192.0.2.1]", "192.0.2.1"),
        ("unknown", None),
        ("", None),
        ("192.0.2.1\udcff", None),
    ],
)
def test_client_address(told: str, address: str | None) -> None:
    """An address is numeric and in its shortest form, or not known."""
    assert wire_macros.client(macros(client_addr=told), None, None, None).address == address


@pytest.mark.parametrize("port", ["x", "-1", "123456", "١٢"])
def test_a_port_that_is_none(port: str) -> None:
    """What is no port falls back to the connection's own."""
    known = wire_macros.client(macros(client_port=port), "h", ("192.0.2.1", 25), None)
    assert known.port == 25
