"""Who the client is: what a trusted MTA says, and never more than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.smtp.kit import door

from sekisho.message import Client
from sekisho.smtp.attributes import XCLIENT, XFORWARD, AttributeSyntaxError, ClientAttributes


def said(text: str, *, definite: bool = False) -> Client:
    return ClientAttributes(definite=definite).and_also(text, XCLIENT if definite else XFORWARD).client


def test_what_postfix_says() -> None:
    """Name, address, port and HELO; a name that Postfix names was confirmed."""
    text = (
        "NAME=mail.x.example ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP HELO=[192.0.2.7] IDENT=4jdc SOURCE=REMOTE"
    )
    assert said(text) == Client("192.0.2.7", "mail.x.example", "ok", "[192.0.2.7]", 4711)
    assert ClientAttributes().and_also(text, XFORWARD).queue_id == "4jdc"
    assert said("ADDR=IPV6:2001:DB8::1").address == said("addr=ipv6:2001:db8:0::1").address == "2001:db8::1"
    assert said("ADDR=192.0.2.7 LOGIN=taro", definite=True).user == "taro"


def test_what_is_not_said_is_unknown() -> None:
    """Nothing is not an address, a name or a failure. XCLIENT means by [UNAVAILABLE] that there is no name."""
    assert said("NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE] PORT=[UNAVAILABLE]") == Client()
    assert said("NAME=[UNAVAILABLE] ADDR=192.0.2.7").resolve is None
    assert said("NAME=[UNAVAILABLE] ADDR=192.0.2.7", definite=True).resolve == "fail"
    assert said("NAME=[TEMPUNAVAIL] ADDR=192.0.2.7").resolve == "temp"
    assert said("ADDR=unknown PORT=99999999 NAME=unknown") == Client(resolve="ok")


@pytest.mark.parametrize(
    ("helo", "heard"),
    [
        ("a+20b", "a b"),
        ("+0D+0AMAIL", "??MAIL"),
        ("+E6+97+A5", "日"),
        ("+FF", "\udcff"),
        ("+00+1b[2J", "??[2J"),
    ],
)
def test_hostile_values(helo: str, heard: str) -> None:
    """xtext is decoded; no control character is left."""
    assert said(f"HELO={helo}").helo == heard


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NAME",
        "NAME=",
        "=x",
        "NAME=a  ADDR=192.0.2.7",
        "NAME=a+2",
        "NAME=+",
        "FOO=bar",
        "LOGIN=taro",
        "NAME=日本",
    ],
)
def test_what_is_no_attribute(text: str) -> None:
    """It is refused, and nothing of the command counts; LOGIN is none of XFORWARD."""
    with pytest.raises(AttributeSyntaxError):
        said(text)


@given(st.text(st.characters(exclude_characters=" \r\n")))
def test_any_value(value: str) -> None:
    """Whatever is sent, it is refused or gives a client without control characters."""
    try:
        client = said(f"HELO={value} NAME={value} ADDR={value} PORT={value}")
    except AttributeSyntaxError:
        return
    assert not any(ord(each) < 32 for each in f"{client.helo}{client.name}")


def test_the_client_of_a_session() -> None:
    """XFORWARD holds for one message; XCLIENT for the session, which begins anew; without both it is unknown, though
    the MTA has an address."""
    with door() as it, it.mta as mta:
        mta.hello()
        mta.begin()
        mta.message()
        assert mta.say("XFORWARD ADDR=192.0.2.7 HELO=x.example") == "250 2.0.0 Ok"
        mta.begin()
        mta.message()
        mta.begin()
        mta.message()
        assert mta.say("XCLIENT ADDR=192.0.2.8 NAME=[UNAVAILABLE]").startswith("220 ")
        assert mta.say("MAIL FROM:<a@x.example>").startswith("503")
        mta.say("EHLO client.example")
        mta.begin()
        assert mta.say(b"x\r\n.")[:3] == "250"
        found = [envelope.client for _, envelope in it.judge.seen]
        forwarded = [each for each in it.commands if each.startswith("XFORWARD")]
    assert found == [
        Client(),
        Client("192.0.2.7", helo="x.example"),
        Client(),
        Client("192.0.2.8", resolve="fail", helo="client.example"),
    ]
    assert forwarded[0] == "XFORWARD ADDR=192.0.2.7 HELO=x.example"


def test_hostile_attributes_in_a_session() -> None:
    """A wrong command changes nothing, and says nothing of a message that has begun."""
    with door() as it, it.mta as mta:
        mta.hello()
        assert mta.say("XFORWARD ADDR=192.0.2.7 HELO=+0")[:3] == "501"
        assert mta.say(b"XFORWARD HELO=\xff")[:3] == "501"
        mta.say("MAIL FROM:<a@x.example>")
        assert mta.say("XFORWARD ADDR=192.0.2.9")[:3] == "503"
        mta.say("RCPT TO:<b@y.example>")
        mta.say("DATA")
        mta.message()
        assert it.judge.seen[0][1].client == Client()


@pytest.mark.parametrize("helo", ["x" * 1_200, "x" * 2_048, "+2B" * 2_048, "x" * 30_000])
def test_a_long_helo_is_no_error(helo: str) -> None:
    """A refusal would come again with each retry. It is judged, cut if need be, and not passed on to the next hop; the
    rest is."""
    with door() as it, it.mta as mta:
        mta.hello()
        assert mta.say(f"XFORWARD ADDR=192.0.2.7 HELO={helo}") == "250 2.0.0 Ok"
        assert mta.begin()[0] == "250 ok"
        assert mta.message() == "250 2.0.0 kept"
        client = it.judge.seen[0][1].client
        forwarded = [each for each in it.commands if each.startswith("XFORWARD")]
    assert client == Client("192.0.2.7", helo=helo.replace("+2B", "+")[:2_048])
    assert forwarded == ["XFORWARD ADDR=192.0.2.7"]
