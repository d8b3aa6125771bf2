"""Which mailbox a command names: the door and the next hop must not differ about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.smtp.kit import door

from sekisho.smtp import paths
from sekisho.smtp.replies import UNCLEAR_RECIPIENT, UNCLEAR_SENDER

UNCLEAR = (
    "< a@y.example >", "<a @ y.example>", "<a@y.example (x)>", "<(x)a@y.example>", "<a@y .example>",
    "<a@y\\.example>", "<a\\@y.example>", "<x:a@y.example;>", "<a@y.example,>", "<,a@y.example>", "<;a@y.example>",
    "<:a@y.example>", '<a@"y.example">', "<a@y.example@>", "<@a@y.example>", "<a@b@y.example>", '<"a@y.example">',
    "<a%y.example>", "<y.example!a>", "<a@y.example.>", "<a@.y.example>", "<a@y..example>", "<a@>", "<@y.example>",
    '<""@y.example>', '<"a"b@y.example>', '<"a"."b"@y.example>', "<a@y.example\t>", "<a@[127.0.0.1>", "<a@[x y]>",
    "<@r.example,a@y.example>", "<@r.example:>", "<bare>", "<<a@y.example>>", "<a@y.example\udcff>",
    "<\udce3@y.example>", "<a\x80@y.example>", "<a@y.example\u00a0>",
)  # fmt: skip
ROUTED = (
    "<a%y.example@x.example>", "<y.example!a@x.example>", '<"a@y.example"@x.example>', '<"a%y.example"@x.example>',
    r'<"a\@y.example"@x.example>', r'<"a\%y.example"@x.example>',
)  # fmt: skip
CLEAR = {
    "<a@y.example>": "a@y.example",
    "a@y.example": "a@y.example",
    "<A@Y.Example>": "A@Y.Example",
    '<"a"@y.example>': "a@y.example",
    r'<"\a"@y.example>': "a@y.example",
    '<"a..b"@docomo.example>': "a..b@docomo.example",
    "<a..b@docomo.example>": "a..b@docomo.example",
    "<x.@ezweb.example>": "x.@ezweb.example",
    '<"a b"@y.example>': '"a b"@y.example',
    r'<"a\ b"@y.example>': '"a b"@y.example',
    r'<"a\"\\>b"@y.example>': r'"a\"\\>b"@y.example',
    "<@r.example,@s.example:a@y.example>": "a@y.example",
    "<root@my_host.example>": "root@my_host.example",
    "<a+b=c#d@y>": "a+b=c#d@y",
    "<a@[192.0.2.1]>": "a@[192.0.2.1]",
    "<a@[IPv6:2001:db8::1]>": "a@[IPv6:2001:db8::1]",
    "<\u65e5\u672c@\u4f8b\u3048.example>": "\u65e5\u672c@\u4f8b\u3048.example",
}


@pytest.mark.parametrize("path", UNCLEAR)
def test_what_programs_read_differently_is_not_read(path: str) -> None:
    """Postfix delivers most of these to a@y.example; others do not."""
    assert paths.sender(path) is paths.recipient(path) is None


@pytest.mark.parametrize("path", ROUTED)
def test_a_recipient_that_carries_a_route_is_none(path: str) -> None:
    """It may be delivered elsewhere than its domain says. As a sender it is an address like another."""
    assert paths.recipient(path) is None
    assert paths.sender(path) is not None


@pytest.mark.parametrize("path", CLEAR)
def test_one_mailbox_has_one_form(path: str) -> None:
    """Quotes that are not needed, and a source route, make no other mailbox."""
    assert paths.sender(path) == paths.recipient(path) == CLEAR[path]
    assert paths.recipient(CLEAR[path]) == CLEAR[path]


def test_the_special_paths() -> None:
    """The null sender, and the postmaster without a domain."""
    assert (paths.sender("<>"), paths.recipient("<>")) == ("", None)
    assert (paths.recipient("<Postmaster>"), paths.sender("<Postmaster>")) == ("Postmaster", None)


@given(st.text(st.sampled_from('ab.@"\\<>%!:,;( )[]1')))
def test_any_path(path: str) -> None:
    """What is read names one domain, and reads the same again."""
    for read in (paths.sender, paths.recipient):
        if address := read(path):
            assert read(address) == address


def test_before_the_queue_an_unclear_address_is_refused() -> None:
    """The sending server hears it, and the next hop never does."""
    with door(position="before-queue") as it, it.mta as mta:
        mta.hello()
        assert mta.say("MAIL FROM:< bad@x.example >") == f"{UNCLEAR_SENDER.code} {UNCLEAR_SENDER.text}"
        mta.say('MAIL FROM:\t<"bad"@x.example>\tSIZE=10')
        for path in ("<a@y.example (x)>", "<b\x01c@y.example>", *ROUTED):
            assert mta.say(f"RCPT TO:{path}") == f"{UNCLEAR_RECIPIENT.code} {UNCLEAR_RECIPIENT.text}"
        mta.say("RCPT TO:<@r.example:a@y.example>")
        mta.say("DATA")
        assert mta.message() == "250 2.0.0 kept"
        envelope = it.judge.seen[0][1]
        assert [each for each in it.commands if each.startswith("RCPT")] == [
            "RCPT TO:<@r.example:a@y.example>"
        ]
    assert envelope.sender == "bad@x.example"
    assert [each.address for each in envelope.recipients] == ["a@y.example"]


def test_after_the_queue_no_address_is_refused() -> None:
    """The MTA has the message: a refusal would bounce it. It writes plain addresses, and quotes where they are needed;
    anything else is judged as it seems to be."""
    with door() as it, it.mta as mta:
        mta.hello()
        assert mta.say("MAIL FROM:<root>")[:3] == "250"
        for path in (
            '<"a..b"@docomo.example>',
            "<a%y.example@x.example>",
            "<bare>",
            "<a@y.example (x)>",
            "<b\x01c@y.example>",
            '<"b\x7fc"@y.example>\tNOTIFY=NEVER',
        ):
            assert mta.say(f"RCPT TO:{path}")[:3] == "250"
        mta.say("DATA")
        mta.message()
        envelope = it.judge.seen[0][1]
    assert envelope.sender == "root"
    assert [each.address for each in envelope.recipients] == [
        "a..b@docomo.example",
        "a%y.example@x.example",
        "bare",
        "a@y.example (x)",
        "b\x01c@y.example",
        '"b\x7fc"@y.example',
    ]
