"""One connection of the MTA: what the next hop hears and says, and that there is no 250 before its own."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace

import pytest
from lab.place import wait_until
from tests.unit.release.kit import CLOSE
from tests.unit.smtp.kit import Judge, Mta, door

from sekisho.judging.handlers import OnFailure
from sekisho.message import Envelope, Limits
from sekisho.smtp import answer
from sekisho.smtp.replies import BUSY, EARLY, NO_ROOM, STRANGER, TOO_LARGE
from sekisho.verdict import Action, AddHeader, ChangeHeader, DeleteRecipient, Reply

RAW = b"Subject: hi\r\nX-Sekisho-Verdict: forged\r\n\r\n..stuffed\r\nb\xe6\x97\xa5\x00\rdy\r\n"
SENT = RAW.replace(b"\r\n..stuffed", b"\r\n...stuffed")
LATER = "451 4.3.0 Temporary local problem, please try again later"
UNSURE = Action(Reply.TEMPFAIL, smtp=("451", "4.3.0", "Temporary local problem, please try again later"))


def one(mta: Mta, *recipients: str, raw: bytes = SENT) -> str:
    """The last reply to one message in a new session."""
    mta.hello()
    mta.begin(*recipients)
    return mta.message(raw)


def test_a_message_passes_byte_for_byte() -> None:
    """Without edits the next hop gets the very bytes: dots, NUL, a bare CR and 8 bits; and its reply is passed on."""
    with door() as it, it.mta as mta:
        assert one(mta) == "250 2.0.0 kept"
        assert it.next_hop.messages == [RAW]
        assert it.judge.seen[0][0] == RAW


def test_commands_are_passed_on_as_they_came() -> None:
    """Parameters of SIZE, 8BITMIME, SMTPUTF8 and DSN, quotes and odd local parts reach the next hop unchanged."""
    commands = [
        'MAIL FROM:<"a>b"@x.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=QQ+2B314159 SMTPUTF8',
        "RCPT TO:<hanako..@docomo.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Hanako@docomo.example",
        "RCPT TO:<\u65e5\u672c@x.example>",
    ]
    with door() as it, it.mta as mta:
        mta.hello()
        assert [mta.say(each) for each in commands] == ["250 ok"] * 3
        assert it.commands[1:] == commands
        mta.say("DATA")
        mta.message()
        envelope = it.judge.seen[0][1]
    assert envelope.sender == '"a>b"@x.example'
    assert [each.address for each in envelope.recipients] == [
        "hanako..@docomo.example",
        "\u65e5\u672c@x.example",
    ]
    assert envelope.recipients[0].parameters[0] == "NOTIFY=SUCCESS,FAILURE"


def test_what_the_next_hop_does_not_offer_is_not_offered() -> None:
    """The MTA learns it by EHLO, before it sends what could not be passed on; CHUNKING is never offered."""
    with door(replies={"EHLO": "250-next\r\n250-SIZE 5000\r\n250 CHUNKING"}) as it, it.mta as mta:
        offers = mta.hello()
    assert "SIZE 5000" in offers
    assert not [
        each for each in ("DSN", "8BITMIME", "SMTPUTF8", "CHUNKING", "STARTTLS", "AUTH") if each in offers
    ]


@pytest.mark.parametrize("reply", ["450 4.2.0 later", "550 5.1.1 nobody"])
def test_each_recipient_gets_the_next_hops_own_reply(reply: str) -> None:
    """At RCPT, at once; the message then goes to those that were taken."""
    with door(replies={"RCPT": ["250 2.1.5 yes", reply, "250 2.1.5 yes"]}) as it, it.mta as mta:
        mta.hello()
        said = mta.begin("a@y.example", "b@y.example", "c@y.example")
        assert said[1:4] == ["250 2.1.5 yes", reply, "250 2.1.5 yes"]
        assert mta.message().startswith("250")
        assert [each.address for each in it.judge.seen[0][1].recipients] == ["a@y.example", "c@y.example"]


def test_without_a_recipient_there_is_no_message() -> None:
    """All recipients were refused."""
    with door(replies={"RCPT": "550 5.1.1 nobody"}) as it, it.mta as mta:
        mta.hello()
        assert mta.begin()[-1].startswith("554")
        assert it.judge.seen == []


@pytest.mark.parametrize("reply", ["450 4.3.0 later", "550 5.7.1 no", "552 5.3.4 large"])
@pytest.mark.parametrize("stage", ["MAIL", "DATA", "END"])
def test_a_reply_of_the_next_hop_is_passed_on(stage: str, reply: str) -> None:
    """4xx and 5xx at every stage, and nothing was taken."""
    with door(replies={stage: reply}) as it, it.mta as mta:
        mta.hello()
        said = mta.begin()
        assert (said[0] if stage == "MAIL" else mta.message()) == reply
        assert it.next_hop.messages == []


@pytest.mark.parametrize("told", ["250 ok", "220 x", "299 x", "350 x", "199 x", "-50 x"])
def test_only_354_asks_for_the_message(told: str) -> None:
    """A 250 to DATA is no word about a message that was not sent: the MTA keeps it, and the session is over."""
    with door(replies={"DATA": [told, "354 go on"]}) as it, it.mta as mta:
        assert one(mta) == LATER
        mta.begin()
        assert mta.message() == "250 2.0.0 kept"
        assert (len(it.next_hop.messages), len(it.next_hop.seen)) == (1, 2)


@pytest.mark.parametrize("told", ["354 go on", "350 x", "199 x"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "END"])
def test_a_reply_that_means_nothing_is_a_temporary_failure(stage: str, told: str) -> None:
    """No command but DATA has a 3xx: nobody is told that."""
    with door(replies={stage: told}) as it, it.mta as mta:
        mta.hello()
        said = mta.begin()
        assert ({"MAIL": said[0], "RCPT": said[1]}.get(stage) or mta.message()) == LATER


@pytest.mark.parametrize("told", [CLOSE, "nonsense", "421 4.3.2 going"])
@pytest.mark.parametrize("stage", ["DATA", "END"])
def test_a_next_hop_that_ends_is_a_temporary_failure(stage: str, told: str) -> None:
    """Before the final dot, and after it when nobody knows; the next message opens a new session."""
    with (
        door(replies={stage: [told, "354 go on" if stage == "DATA" else "250 2.0.0 kept"]}) as it,
        it.mta as mta,
    ):
        assert one(mta) == LATER
        mta.begin()
        assert mta.message() == "250 2.0.0 kept"
        assert len(it.next_hop.messages) == 1


@pytest.mark.parametrize("replies", [{"GREETING": "554 no"}, {"EHLO": "421 x"}, {"GREETING": CLOSE}])
def test_without_a_next_hop_there_is_no_session(replies: dict[str, str | list[str]]) -> None:
    """421 at EHLO: the MTA keeps its mail."""
    with door(replies=replies) as it, it.mta as mta:
        assert mta.hello().startswith("421 4.3.0")
        assert mta.reply() == ""


def test_a_next_hop_that_is_not_there() -> None:
    """A refused connection is the same."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with door(next_hop=f"127.0.0.1:{port}") as it, it.mta as mta:
        assert mta.hello().startswith("421 4.3.0")


