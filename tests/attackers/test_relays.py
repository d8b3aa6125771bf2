"""A sender behind a relay of ours chooses its HELO: it must not choose its address with it, nor make it unknown.

A HELO with blanks or parentheses is not read: Postfix and qmail replace those, Sendmail and Exim refuse the command.
"""

from __future__ import annotations

import smtplib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lab.place import a_place, wait_until
from lab.postfix import Postfix
from lab.sink import Sink

from sekisho.message import Client, Envelope, Limits, read
from sekisho.message.trace import FORMATS, MAX_RECEIVED_CHARS, client_of, unfolded
from sekisho.trust import Trust, TrustOptions

RELAY = Client("198.51.100.9", "relay.example.jp", "ok", "relay.example.jp")
REAL, CHOSEN = "203.0.113.9", "192.0.2.25"
BY = "\r\n\tby relay.example.jp"
# What each server writes of a client at `REAL`, which greeted with `{helo}`.
LINES = {
    "postfix": (
        f"from {{helo}} (unknown [{REAL}])\r\n\t(using TLSv1.3){BY} (Postfix)",
        f"from {{helo}} (mx.s.example [{REAL}])\r\n\t(Authenticated sender: taro){BY} (Postfix)",
        f"from {{helo}} (mx.s.example [{REAL}]){BY} (Postfix) with ESMTP id 1",
    ),
    "sendmail": (
        f"from {{helo}} (n.example [{REAL}] (may be forged)){BY} (8.17.1/8.17.1)",
        f"from {{helo}} ([{REAL}]){BY} (8.17.1/8.17.1)",
        f"from {{helo}} (n.example [{REAL}]) (authenticated bits=0){BY} (8.17.1/8.17.1)",
        f"from {{helo}} (n.example [{REAL}])\r\n\t(user=taro mech=PLAIN bits=0){BY} (8.11.6)",
        f"from {{helo}} (IDENT:root@n.example [{REAL}]){BY} (8.11.6)",
        f"from {{helo}} (IDENT:root@[{REAL}]){BY} (8.11.6)",
        f"(from [{REAL}]){BY} (8.17.1/8.17.1) with SMTP id 1",
        f"(from root@n.example [{REAL}] (may be forged)){BY} (8.17.1/8.17.1) with SMTP id 1",
    ),
    "exim": (
        f"from [{REAL}] (helo={{helo}}){BY} with esmtp (Exim 4.96)",
        f"from [{REAL}] (port=5512 helo={{helo}} ident=a [b]){BY} with esmtp (Exim 4.96)",
        f"from n.example ([{REAL}]:5512 helo={{helo}}){BY} with esmtp (Exim 4.96)",
        f"from n.example ([{REAL}] ident=mail){BY} with esmtp (Exim 4.96)",
        f"from n.example ([{REAL}]){BY} with esmtp (Exim 4.96)",
        f"from [{REAL}] (port=5512){BY} with esmtp (Exim 4.96)",
        f"from [{REAL}]:5512{BY} with esmtp (Exim 4.96)",
        f"from [{REAL}]{BY} with smtp (Exim 4.96)",
        f"from n.example [{REAL}]{BY} with esmtp (Exim 3.35 #1 (Debian))",
    ),
    "exchange": (
        f"from {{helo}} ({REAL}) by\r\n relay.example.jp (198.51.100.9) with Microsoft SMTP Server",
        f"from {{helo}} (::ffff:{REAL}) by\r\n relay.example.jp (198.51.100.9) with Microsoft SMTP Server",
        f"from {{helo}} ([{REAL}]){BY} with Microsoft SMTPSVC(6.0.3790.4675);",
        f"from {{helo}} ([{REAL}] RDNS failed){BY} with Microsoft SMTPSVC(6.0.3790.0);",
        f"from {{helo}} ([{REAL}]) by\r\n relay.example.jp ([fe80::1%14]) with mapi id 15.20.1",
    ),
    "qmail": (
        f"from unknown (HELO {{helo}}) ({REAL}){BY} with SMTP",
        f"from unknown (EHLO {{helo}}) (::ffff:{REAL}){BY} with (AES256-SHA encrypted) SMTP",
        f"from n.example (HELO ) ({REAL}){BY} with SMTP",
        f"from n.example (user@{CHOSEN}@{REAL}){BY} with ESMTPA",
        f'from unknown (HELO {{helo}}) (u@[{REAL}]) (envelope-sender <"a b"@c>){BY} (qmail-ldap-1.03) with SMTP',
    ),
}
FORMS = [(name, line) for name, lines in LINES.items() for line in lines]
HELO = st.text(
    st.sampled_from("[]():=@<>;,.-HELOhelobyx0123456789"), min_size=1, max_size=30
) | st.sampled_from(
    [
        f"[{CHOSEN}]",
        CHOSEN,
        f"helo=[{CHOSEN}]",
        f"([{CHOSEN}])",
        f"x(y[{CHOSEN}])",
        f"[{CHOSEN}])by",
        f"[{CHOSEN}",
        f"[{CHOSEN}]:25",
        f"x@{CHOSEN}",
        f"x@[{CHOSEN}]",
        f"IDENT:x@[{CHOSEN}]",
        f"user=x@[{CHOSEN}]",
        f"::ffff:{CHOSEN}",
        *("x" * octets + tail for octets in (975, 983) for tail in (f"[{CHOSEN}]", f"(y[{CHOSEN}])", "by")),
        "HELO",
    ]
)


