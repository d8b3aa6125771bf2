"""What a released message looks like."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sekisho.auth.forged_fields import OwnFields
from sekisho.held import Entry
from sekisho.message import Client, Envelope
from sekisho.release.rewrite import rewrite

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CLIENT = Client("192.0.2.7", "mx.sender.example", "ok", "mail.sender.example", 25, "TLSv1.3", None)
DOCUMENT = {
    "results": [
        {
            "method": "spf",
            "word": "fail",
            "domain": "sender.example",
            "reason": "",
            "properties": {"smtp.mailfrom": "sender.example"},
            "recorded": False,
        },
        {"method": "spf", "word": "nonsense"},
    ],
    "recipients": [{"mode": "enforce"}],
}
ENTRY = Entry(
    id="01KJMMA2G0X79C7QDB39JNVZAD",
    digest="0" * 64,
    size=1,
    held_at=NOW,
    last_seen=NOW,
    repeats=0,
    envelope=Envelope(
        "a@sender.example", client=CLIENT, queue_id="4XyZ", parameters=("SIZE=1",), arrived=NOW
    ),
    author="",
    subject="",
    verdict="quarantine",
    score=12.5,
    decided_by="points",
    document=DOCUMENT,
    copies=(),
)
TOP = (
    b"Authentication-Results: mx.ours.example;\r\n spf=fail smtp.mailfrom=sender.example\r\n"
    b"X-Sekisho-Verdict: released; score=12.5; id=01KJMMA2G0X79C7QDB39JNVZAD; mode=enforce\r\n"
    b"Received: from mail.sender.example (mx.sender.example [192.0.2.7])\r\n"
    b"\tby host.ours.example (sekisho) with ESMTPS id 4XyZ;\r\n\tSun, 01 Mar 2026 12:00:00 +0000\r\n"
)


def released(raw: bytes, entry: Entry = ENTRY) -> bytes:
    return rewrite(raw, entry, OwnFields("mx.ours.example"), "host.ours.example")


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@x\r\nSubject:  folded\r\n\t\xe6\x97\xa5\r\n\r\nbody\r\n.\r\n..\r\n\r\n",
        b"From: a@x\r\n\r\n" + bytes(range(256)),
        b"From: a@x\r\nno colon\r\n\r\nbody",
        b"\r\nonly a body\r\n",
        b"",
    ],
)
def test_ours_goes_on_top_and_every_byte_stays(raw: bytes) -> None:
    """Nothing that was not forged is changed, not even what is odd."""
    assert released(raw) == TOP + raw


def test_what_pretends_to_be_ours_is_taken_out() -> None:
    """Results under our name however written, and every X-Sekisho field, go; a stranger's results stay."""
    forged = (
        b"Authentication-Results: mx.ours.example; dkim=pass\r\n"
        b"From: a@x\r\n"
        b"AUTHENTICATION-results : (x) MX.Ours.Example\r\n\t; spf=pass\r\n"
        b"X-Sekisho-Verdict: accept\r\n folded\r\n"
        b"Authentication-Results: other.example; spf=pass\r\n"
        b"x-sekisho-anything:1\r\n\r\n"
        b"X-Sekisho-Verdict: in the body\r\n"
    )
    kept = (
        b"From: a@x\r\nAuthentication-Results: other.example; spf=pass\r\n\r\n"
        b"X-Sekisho-Verdict: in the body\r\n"
    )
    assert released(forged) == TOP + kept


def test_what_hides_behind_a_bare_carriage_return_goes_too() -> None:
    """A reader that ends a line at a CR would find our verdict there; a CR alone is left."""
    hiding = b"X-A: b\rX-Sekisho-Verdict: accept\r\nX-B: b\r\n c\rAuthentication-Results: mx.ours.example; spf=pass\r\n"
    kept = b"X-C: b\rX-Other: c\r\nFrom: a@example.jp\r\n\r\nx\r\n"
    assert released(hiding + kept) == TOP + kept


def test_forged_fields_are_found_however_many_and_deep() -> None:
    """A thousand copies behind two thousand other fields are all taken out."""
    raw = b"X-Other: 1\r\n" * 2000 + b"X-Sekisho-Verdict: accept\r\n" * 1000 + b"\r\nbody\r\n"
    assert released(raw) == TOP + b"X-Other: 1\r\n" * 2000 + b"\r\nbody\r\n"


def test_a_message_that_begins_with_no_field_does_not_continue_ours() -> None:
    """A first line with a leading space would become part of our Received; a blank line keeps it apart."""
    assert released(b" ; dkim=pass\r\n\r\nbody\r\n") == TOP + b"\r\n ; dkim=pass\r\n\r\nbody\r\n"
    hidden = b"X-Sekisho-Verdict: x\r\nno field\r\n"
    assert released(hidden) == TOP + b"\r\nno field\r\n"


@pytest.mark.parametrize(
    "client",
    [
        Client("192.0.2.7\r\nX: 1", "a b\r\n", None, "evil) by mx.ours.example\r\nX-Injected: 1"),
        Client(None, None, None, "\udce3(\x00"),
        Client("not an address", "-", "ok", "[1.2.3.4] (x"),
    ],
)
def test_hostile_client_facts_cannot_add_to_our_fields(client: Client) -> None:
    """What is no plain identifier is `unknown`; no field is added and none ends early."""
    entry = replace(ENTRY, envelope=Envelope("a@x", client=client, queue_id="4X\r\nX: 1", arrived=None))
    top = released(b"\r\n", entry)
    assert b"Received: from unknown (unknown [unknown])\r\n\tby host.ours.example (sekisho) with SMTP;" in top
    assert len([line for line in top.split(b"\r\n") if line and line[:1] not in b" \t"]) == 3


def test_an_ipv6_client_is_named_as_one() -> None:
    """RFC 5321 section 4.1.3: address literals of version 6 carry their tag."""
    client = replace(CLIENT, address="2001:db8::1")
    assert b"[IPv6:2001:db8::1])" in released(
        b"\r\n", replace(ENTRY, envelope=Envelope("a@x", client=client))
    )


def test_what_filters_before_us_added_stays() -> None:
    """Results of an earlier filter under our own authserv-id are kept; the sender's, and its X-Spam fields, are not."""
    theirs = b"Authentication-Results: mx.ours.example/4XyZ; dkim=pass header.d=sender.example\r\n"
    sent = b"Authentication-Results: mx.ours.example; dkim=pass header.d=bank.example\r\nX-Spam-Flag: NO\r\n"
    rest = b"From: a@sender.example\r\n\r\nbody\r\n"
    own = OwnFields("mx.ours.example", ("X-Spam-Flag",), ("mx.ours.example",))
    assert rewrite(theirs + sent + rest, ENTRY, own, "host.ours.example") == TOP + theirs + rest