def test_a_stale_session_with_the_next_hop_is_opened_again() -> None:
    """The next hop closes idle sessions; the MTA does not see it."""
    with door(replies={"MAIL": ["250 ok", CLOSE, "250 ok"]}) as it, it.mta as mta:
        one(mta)
        assert mta.begin()[0] == "250 ok"
        assert mta.message() == "250 2.0.0 kept"
        assert len(it.next_hop.messages) == 2


def test_the_edits_of_a_milter() -> None:
    """Fields are deleted and added as asked; every other byte stays."""
    edits = (
        ChangeHeader("X-Sekisho-Verdict", 1),
        AddHeader("X-Sekisho-Verdict", "tag; score=5;\n mode=enforce"),
    )
    with door(Judge(Action(Reply.ACCEPT, edits=edits))) as it, it.mta as mta:
        one(mta)
        ours = b"X-Sekisho-Verdict: tag; score=5;\r\n mode=enforce\r\n"
        assert it.next_hop.messages == [ours + RAW.replace(b"X-Sekisho-Verdict: forged\r\n", b"")]


def test_a_withheld_message_is_answered_as_a_taken_one() -> None:
    """The copies are in the store when the judgement returns; the next hop gets nothing."""
    with door(Judge(Action(Reply.DISCARD, reference="REF"))) as it, it.mta as mta:
        assert one(mta) == "250 2.0.0 Ok: queued as REF"
        assert it.next_hop.messages == []
        assert it.commands[-1] == "RSET"