def sent_by_postfix(line: str) -> str:
    """A field as Postfix sends it: lines of more than 998 octets are broken (smtp_line_length_limit)."""
    pieces = []
    for each in line.split("\r\n"):
        rest = each
        while len(rest) > 998:
            pieces.append(rest[:998])
            rest = f" {rest[998:]}"
        pieces.append(rest)
    return "\r\n".join(pieces)


def address(line: str, *formats: str, names: tuple[str, ...] = ()) -> str | None:
    """Whom we take for the client, where the relay put the line on top of a forged one."""
    options = {"relays": ["198.51.100.0/28"], "relay_names": names}
    trust = Trust.of(
        TrustOptions.model_validate({**options, **({"relay_formats": formats} if formats else {})})
    )
    forged = f"Received: from mx.bank.example (mx.bank.example [{CHOSEN}]) by relay.example.jp (Postfix)\r\n"
    own = sent_by_postfix(f"Received: {line}")
    raw = f"{own}\r\n{forged}From: a@bank.example\r\n\r\nx\r\n"
    return trust.seen_through(read(raw.encode(), Envelope(client=RELAY), Limits())).envelope.client.address


@pytest.mark.parametrize(("name", "line"), FORMS)
def test_each_form_is_read(name: str, line: str) -> None:
    """An ordinary line of the relay tells the client, in each form that its server writes."""
    assert address(line.format(helo="mx.sender.example"), name) == REAL


@pytest.mark.parametrize("octets", [256, 1000, 2040, 16_000])
@pytest.mark.parametrize(("name", "line"), FORMS)
def test_a_long_helo_hides_nothing(name: str, line: str, octets: int) -> None:
    """No length that a server accepts makes the client unknown, also where Postfix broke the line in the HELO."""
    assert address(line.format(helo="x" * octets), name) == REAL


@pytest.mark.parametrize("octets", range(940, 1000))
def test_a_line_may_be_broken_within_the_address(octets: int) -> None:
    """The length of the HELO decides where Postfix breaks the line: that neither hides nor changes the client."""
    assert address(LINES["postfix"][0].format(helo="x" * octets)) == REAL


