"""What is judged is what a milter would be given, and what is edited is what a milter's MTA would make of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.judging.collect import Collector
from sekisho.judging.replies import UnwritableError
from sekisho.message import Client, Limits, Recipient
from sekisho.smtp.edits import edited
from sekisho.smtp.incoming import collect
from sekisho.smtp.options import SmtpOptions, host_and_port
from sekisho.smtp.receive import ReceivedBytes
from sekisho.verdict import AddHeader, ChangeHeader, DeleteRecipient, Edit

OWN = b"Received: from x.example (unknown [192.0.2.7])\r\n\tby mx.example (Postfix) with ESMTP; %s\r\n"
MAIL = b"Received: from y.example ([192.0.2.9]) by x.example; Tue\r\nSubject: hi\r\n\r\nbody\r\n"


class Everywhere:
    """Implements `receive.Room`."""

    def room(self, size: int, held: int) -> bool:
        return True

    def give_back(self, size: int) -> None:
        pass


def message_of(*pieces: bytes) -> bytes:
    """The message that was sent in these pieces."""
    received = ReceivedBytes(Everywhere(), 10_000)
    for each in pieces:
        received.take(each)
    return received.message()


def judged(raw: bytes, address: str | None = "192.0.2.7") -> bytes:
    collector = Collector(Limits(), ForgedFields(OwnFields("mx.example")), spaced=True)
    whole = collect(raw, Client(address), collector).judged()
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


def test_a_long_helo_does_not_hide_it() -> None:
    """Postfix writes the name before the address."""
    own = b"Received: from " + b"x" * 2_048 + b" (unknown [192.0.2.7]) by mx; Mon\r\n"
    assert judged(own + MAIL) == MAIL


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


@given(st.lists(st.text(st.sampled_from(".\r\na"), max_size=6)))
def test_it_does_not_matter_where_pieces_end(texts: list[str]) -> None:
    """A line end or a dot may stand on the border of two."""
    pieces = [each.encode() for each in texts]
    whole = re.sub(rb"(?m)^\.", b"", b"".join(pieces))
    assert message_of(*pieces) == re.sub(rb"(?<!\r)\n", b"\r\n", whole)


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


def one_by_one(raw: bytes, edits: Iterable[Edit]) -> bytes:
    """The fields of a header, edited as a milter's MTA does it: one edit after the other."""
    header = [
        (name, data + b"\r\n") for data in raw.split(b"\r\n")[:-2] for name in [data.split(b":")[0].lower()]
    ]
    for each in edits:
        if isinstance(each, AddHeader):
            header.insert(0, (each.name.lower().encode(), f"{each.name}: {each.value}\r\n".encode()))
        elif isinstance(each, ChangeHeader):
            places = [place for place, (name, _) in enumerate(header) if name == each.name.lower().encode()]
            if each.index > len(places):
                continue
            at = places[each.index - 1]
            new = [(header[at][0], f"{each.name}: {each.value}\r\n".encode())] if each.value else []
            header[at : at + 1] = new
    return b"".join(data for _, data in header) + b"\r\n"


NAMES = st.sampled_from(["A", "a", "B", "C"])
EDITS = st.one_of(
    st.builds(AddHeader, NAMES, st.just("new")),
    st.builds(ChangeHeader, NAMES, st.integers(1, 5), st.sampled_from(["", "changed"])),
)


@given(st.lists(NAMES, max_size=8), st.lists(EDITS, max_size=12))
def test_one_pass_makes_what_many_edits_make(names: list[str], edits: list[Edit]) -> None:
    """Whatever the edits before did to the numbers."""
    raw = "".join(f"{name}: {place}\r\n" for place, name in enumerate(names)).encode() + b"\r\n"
    assert edited(raw, edits) == one_by_one(raw, edits)


def test_many_deletions_among_many_fields() -> None:
    """The time is that of one pass: before, each deletion read the whole header."""
    forged = b"X-Sekisho-V: 1\r\n" * 1_500
    rest = b"a:\r\n" * 50_000 + b"\r\nbody\r\n"
    edits = [ChangeHeader("X-Sekisho-V", number) for number in range(1_500, 0, -1)]
    begun = time.process_time()
    assert edited(forged + rest, edits) == rest
    assert edited(rest[:-8] + forged + rest[-8:], edits) == rest
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("value", [b"x\0y", (b"x" * 900 + b"\r\n ") * 78])
def test_a_forged_field_is_found_wherever_in_a_value_it_hides(value: bytes) -> None:
    """Behind a NUL, or far behind: Postfix would cut it off, another next hop may read it. It cannot be deleted."""
    collector = Collector(Limits(), ForgedFields(OwnFields("mx.example")), spaced=True)
    raw = b"Subject: " + value + b"\rX-Sekisho-Verdict: accept\r\r\n\r\nbody\r\n"
    collect(raw, Client(), collector)
    assert collector.forged.too_many


def test_a_header_of_very_many_fields_is_not_read_to_its_end() -> None:
    """The time is bounded. What is below may be forged: more than can be deleted. The body is judged."""
    collector = Collector(Limits(), ForgedFields(OwnFields("mx.example")), spaced=True)
    raw = b"From: <a@x.example>\r\n" + b"a:\r\n b\r\n" * 1_000_000 + b"\r\nbody\r\n"
    begun = time.process_time()
    assert collect(raw, Client(), collector).judged() is raw
    assert time.process_time() - begun < 4
    assert collector.forged.too_many
    assert (collector.size, collector.raw()[-8:]) == (len(raw) - 2, b"\r\nbody\r\n")