def without(address: str) -> Judge:
    """A judge that withholds the copy of one recipient."""

    def action(raw: bytes, envelope: Envelope) -> Action:
        gone = tuple(DeleteRecipient(each) for each in envelope.recipients if each.address == address)
        return Action(Reply.ACCEPT, edits=gone)

    return Judge(action)


def test_a_withheld_recipient_is_not_named_to_the_next_hop() -> None:
    """The transaction begins again with the others, client included."""
    with door(without("b@y.example")) as it, it.mta as mta:
        mta.hello()
        mta.say("XFORWARD NAME=mail.x.example ADDR=192.0.2.7")
        mta.begin("a@y.example", "b@y.example", "c@y.example")
        assert mta.message() == "250 2.0.0 kept"
        at = it.commands.index("RSET")
        assert it.commands[at:] == [
            "RSET", "XFORWARD NAME=mail.x.example ADDR=192.0.2.7", "MAIL FROM:<a@x.example>",
            "RCPT TO:<a@y.example>", "RCPT TO:<c@y.example>", "DATA",
        ]  # fmt: skip


def test_a_withheld_recipient_that_the_directory_knows_is_not_named_either() -> None:
    """What the site's directory says of a recipient does not make it another one."""

    def action(raw: bytes, envelope: Envelope) -> Action:
        gone = replace(envelope.recipients[0], groups=("vip",))
        return Action(Reply.ACCEPT, edits=(DeleteRecipient(gone),))

    with door(Judge(action)) as it, it.mta as mta:
        assert one(mta, "a@y.example", "b@y.example") == "250 2.0.0 kept"
        at = it.commands.index("RSET")
        assert it.commands[at:] == ["RSET", "MAIL FROM:<a@x.example>", "RCPT TO:<b@y.example>", "DATA"]


@pytest.mark.parametrize("reply", ["450 4.2.0 later", "550 5.1.1 nobody", CLOSE])
def test_a_recipient_that_is_refused_the_second_time(reply: str) -> None:
    """451: the message comes again, and finds the held copy. It is not sent to the rest alone."""
    with door(without("b@y.example"), {"RCPT": ["250 ok", "250 ok", "250 ok", reply]}) as it, it.mta as mta:
        assert one(mta, "a@y.example", "b@y.example", "c@y.example") == LATER
        assert it.next_hop.messages == []


def test_a_refusal_before_and_after_the_queue() -> None:
    """550 reaches the sending server before the queue. After the queue it would be a bounce, so the message is kept."""
    refused = Action(Reply.REJECT, smtp=("550", "5.7.1", "100% no"))
    with door(Judge(refused), position="before-queue") as it, it.mta as mta:
        assert one(mta) == "550 5.7.1 100% no"
        assert it.judge.kept == []
    with door(Judge(refused)) as it, it.mta as mta:
        assert one(mta) == "250 2.0.0 Ok: queued as KEPT"
        assert it.judge.kept[0][0] == RAW


