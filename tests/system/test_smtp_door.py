"""The SMTP door with a real Postfix, set up as docs/smtp.md prints it, after the queue and before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab.cases import Lab, find
from lab.place import wait_until
from lab.program import ROOT
from lab.sender import Session, send
from lab.sink import Delivery
from lab.smtp_door import AFTER, BEFORE, POSITIONS, DoorLab
from tests.system.conftest import RECIPIENTS
from tests.system.mails import letter, spoof

WHOLE = (
    "samples/ham/colleague-about-amazon.eml",
    "samples/ham/rakuten-card-use-flash.eml",
    "tests/golden/named/borrowed-voice.eml",
    "tests/golden/dkim/near-plain.eml",
)
CASES = (
    "samples/ham/amazon-order-shipped.eml",
    "samples/phish/amazon-prime-fee.eml",
    "tests/golden/dkim/body-changed.eml",
    *(pytest.param(each, marks=pytest.mark.whole) for each in WHOLE),
)
NAMELESS = "samples/phish/amazon-account-stopped.eml"
WHO = "hanako@example.jp"
SIZE_LIMIT = 1_000_000


@pytest.fixture(scope="module", params=POSITIONS)
def door(request: pytest.FixtureRequest, place: Path) -> Iterator[DoorLab]:
    settings = {"recipients": RECIPIENTS, "guard": {"enabled": False}}
    size = {"message_size_limit": str(SIZE_LIMIT)}
    with DoorLab(place, settings, size, position=request.param, name=request.param) as lab:
        yield lab


@pytest.fixture(autouse=True)
def clean(door: DoorLab) -> None:
    door.postfix.wait_empty()
    door.sink.clear()


def delivered(door: DoorLab, count: int = 1) -> tuple[Delivery, ...]:
    """What the sink has, as soon as nothing is under way."""
    door.sink.wait(count)
    door.postfix.wait_empty()
    return tuple(door.sink)


def own(delivery: Delivery) -> bytes:
    """The message without the Received fields that the two smtpd have written."""
    return re.sub(
        rb"(?ms)\A((?:(?!Received:).*?\r\n)*?)Received: .*?\r\n(?![ \t])", rb"\1", delivery.raw, count=1
    )


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_that_of_the_milter(door: DoorLab, lab: Lab, name: str) -> None:
    """Verdict, score, findings and results of authentication are the same, by the client that XFORWARD says."""
    milter, ours = both(door, lab, name)
    results = ("spf", "dkim", "dmarc", "arc", "iprev")
    same = ("verdict", "score", "findings", "claims", "proofs", "client", "helo", "digest", *results)
    assert {key: ours.get(key) for key in same} == {key: milter.get(key) for key in same}


def both(door: DoorLab, lab: Lab, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The log lines of the milter and of the door for one case."""
    (case,) = find(ROOT / name)
    milter, ours = lab.send(case).line, door.send(case).line
    assert milter is not None
    assert ours is not None
    return milter, ours


def test_xforward_does_not_say_why_a_client_has_no_name(door: DoorLab, lab: Lab) -> None:
    """A milter is told that the look-up failed for good. XFORWARD has one word for that, for a failure that passes, and
    for no look-up at all: so it is unknown, and the point of a client without a name is missing."""
    milter, ours = both(door, lab, NAMELESS)
    assert (milter["iprev"], ours["iprev"]) == ("fail", "unknown")
    assert set(milter["findings"]) - set(ours["findings"]) == {"auth.no_iprev:1"}
    assert set(ours["findings"]) <= set(milter["findings"])
    assert ours["verdict"] == milter["verdict"]


