"""The envelope from a message's own trace fields: the last hop's words, or nothing."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.cases.envelope_from_headers import envelope_from_trace
from sekisho.message import Client


def received(text: str) -> Client:
    client = envelope_from_trace(f"Received: {text}\r\n\r\n".encode()).client
    assert client.relayed, "what stands above the line may be ours"
    return replace(client, relayed=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "from mx.a.example (mail.a.example [192.0.2.1]) by mx.example.jp (Postfix) with ESMTPS id 1",
            Client("192.0.2.1", "mail.a.example", "ok", "mx.a.example"),
        ),
        (
            "from a.example (unknown [192.0.2.1]) by mx.example.jp (Postfix)",
            Client("192.0.2.1", None, "fail", "a.example"),
        ),
        (
            "from a.example (mail.a.example [IPv6:2001:db8:0::1]) by mx.example.jp (Postfix)",
            Client("2001:db8::1", "mail.a.example", "ok", "a.example"),
        ),
        (
            "from a.example (mail.a.example [192.0.2.1] (may be forged)) by mx.example.jp (8.17)",
            Client("192.0.2.1", None, "forged", "a.example"),
        ),
        ("from [192.0.2.1] ([192.0.2.1]) by mx.example.jp", Client("192.0.2.1", None, None, "[192.0.2.1]")),
        (
            "from a.example\r\n\t(mail.a.example\r\n\t[192.0.2.1])\r\n\tby b",
            Client("192.0.2.1", "mail.a.example", "ok", "a.example"),
        ),
        ("from a.example by mx.example.jp", Client(helo="a.example")),
        ("by mx.example.jp (Postfix, from userid 1000) id 1", Client()),
        ("from a.example (mail.a.example [999.0.2.1]) by b", Client(helo="a.example")),
        ("from a.example (mail.a.example [192.0.2.1) by b", Client(helo="a.example")),
        ("(qmail 1 invoked by uid 0); 1 Mar 2026 00:00:00 -0000", Client()),
        ("from a (-bad- [192.0.2.1])", Client("192.0.2.1", None, "fail", "a")),
    ],
)
def test_the_client_of_the_last_hop(text: str, expected: Client) -> None:
    """What the line says in a form that MTAs write, and nothing made of what it does not."""
    assert received(text) == expected


def test_only_the_topmost_received_is_believed() -> None:
    """Those below it were there when the message came: anybody may have written them."""
    raw = b"Received: by mx.example.jp (Postfix) id 1\r\nReceived: from a (a [192.0.2.1]) by b\r\n\r\n"
    assert envelope_from_trace(raw).client == Client(relayed=True)


@pytest.mark.parametrize(
    ("field", "sender"),
    [
        ("Return-Path: <a@b.example>", "a@b.example"),
        ("Return-Path: a@b.example", "a@b.example"),
        ("Return-Path: <>", ""),
        ("Return-Path: <a..b.@docomo.ne.jp>", "a..b.@docomo.ne.jp"),
        ("Return-Path: <a@b.example>, <c@d.example>", None),
        ("Return-Path: <a@b.example", None),
        ("Return-Path: Somebody <a@b.example>", None),
        ("Return-Path:", None),
        ("X-Other: 1", None),
    ],
)
def test_the_sender(field: str, sender: str | None) -> None:
    """The null sender is a sender; what is not one address is not known."""
    assert envelope_from_trace(f"{field}\r\n\r\n".encode()).sender == sender


def test_the_recipient() -> None:
    """The address that was written to goes before the mailbox that it was put into."""
    raw = b"Delivered-To: box@inside.example\r\nX-Original-To: info@example.jp\r\n\r\n"
    assert [each.address for each in envelope_from_trace(raw).recipients] == ["info@example.jp"]
    assert envelope_from_trace(b"\r\n").recipients == ()


TOKENS = st.sampled_from(
    [
        "from ",
        "a.example",
        " (",
        ")",
        "[",
        "]",
        "192.0.2.1",
        "IPv6:",
        "::",
        "unknown",
        "<",
        ">",
        "\r\n\t",
        "\0",
        "é",
        " ",
    ]
)


@settings(max_examples=60)
@given(
    st.lists(TOKENS | st.text(max_size=4), max_size=60).map("".join),
    st.sampled_from(["Received", "Return-Path"]),
)
def test_hostile_fields_become_nothing_or_something_valid(text: str, name: str) -> None:
    """Whatever stands there: no exception, an address is an address, a name is a name, nothing is endless."""
    envelope = envelope_from_trace(f"{name}: {text}\r\n\r\n".encode("utf-8", "replace"))
    client = envelope.client
    if client.address is not None:
        assert str(ipaddress.ip_address(client.address)) == client.address
    if client.name is not None:
        assert client.name.isascii()
        assert client.resolve == "ok"
    assert len(envelope.sender or "") <= 2000
    assert not set(envelope.sender or "") & set("<>\r\n")


def test_a_long_field_takes_no_time() -> None:
    """Half a megabyte of what the pattern likes is read as fast as it is cut."""
    for part in ("from ", "(", "from a (", "a ", "[192.0.2.1] "):
        assert received(part * (500_000 // len(part))).address is None