def test_a_message_that_fails_again_is_kept() -> None:
    """451 once; the same bytes again go to the store, where a milter would use the hold queue."""

    def crash(raw: bytes, envelope: Envelope) -> Action:
        raise RuntimeError("a defect")

    with door(Judge(crash, failing=UNSURE)) as it, it.mta as mta:
        assert one(mta) == LATER
        mta.begin()
        assert mta.message(SENT) == "250 2.0.0 Ok: queued as KEPT"
        assert len(it.judge.seen) == 1
        assert it.next_hop.messages == []


def test_a_failure_in_shadow_delivers_the_message_unchanged() -> None:
    """No mail is delayed or changed there, whatever fails."""

    def crash(raw: bytes, envelope: Envelope) -> Action:
        raise RuntimeError("a defect")

    with door(Judge(crash, level=OnFailure.ACCEPT)) as it, it.mta as mta:
        assert one(mta) == "250 2.0.0 kept"
        assert it.next_hop.messages == [RAW]


@pytest.mark.parametrize("level", list(OnFailure))
def test_a_defect_of_the_door_itself(level: OnFailure, monkeypatch: pytest.MonkeyPatch) -> None:
    """In shadow the message is delivered; else it is deferred, and kept when it comes again: never an endless 451."""

    def defect(raw: bytes, edits: object) -> bytes:
        raise RuntimeError("a defect")

    monkeypatch.setattr(answer, "edited", defect)
    with door(Judge(level=level, failing=UNSURE)) as it, it.mta as mta:
        if level is OnFailure.ACCEPT:
            assert one(mta) == "250 2.0.0 kept"
            assert it.next_hop.messages == [RAW]
            return
        assert one(mta) == LATER
        time.sleep(0.2)  # it is noted on another thread
        mta.begin()
        assert mta.message(SENT) == "250 2.0.0 Ok: queued as KEPT"


def test_an_edit_that_cannot_be_made_delivers_nothing() -> None:
    """451, and the next time it is kept."""
    with (
        door(Judge(Action(Reply.ACCEPT, edits=(AddHeader("no name", "x"),)), failing=UNSURE)) as it,
        it.mta as mta,
    ):
        assert one(mta) == LATER
        time.sleep(0.2)  # it is noted on another thread
        mta.begin()
        assert mta.message(SENT) == "250 2.0.0 Ok: queued as KEPT"
        assert it.next_hop.messages == []


def test_a_large_message_is_kept_whole() -> None:
    """It is judged by its beginning, and what is stored is all of it."""
    raw = b"Subject: hi\r\n\r\n" + b"0123456789abcde\r\n" * 2_000
    with door(Judge(limits=Limits(scan_bytes=10_000))) as it, it.mta as mta:
        assert one(mta, raw=raw) == "250 2.0.0 kept"
        judged, envelope = it.judge.seen[0]
        assert (len(judged), envelope.whole) == (10_001, raw)
        assert it.next_hop.messages == [raw]


def test_pipelined_commands_are_answered_in_order() -> None:
    """Postfix sends them in one piece."""
    with door() as it, it.mta as mta:
        mta.hello()
        mta.send(
            b"XFORWARD ADDR=192.0.2.7\r\nMAIL FROM:<>\r\nRCPT TO:<a@y.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
        )
        assert [mta.reply()[:3] for _ in range(5)] == ["250", "250", "250", "250", "354"]
        assert mta.message().startswith("250")
        assert it.judge.seen[0][1].sender == ""


def test_rset_ends_the_message_and_what_was_said_of_its_client() -> None:
    """The next message begins anew, at the next hop too."""
    with door() as it, it.mta as mta:
        mta.hello()
        mta.say("XFORWARD ADDR=192.0.2.7")
        mta.say("MAIL FROM:<old@x.example>")
        mta.say("RSET")
        one_more = mta.begin()
        assert one_more[0] == "250 ok"
        mta.message()
        ((_, envelope),) = it.judge.seen
        assert (envelope.sender, envelope.client.address) == ("a@x.example", None)
        assert it.commands.count("RSET") == 1