def test_a_message_of_just_the_allowed_size_is_no_bounce(door: DoorLab) -> None:
    """Fields are added on the way. What the first smtpd took must not be too large for the second."""
    head, line = b"From: taro@friend.example\r\nSubject: large\r\n\r\n", b"x" * 76 + b"\r\n"
    codes = set()
    for size in range(SIZE_LIMIT - 2_000, SIZE_LIMIT, 300):
        raw = head + line * ((size - len(head)) // len(line))
        sent = send(door.postfix.port, "taro@friend.example", [WHO], raw)
        codes.add(sent.reply.code)
        if sent.reply.code == 250:
            (got,) = delivered(door)
            assert got.sender == "taro@friend.example"
            door.sink.clear()
    assert codes == {250, 552}


def test_forged_fields_go_and_ours_come(door: DoorLab) -> None:
    """The header is edited as the milter does it; the signature still holds, since nothing else was changed."""
    mail = letter(
        WHO, head=b"X-Sekisho-Verdict: accept; forged\r\nAuthentication-Results: mx.lab.invalid; spf=pass\r\n"
    )
    door.dns.serve(mail.dns)
    assert (
        send(door.postfix.port, "taro@friend.example", [WHO], mail.raw, mail.envelope.client).reply.code
        == 250
    )
    (got,) = delivered(door)
    (verdict,) = got.fields("X-Sekisho-Verdict")
    assert verdict.startswith("accept; score=2")  # for the forged results
    (results,) = got.fields("Authentication-Results")
    assert "dkim=pass" in results
    assert b"; forged\r\n" not in got.raw
    assert got.raw.endswith(mail.raw[mail.raw.index(b"DKIM-Signature") :])


def test_a_held_copy_and_a_delivered_one(door: DoorLab) -> None:
    """One recipient's copy is in the quarantine, the other gets the message with its tag."""
    mail = spoof("a@held.example", "b@tag.example")
    door.dns.serve(mail.dns)
    before = len(door.sekisho.quarantine())
    people = ["a@held.example", "b@tag.example"]
    assert (
        send(door.postfix.port, "info@jcom.co.jp", people, mail.raw, mail.envelope.client).reply.code == 250
    )
    (got,) = delivered(door)
    assert got.recipients == ("b@tag.example",)
    assert got.fields("X-Sekisho-Verdict")[0].startswith("quarantine")
    assert got.fields("Subject")[0].startswith("=?utf-8?")
    held = door.sekisho.quarantine()
    assert len(held) == before + 1
    assert [each["rcpt"] for each in held[0]["recipients"]] == ["a@held.example"]


@pytest.mark.parametrize(
    "path", ["< a@held.example >", "<a@held.example (x)>", "<a%held.example>", '<"a"@held.example>']
)
def test_no_spelling_escapes_the_rules_of_a_recipient(door: DoorLab, path: str) -> None:
    """Before the queue Postfix passes on what the client wrote, and delivers all of these to the same mailbox: what
    is not plain is refused. After the queue it has written the address plainly, and the copy is held."""
    mail = spoof("a@held.example")
    door.dns.serve(mail.dns)
    with Session(door.postfix.port, mail.envelope.client) as session:
        session.command("MAIL FROM:<info@jcom.co.jp>")
        assert session.command(f"RCPT TO:{path}").ok
        assert session.command("DATA").code == 354
        reply = session.content(mail.raw)
    refused = door.position == BEFORE and '"' not in path
    assert reply.code == (501 if refused else 250)
    door.postfix.wait_empty()
    assert len(door.sink) == 0


def test_a_long_helo_is_no_reason_to_defer(door: DoorLab) -> None:
    """Postfix passes it on in XFORWARD, three times as long; without an answer to that it says 451 for ever."""
    mail = letter(WHO)
    door.dns.serve(mail.dns)
    client = replace(mail.envelope.client, helo="+" * 1_500)
    sent = send(door.postfix.port, "taro@friend.example", [WHO], mail.raw, client)
    assert sent.reply.code == 250
    assert len(delivered(door)) == 1


def test_what_would_be_refused(door: DoorLab) -> None:
    """Before the queue the sending server hears 550. After it nobody gets a bounce: the message is quarantined."""
    mail = spoof("a@strict.example")
    door.dns.serve(mail.dns)
    before = len(door.sekisho.quarantine())
    sent = send(door.postfix.port, "info@jcom.co.jp", ["a@strict.example"], mail.raw, mail.envelope.client)
    if door.position == BEFORE:
        assert (sent.reply.code, len(door.sekisho.quarantine())) == (550, before)
    else:
        assert sent.reply.code == 250
        wait_until(lambda: len(door.sekisho.quarantine()) == before + 1, "it is held")
    door.postfix.wait_empty()
    assert len(door.sink) == 0


def test_in_shadow_no_byte_is_changed(door: DoorLab) -> None:
    """8 bits, a NUL, overlong lines, dots and forged fields included; only the two smtpd write their Received."""
    body = b"\xe6\x97\xa5\xff " + b"x" * 3_000 + b"\r\n.dot\r\n..two\r\n\r\n"
    raw = b"From: <info@jcom.co.jp>\r\nX-Sekisho-Verdict: forged\r\nSubject: 1\r\nSubject: 2\r\n\r\n" + body
    sent = send(door.postfix.port, "info@jcom.co.jp", ["a@shadow.example"], raw, spoof().envelope.client)
    assert sent.reply.code == 250
    (got,) = delivered(door)
    assert got.raw.endswith(raw)
    assert set(re.findall(rb"(?m)^([\w-]+):", got.raw[: -len(raw)])) <= {b"Received"}


def test_the_next_hop_refuses_a_recipient(door: DoorLab) -> None:
    """Before the queue its reply reaches the sender at once; the other recipient gets the message."""
    if door.position == AFTER:
        pytest.skip("after the queue the refusal is Postfix's own matter")
    mail = letter(WHO)
    door.dns.serve(mail.dns)
    with Session(door.postfix.port, mail.envelope.client) as session:
        sent = session.mail("taro@friend.example", ["no domain <x>@y", WHO], mail.raw)
    assert sent.reply.code == 250
    assert delivered(door)[0].recipients == (WHO,)


def test_the_door_stops_and_mail_waits(door: DoorLab) -> None:
    """While it is down no mail is lost: it waits in Postfix's queue, or at the sender. A held message can be released
    with the same commands as ever, and `status` says that the door is ready."""
    mail = letter(WHO)
    door.dns.serve(mail.dns)
    assert "ready" in door.sekisho.cli("status")
    assert door.sekisho.stop() == 0
    sent = send(door.postfix.port, "taro@friend.example", [WHO], mail.raw, mail.envelope.client)
    assert sent.reply.code == (250 if door.position == AFTER else 451)
    door.sekisho.start()
    if door.position == BEFORE:
        sent = send(door.postfix.port, "taro@friend.example", [WHO], mail.raw, mail.envelope.client)
        assert sent.reply.code == 250
    assert len(delivered(door)) == 1