@pytest.mark.system
def test_what_a_real_postfix_makes_of_a_long_helo() -> None:
    """It takes 2 kB of HELO and breaks the line when it sends it on: the client is read all the same."""
    lengths = (255, *range(955, 985, 3), 1980, 2030)
    limit = {"smtp_line_length_limit": "998"}
    with a_place() as place, Sink() as sink, Postfix(place, sink.port, settings=limit) as relay:
        for octets in lengths:
            with smtplib.SMTP("127.0.0.1", relay.port, local_hostname="x" * octets) as sender:
                sender.sendmail("a@b.example", ["c@d.example"], b"Subject: x\r\n\r\nx\r\n")
        wait_until(lambda: len(sink) == len(lengths), "all are delivered")
        fields = [read(each.raw, Envelope()).headers.all("received")[0] for each in sink]
    assert any(b"127.0\r\n" in field.value for field in fields), "one is broken within the address"
    assert {client_of(unfolded(field, MAX_RECEIVED_CHARS), ("postfix",)).address for field in fields} == {
        "127.0.0.1"
    }


@given(st.sampled_from(FORMS), st.sets(st.sampled_from(sorted(FORMATS)), min_size=1), HELO)
@example(("qmail", LINES["qmail"][0]), {"postfix", "sendmail"}, f"[{CHOSEN}]")
@example(("exim", LINES["exim"][0]), {"qmail"}, f"x@{CHOSEN}")
@settings(max_examples=400, deadline=None)
def test_what_the_sender_says_is_never_its_address(
    form: tuple[str, str], formats: set[str], helo: str
) -> None:
    """Whatever the HELO, and whichever form the relay writes: its client is the one that it saw, or not known."""
    assert address(form[1].format(helo=helo), *formats) in (REAL, None)


@pytest.mark.parametrize("writes", ["exim", "exchange", "qmail"])
def test_only_the_formats_that_the_option_names_are_read(writes: str) -> None:
    """Of a server that writes another format nothing is known."""
    assert address(LINES[writes][0].format(helo=f"[{CHOSEN}]")) is None


@pytest.mark.parametrize("by", ["", "mx.elsewhere.example", "relay.example.jp.elsewhere.example"])
def test_a_line_of_another_host_is_not_the_relays(by: str) -> None:
    """Behind a relay that wrote no line, the first one is the sender's: another host in it gives it away."""
    line = f"from mx.bank.example (mx.bank.example [{CHOSEN}]) by {by} (Postfix)"
    assert address(line) is None


def test_a_relay_may_have_another_name_for_itself() -> None:
    """As the option says: hosts in a container or a cluster often write a name that nobody else sees."""
    line = LINES["postfix"][0].format(helo="x").replace("relay.example.jp", "mail-7f9c")
    assert address(line) is None
    assert address(line, names=("mail-7f9c",)) == REAL


@pytest.mark.parametrize(
    ("by", "known"),
    [
        ("TYAPR01MB1234.jpnprd01.prod.outlook.com", True),
        ("TYAPR01MB1234.jpnprd01.PROD.outlook.com", True),
        ("prod.outlook.com", False),
        ("xprod.outlook.com", False),
        ("tyapr.prod.outlook.com.elsewhere.example", False),
    ],
)
def test_a_service_writes_with_another_host_each_time(by: str, known: bool) -> None:
    """A name with a dot before it covers the hosts below it, and none that only looks alike."""
    line = (
        f"from TY2PR.example (2603:1096:404:1::5) by\r\n {by} (2603:1096:404:2::7) with Microsoft SMTP Server"
    )
    found = address(line, "exchange", names=(".prod.outlook.com",))
    assert found == ("2603:1096:404:1::5" if known else None)


def test_a_relay_that_greets_with_a_suffix_covers_nobody() -> None:
    """Only the option says which hosts are covered: what greets as `.example` does not."""
    greeting = Client("198.51.100.9", "relay.example.jp", "ok", ".example.jp")
    line = LINES["postfix"][0].format(helo="x").replace("relay.example.jp", "mx.example.jp")
    trust = Trust.of(TrustOptions.model_validate({"relays": ["198.51.100.0/28"]}))
    raw = f"Received: {line}\r\nFrom: a@bank.example\r\n\r\nx\r\n".encode()
    found = trust.seen_through(read(raw, Envelope(client=greeting), Limits()))
    assert found.envelope.client.address is None
