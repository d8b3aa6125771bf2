"""One transaction, and what its endings mean."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError
from tests.unit.release.kit import CLOSE, Port

from sekisho.release import ReleaseOptions
from sekisho.release.smtp import Fate, Outgoing, hand_over, path_of
from sekisho.smtp_client import _pieces

RAW = b"From: a@x\r\n\r\n.\r\n..two\r\n.\rthree\r\nbody \xe6\x97\xa5\x00\r\n"
OUTGOING = Outgoing(RAW, "<b@ours.example>")


def talk(port: Port, outgoing: Outgoing = OUTGOING, **options: object) -> tuple[Fate, str]:
    settings = ReleaseOptions.model_validate({"port": port.port, "timeout_seconds": 5, **options})
    answer = hand_over(outgoing, settings, "mx.ours.example")
    return answer.fate, answer.text


def test_the_bytes_arrive_as_they_are() -> None:
    """Dots at line starts, NUL, bare CR and 8-bit bytes are what the port gets; the sender is null."""
    with Port() as port:
        assert talk(port)[0] is Fate.TAKEN
    assert port.messages == [RAW]
    assert port.commands[:3] == [
        "EHLO mx.ours.example",
        f"MAIL FROM:<> SIZE={len(RAW)} BODY=8BITMIME",
        "RCPT TO:<b@ours.example>",
    ]


def test_a_bounce_address_of_our_own_may_be_the_sender() -> None:
    """The configured address, never the original sender, is told of failures."""
    with Port() as port:
        talk(port, bounce_address="postmaster@ours.example")
    assert port.commands[1].startswith("MAIL FROM:<postmaster@ours.example> ")


@pytest.mark.parametrize(
    "path", ["<a..b@docomo.ne.jp>", '<"a b"@x.example>', "<x.@ezweb.ne.jp>", "<@a,@b:u@x.example>"]
)
def test_odd_recipients_are_named_as_they_were(path: str) -> None:
    """Carrier addresses and quoted local parts are not rewritten by anybody's idea of an address."""
    with Port() as port:
        assert talk(port, Outgoing(RAW, path_of(path, "")))[0] is Fate.TAKEN
    assert port.commands[2] == f"RCPT TO:{path}"


def test_international_mail_asks_for_smtputf8() -> None:
    """RFC 6531: announced when the mail came with it, or when the recipient cannot be said without."""
    for outgoing in (
        Outgoing(b"\r\n", "<b@x>", international=True),
        Outgoing(b"\r\n", "<\u65e5\u672c@x.example>"),
    ):
        with Port() as port:
            assert talk(port, outgoing)[0] is Fate.TAKEN
        assert port.commands[1].endswith(" SMTPUTF8")
        assert port.commands[2] == f"RCPT TO:{outgoing.path}"


def test_a_port_that_cannot_take_it_is_not_given_it() -> None:
    """8-bit bytes without 8BITMIME, or an international address without SMTPUTF8, are refused by ourselves."""
    with Port({"EHLO": "250 port"}) as port:
        assert talk(port) == (Fate.REFUSED, "the port does not offer 8BITMIME, which the message needs")
        assert talk(port, Outgoing(b"\r\n", "<\u65e5@x>"))[0] is Fate.REFUSED
        assert talk(port, Outgoing(b"plain\r\n", "<b@x>"))[0] is Fate.TAKEN
    assert port.messages == [b"plain\r\n"]


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(
    ("reply", "fate"),
    [("450 4.3.0 later", Fate.LATER), ("550 5.7.1 no", Fate.REFUSED), ("421 x", Fate.LATER)],
)
def test_a_reply_is_a_clear_answer(stage: str, reply: str, fate: Fate) -> None:
    """4xx is later, 5xx is no, at every stage, and nothing was taken."""
    with Port({stage: reply}) as port:
        assert talk(port)[0] is fate
    assert port.messages == []


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", [CLOSE, "nonsense"])
def test_an_end_before_the_message_is_later(stage: str, reply: str) -> None:
    """Until the first byte of the message nothing can have been accepted."""
    with Port({stage: reply}) as port:
        assert talk(port)[0] is Fate.LATER