def test_commands_out_of_order_and_nonsense() -> None:
    """They get 5xx and do no harm."""
    with door() as it, it.mta as mta:
        mta.reply()
        assert mta.say("MAIL FROM:<a@x.example>")[:3] == "503"
        mta.say("EHLO mta.example")
        assert mta.say("RCPT TO:<a@y.example>")[:3] == "503"
        assert mta.say("DATA")[:3] == "503"
        assert mta.say("MAIL FROM:<a@x.example")[:3] == "501"
        assert mta.say("MAIL TO:<a@x.example>")[:3] == "501"
        assert mta.say(b"MAIL FROM:<a\x00@x.example>")[:3] == "501"
        assert mta.say("BDAT 5 LAST")[:3] == "500"
        assert mta.say("AUTH PLAIN AAAA")[:3] == "502"
        assert mta.say("MAIL FROM:<a@x.example>")[:3] == "250"
        assert mta.say("MAIL FROM:<a@x.example>")[:3] == "503"
        assert [each for each in it.commands if each.startswith("MAIL")] == ["MAIL FROM:<a@x.example>"]


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (b"", b"\r\n"),  # SMTP has no message without a line
        (b"\r\n", b"\r\n"),
        (b"..\r\n", b".\r\n"),
        (b"\r\n..\r\n", b"\r\n.\r\n"),
        (b"a\r\n" * 3, b"a\r\n" * 3),
        (b"x" * 200_000 + b"\r\n", b"x" * 200_000 + b"\r\n"),
    ],
)
def test_where_a_message_ends(sent: bytes, got: bytes) -> None:
    """An empty message, one that begins with a dot, and a line beyond every buffer."""
    with door() as it, it.mta as mta:
        one(mta, raw=sent)
        assert it.next_hop.messages == [got]
        assert mta.say("NOOP")[:3] == "250"


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r"])
def test_nothing_but_a_whole_end_ends_a_message(end: bytes) -> None:
    """No part of a message is a second one, neither here nor for the next hop: a bare LF is made CRLF."""
    smuggled = (
        b"Subject: one\r\n\r\nbody"
        + end
        + b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nTwo: 2\r\n"
    )
    with door() as it, it.mta as mta:
        assert one(mta, raw=smuggled).startswith("250")
        (got,) = it.next_hop.messages
        assert b"evil" in got
        assert got.count(b"\n") == got.count(b"\r\n")
        assert len(it.judge.seen) == 1


def test_a_message_that_is_too_large_is_refused_and_forgotten() -> None:
    """By its announced size at MAIL, or by its real one at the end. The session goes on."""
    with door(message_bytes=100_000) as it, it.mta as mta:
        mta.hello()
        assert mta.say("MAIL FROM:<a@x.example> SIZE=100001") == f"{TOO_LARGE.code} {TOO_LARGE.text}"
        mta.begin()
        assert mta.message(b"x" * 100_000 + b"\r\n")[:3] == "552"
        mta.begin()
        assert mta.message(b"x" * 99_998 + b"\r\n")[:3] == "250"
        assert it.front._kept == 0


def test_memory_is_bounded() -> None:
    """While there is no room, a message is deferred; afterwards there is room again. A message counts three times.
    While the others have little, there is room for any."""
    with door(memory_bytes=500_000) as it, it.mta as first, it.mta as second:
        for each in (first, second):
            each.hello()
            each.begin()
        first.send(b"x" * 90_000)
        time.sleep(0.5)
        second.send(b"x" * 80_000 + b"\r\n.\r\n")
        assert second.reply() == f"{NO_ROOM.code} {NO_ROOM.text}"
        assert first.message(b"\r\n")[:3] == "250"
        second.begin()
        assert second.message(b"x" * 300_000 + b"\r\n")[:3] == "250"
        first.begin()
        first.send(b"x" * 10_000)
        second.begin()
        assert second.message(b"x" * 300_000 + b"\r\n")[:3] == "250"
        assert first.message(b"\r\n")[:3] == "250"
        assert it.front._kept == 0


