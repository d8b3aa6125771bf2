"""Whom the site trusts: clients, relays in front of it, forwarders."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sekisho.message import Client, Envelope, Limits, Message, read
from sekisho.message.trace import client_of
from sekisho.trust import Trust, TrustOptions

RELAY = "198.51.100.9"


def trust(**options: object) -> Trust:
    return Trust.of(TrustOptions.model_validate({"relays": ["198.51.100.0/28"], **options}))


def message(*received: str, client: Client | None = None) -> Message:
    lines = "".join(f"Received: {line}\r\n" for line in received)
    envelope = Envelope(client=client or Client(RELAY, "relay.example.jp", "ok", "relay.example.jp"))
    return read(f"{lines}From: a@b.example\r\n\r\nx\r\n".encode(), envelope, Limits())


def seen(*received: str, client: Client | None = None) -> Client:
    return trust().seen_through(message(*received, client=client)).envelope.client


POSTFIX = (
    "from helo.example (mx.sender.example [192.0.2.7])\r\n\tby relay.example.jp (Postfix) with ESMTPS id 1"
)


def test_the_client_is_the_one_that_our_relay_saw() -> None:
    """Address, confirmed name and HELO come from the line on top."""
    assert seen(POSTFIX) == Client("192.0.2.7", "mx.sender.example", "ok", "helo.example", relayed=True)


def test_only_the_line_that_our_relay_wrote_is_believed() -> None:
    """A forged line below it, naming somebody else, is nothing."""
    forged = "from good.example (mx.good.example [203.0.113.1]) by relay.example.jp"
    assert seen(POSTFIX, forged).address == "192.0.2.7"


def test_relays_behind_each_other() -> None:
    """A relay that got it from another relay of ours: the first stranger is the client."""
    inner = "from edge.example.jp (edge.example.jp [198.51.100.3]) by relay.example.jp"
    assert seen(inner, POSTFIX.replace("relay", "edge")).address == "192.0.2.7"
    assert seen(inner, POSTFIX).address is None


@pytest.mark.parametrize("lines", [(), ("by relay.example.jp; nothing of the client",), ("from",)])
def test_what_cannot_be_read_is_unknown(lines: tuple[str, ...]) -> None:
    """No line, or one that says nothing, leaves the client unknown and never the relay's own good name."""
    assert seen(*lines).address is None


def test_relays_without_end_are_unknown() -> None:
    """A chain of lines that all name relays of ours leads nowhere, in bounded time."""
    assert seen(*["from r.example (r.example [198.51.100.3]) by x"] * 50) == Client(relayed=True)


def test_a_stranger_is_himself() -> None:
    """Received lines of a client that is no relay of ours are only what he wrote."""
    stranger = Client("203.0.113.99", None, "fail", "x")
    assert seen(POSTFIX, client=stranger) == stranger


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from h (unknown [192.0.2.7]) by x", Client("192.0.2.7", None, "fail", "h")),
        ("from h ([192.0.2.7]) by x", Client("192.0.2.7", None, None, "h")),
        ("from h (n.example [IPv6:2001:db8::1]) by x", Client("2001:db8::1", "n.example", "ok", "h")),
        ("from h (2001:db8::1) by x with Microsoft SMTP Server", Client("2001:db8::1", None, None, "h")),
        ("from h (n.example. [192.0.2.7] (may be forged)) by x", Client("192.0.2.7", None, "forged", "h")),
        ("from h (n.example [999.0.2.7]) by x", Client(helo="h")),
        ("from n.example ([192.0.2.7]:25 helo=h) by x", Client("192.0.2.7", "n.example", "ok", "h")),
        ("from [192.0.2.7] (port=25 helo=h) by x", Client("192.0.2.7", None, None, "h")),
        ("from n.example (HELO h) (u@192.0.2.7) by x", Client("192.0.2.7", None, None, "h")),
        ("from h by x", Client(helo="h")),
        ("", Client()),
    ],
)
def test_received_lines(line: str, expected: Client) -> None:
    """Postfix, Sendmail, Exchange, Exim, qmail and nonsense."""
    assert client_of(line) == expected


def test_an_ipv4_address_written_as_ipv6_is_the_ipv4_address() -> None:
    """In the relay's line, in the client's address and in our own networks (RFC 4291 section 2.5.5.2)."""
    assert seen(POSTFIX.replace("192.0.2.7", "IPv6:::ffff:192.0.2.7")).address == "192.0.2.7"
    for network in ("192.0.2.0/24", "::ffff:192.0.2.0/120", "::ffff:c000:200/120"):
        known = trust(clients=[network])
        assert known.own(Client("192.0.2.7"))
        assert known.own(Client("::ffff:192.0.2.7"))
        assert not known.own(Client("192.0.3.7"))
    assert not trust(clients=["2001:db8::/32"]).own(Client("192.0.2.7"))


@pytest.mark.parametrize("name", [".prod.outlook.com", "relay.example.jp", "0", "mail-7f9c"])
def test_names_of_relays(name: str) -> None:
    """A host, all hosts below a name, and what qmail writes in Plesk."""
    assert TrustOptions.model_validate({"relay_names": [name]}).relay_names == (name,)


@pytest.mark.parametrize("name", [".", "", "..example.jp", "a b", "00"])
def test_what_is_no_name_of_a_relay(name: str) -> None:
    """A dot alone would cover every host of the world."""
    with pytest.raises(ValidationError):
        TrustOptions.model_validate({"relay_names": [name]})


def test_clients_are_checked_unless_it_says_skip() -> None:
    """Skipping is asked for, for networks and for logged-in users apart."""
    inside, user = Client("192.0.2.1"), Client("203.0.113.1", user="hanako")
    checked = trust(clients=["192.0.2.0/24"])
    assert checked.own(inside)
    assert checked.own(user)
    assert not checked.own(Client("203.0.113.1"))
    assert not checked.skips(inside)
    assert not checked.skips(user)
    networks = trust(clients=["192.0.2.0/24"], clients_are="skip")
    assert networks.skips(inside)
    assert not networks.skips(user)
    assert trust(authenticated_are="skip").skips(user)
    assert not trust(authenticated_are="skip").skips(Client(None))


def test_forwarders_by_address_or_proven_domain() -> None:
    """A name below a configured domain is the forwarder's; one that only ends alike is not."""
    known = trust(forwarders=["forward.example", "203.0.113.0/24"])
    assert known.forwards(Client("203.0.113.5"), ()) == "203.0.113.5"
    assert known.forwards(Client("192.0.2.1"), ("mx.forward.example",)) == "mx.forward.example"
    assert known.forwards(Client("192.0.2.1"), ("badforward.example",)) is None


@pytest.mark.parametrize("value", ["192.0.2.1/24", "not a domain", ""])
def test_what_is_neither_network_nor_domain_is_refused(value: str) -> None:
    """A mistyped entry would trust nobody, silently."""
    with pytest.raises(ValidationError):
        TrustOptions.model_validate({"forwarders": [value]})