@pytest.mark.parametrize("reply", ["250 ok", "299 x", "350 x"])
def test_only_354_asks_for_the_message(reply: str) -> None:
    """A 250 to DATA is no word about a message that was not sent: the copy stays held."""
    with Port({"DATA": reply}) as port:
        assert talk(port)[0] is Fate.LATER
    assert port.messages == []


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072])
@pytest.mark.parametrize("line", [b"\n.", b"\r\n.\r\n", b".", b"\n", b"\r\n..", b"a\n"])
def test_dots_are_doubled_wherever_a_piece_ends(line: bytes, size: int) -> None:
    """A message is sent in pieces. What the port gets is the message, with a line end at its end."""
    raw = (line * size)[:size]
    sent = b"".join(_pieces(raw))
    assert sent.endswith(b"\r\n.\r\n")
    assert re.sub(rb"(?m)^\.", b"", sent[:-3]) == raw + b"\r\n" * (not raw.endswith(b"\r\n"))


@pytest.mark.parametrize("raw", [b"", b".", b"\r\n", b"\r", b"x" * 65_536])
def test_short_messages(raw: bytes) -> None:
    """SMTP has no message without a line."""
    assert b"".join(_pieces(raw)) == re.sub(rb"(?m)^\.", b"..", raw) + b"\r\n" * (raw != b"\r\n") + b".\r\n"


@pytest.mark.parametrize("reply", [CLOSE, "nonsense"])
def test_an_end_after_the_message_is_uncertain(reply: str) -> None:
    """Once the message is on its way, only a reply tells what became of it."""
    with Port({"END": reply}) as port:
        assert talk(port)[0] is Fate.UNCERTAIN


def test_a_silent_port_after_the_message_is_uncertain() -> None:
    """A time-out while the reply is awaited is no answer."""
    with Port({"END": ["250 kept"]}) as port:
        port.replies["END"] = [_Never()]  # type: ignore[list-item]
        assert talk(port, timeout_seconds=0.3)[0] is Fate.UNCERTAIN


class _Never(str):
    """A reply that is waited for in vain: the port's thread blocks on reading what nobody writes."""

    def __getitem__(self, _: object) -> str:
        import threading  # noqa: PLC0415

        threading.Event().wait(2)
        return ""


def test_nobody_listening_is_later() -> None:
    """A port that is closed takes nothing."""
    with Port() as port:
        number = port.port
    assert hand_over(Outgoing(RAW, "<b@x>"), ReleaseOptions(port=number), "x").fate is Fate.LATER


@pytest.mark.parametrize(
    "address",
    [
        "a@x\r\nDATA",
        "a@x>\r\n",
        "",
        "a\x00@x",
        "a@x> <b@x",
        '"a"b>"@x',
        '"a\\"@x> <"b"@x',
        '"a\r\nDATA"@x',
        '"a>"@x"> <b@x',
    ],
)
def test_an_address_that_is_a_command_is_refused(address: str) -> None:
    """No recipient can end its command or begin another."""
    with pytest.raises(ValueError, match="cannot be named"):
        path_of(f"<{address}>", address)


def test_undecodable_addresses_are_refused_not_sent_wrongly() -> None:
    """Bytes that are no UTF-8 cannot be named in a command; the copy stays where it is."""
    with Port() as port:
        assert talk(port, Outgoing(RAW, "<\udce3@x>"))[0] is Fate.REFUSED
    assert port.messages == []


def test_options_leave_nobody_for_dead_who_may_still_wait() -> None:
    """A hand-over that may take longer than `uncertain_after_minutes` is a configuration error."""
    with pytest.raises(ValidationError, match="more than 8 times"):
        ReleaseOptions(timeout_seconds=300, uncertain_after_minutes=15)