@pytest.mark.parametrize(
    "early",
    [b"Subject: early\r\n\r\n.\r\n", b"\r\nSubject: hel", b"\r\n", b".\r\n", b"\r\n.\r\n"],
)
def test_the_mta_must_not_speak_before_its_turn(early: bytes) -> None:
    """Bytes before the 354 cannot be told from a command: the connection ends."""
    with door() as it, it.mta as mta:
        mta.hello()
        mta.say("MAIL FROM:<a@x.example>")
        mta.say("RCPT TO:<b@y.example>")
        mta.send(b"DATA\r\n" + early)
        assert mta.reply() == f"{EARLY.code} {EARLY.text}"
        assert mta.reply() == ""
        assert it.next_hop.messages == []


def test_only_trusted_networks_may_connect() -> None:
    """The next hop takes everything from the door."""
    with door(trusted=["192.0.2.0/24"]) as it, it.mta as mta:
        assert mta.reply() == f"{STRANGER.code} {STRANGER.text}"
        assert mta.reply() == ""


def test_sessions_are_bounded() -> None:
    """One more than is allowed gets 421; when one has ended, there is room."""
    with door(sessions=1) as it:
        with it.mta as first:
            first.hello()
            with it.mta as second:
                assert second.reply() == f"{BUSY.code} {BUSY.text}"
        for _ in range(100):
            if not it.front.open_count:
                break
            time.sleep(0.05)
        with it.mta as third:
            assert third.reply().startswith("220")


def test_a_session_is_told_to_end_at_its_next_message() -> None:
    """After a reload: 421, between two messages and never within one."""
    with door() as it, it.mta as mta:
        mta.hello()
        mta.say("MAIL FROM:<a@x.example>")
        it.front.closing = True
        mta.say("RCPT TO:<b@y.example>")
        mta.say("DATA")
        assert mta.message()[:3] == "250"
        assert mta.say("MAIL FROM:<a@x.example>").startswith("421")
        assert mta.reply() == ""


def test_a_silent_mta_is_left() -> None:
    """After `idle_seconds`."""
    with door(idle_seconds=1.0) as it, it.mta as mta:
        mta.hello()
        assert mta.reply() == ""


@pytest.mark.parametrize("stage", ["RSET", "MAIL", "RCPT", "DATA"])
def test_an_mta_that_leaves_while_the_next_hop_is_asked_gets_nothing_delivered(stage: str) -> None:
    """The transaction is begun once more without the recipient that is withheld, and the next hop is slow. Whatever of
    it the MTA does not wait for, the message is not sent."""
    reached, left = threading.Event(), threading.Event()

    def wait(verb: str) -> None:
        if verb == stage:
            reached.set()
            left.wait(10)

    with door(without("held@y.example")) as it:
        with it.mta as mta:
            mta.hello()
            mta.begin("held@y.example", "b@y.example")
            it.next_hop.meeting = wait
            mta.send(b"Subject: hi\r\n\r\nbody\r\n.\r\n")
            assert reached.wait(10)
        time.sleep(0.3)  # until the door sees that it left
        left.set()
        wait_until(lambda: not it.front.open_count, "the session ends")
        assert it.next_hop.messages == []


def test_an_mta_that_is_gone_gets_nothing_delivered() -> None:
    """It did not hear a reply, so it sends the message again: a delivery now would be the first of two."""

    def slow(raw: bytes, envelope: Envelope) -> Action:
        time.sleep(0.5)
        return Action(Reply.ACCEPT)

    with door(Judge(slow)) as it:
        with it.mta as mta:
            mta.hello()
            mta.begin()
            mta.send(b"Subject: hi\r\n\r\n.\r\n")
            time.sleep(0.2)
        time.sleep(1.0)
        assert it.next_hop.messages == []
        assert it.front.open_count == 0
        assert it.front._kept == 0
