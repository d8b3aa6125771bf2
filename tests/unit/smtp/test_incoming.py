"""What is judged is what a milter would be given, and what is edited is what a milter's MTA would make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.judging.collect import Collector
from sekisho.judging.replies import UnwritableError
from sekisho.message import Client, Limits, Recipient
from sekisho.smtp.edits import edited
from sekisho.smtp.incoming import collect, message_of
from sekisho.smtp.options import SmtpOptions, host_and_port
from sekisho.verdict import AddHeader, ChangeHeader, DeleteRecipient

OWN = b"Received: from x.example (unknown [192.0.2.7])\r\n\tby mx.example (Postfix) with ESMTP; %s\r\n"
MAIL = b"Received: from y.example ([192.0.2.9]) by x.example; Tue\r\nSubject: hi\r\n\r\nbody\r\n"


def judged(raw: bytes, address: str | None = "192.0.2.7") -> bytes:
    collector = Collector(Limits(), ForgedFields(OwnFields("mx.example")), spaced=True)
    whole = collect(raw, Client(address), collector)
    assert collector.raw() == whole or b"\r\n\r\n" not in raw
    return collector.raw()


def test_the_field_of_the_mta_in_front_is_not_judged() -> None:
    """Its time differs at each retry, and a milter does not see it; so the retry is the same message."""
    assert judged(OWN % b"Mon" + MAIL) == judged(OWN % b"Tue" + MAIL) == MAIL


@pytest.mark.parametrize("address", [None, "192.0.2.9", "2001:db8::1"])
def test_no_other_field_is_taken_for_it(address: str | None) -> None:
    """It must be the first, and name the client; a sender's own line stays."""
    raw = OWN % b"Mon" + MAIL
    assert judged(raw, address) == raw


def test_an_address_in_another_form() -> None:
    """Postfix writes IPv6 with its tag."""
    own = b"Received: from x (x [IPv6:2001:DB8:0:0::1]) by mx; Mon\r\n"
    assert judged(own + MAIL, "2001:db8::1") == MAIL


@given(st.binary())
def test_any_bytes_are_collected(data: bytes) -> None:
    """Whatever comes, it ends, and the body is all there."""
    raw = message_of(data)
    collector = Collector(Limits(), ForgedFields(OwnFields("mx.example")), spaced=True)
    collect(raw, Client("192.0.2.7"), collector)
    assert len(collector.raw()) >= 2


@given(st.binary())
def test_no_bare_lf_is_left(data: bytes) -> None:
    """So that what is judged is what the next hop reads; nothing else is changed."""
    raw = message_of(data)
    assert raw.count(b"\n") == raw.count(b"\r\n")
    if b"." not in data and data.count(b"\n") == data.count(b"\r\n"):
        assert raw == data


def test_edits_in_their_order() -> None:
    """Each deletion renumbers the fields below; a value is folded with CRLF; the body stays."""
    raw = b"X-A: 1\r\nx-a : 2\r\n folded\r\nSubject: old\r\n\r\nX-A: body\r\n"
    edits = (
        ChangeHeader("X-A", 2),
        ChangeHeader("X-A", 1),
        ChangeHeader("X-A", 1),  # there is none any more
        ChangeHeader("Subject", 1, "[x]\n new"),
        AddHeader("One", "1"),
        AddHeader("Two", "2"),
        DeleteRecipient(Recipient("a@x.example")),
    )
    assert edited(raw, edits) == b"Two: 2\r\nOne: 1\r\nSubject: [x]\r\n new\r\n\r\nX-A: body\r\n"


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        (b"\r\nbody\r\n", b"A: 1\r\n\r\nbody\r\n"),
        (b"no field\r\n", b"A: 1\r\n\r\nno field\r\n"),
        (b" folded\r\n", b"A: 1\r\n\r\n folded\r\n"),
        (b"B: 2\r\nno field\r\n", b"A: 1\r\nB: 2\r\nno field\r\n"),
        (b"", b"A: 1\r\n"),
    ],
)
def test_our_fields_are_never_continued_by_the_message(raw: bytes, made: bytes) -> None:
    """A message without a header gets one of ours."""
    assert edited(raw, (AddHeader("A", "1"),)) == made


def test_without_edits_no_byte_is_changed() -> None:
    """Not even an odd one."""
    raw = b"From me\r\n\x00\r\r\n"
    assert edited(raw, ()) is raw
    with pytest.raises(UnwritableError):
        edited(raw, (AddHeader("a b", "1"),))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "127.0.0.1",
        ":25",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "::1:25",
        "[::1]25",
        "[127.0.0.1]:25",
        "a b:25",
        "x:y",
    ],
)
def test_what_is_no_place(value: str) -> None:
    """It is said with an example."""
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:10025"):
        host_and_port(value)
    assert host_and_port("[::1]:25") == ("::1", 25)
    assert SmtpOptions(next_hop="mail.example:25").next_hop == "mail.example:25"
    with pytest.raises(ValueError, match="IP address"):
        SmtpOptions(listen="mail.example:25")
