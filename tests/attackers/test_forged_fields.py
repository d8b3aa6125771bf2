"""Fields that pretend to be ours, in every spelling, number and place, through a real Postfix.

What counts is what a reader finds in the header that is delivered, by Python's parser, which forgives much.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes

import pytest
from lab.cases import Lab, Outcome
from lab.place import a_place
from lab.sender import Session
from tests.slices import sliced
from tests.system.mails import letter

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

ID = "mx.lab.invalid"
FORGED = f"Authentication-Results: {ID}; dkim=pass header.d=bank.example\r\nX-Sekisho-Verdict: accept; id=forged\r\n"
FOREIGN = "Authentication-Results: elsewhere.example; spf=fail\r\n"
FILLER = "X-Filler: y\r\n"
WHO = "hanako@tag.example"

SPELLINGS = (
    "mx.lab.invalid;",
    "MX.Lab.INVALID;",
    "mx.lab.invalid. ;",
    "mx.lab.invalid 1;",
    "mx.lab.invalid/1;",
    "mx.lab.invalid",
    "mx.lab.invalid=",
    "\t mx.lab.invalid\t;",
    "\r\n mx.lab.invalid\r\n ;",
    "mx.\r\n lab.invalid;",
    "mx . lab . invalid;",
    '"mx.lab.invalid";',
    '"mx.lab.\\invalid";',
    '"mx".lab.invalid;',
    'mx."lab"."invalid";',
    "(comment) mx.lab.invalid;",
    "((nested) \\) comment) mx.lab.invalid (x) 1;",
    "mx(comment).lab.invalid;",
    "(never closed mx.lab.invalid;",
    "(" + "x" * 3000 + ") mx.lab.invalid;",
    "; mx.lab.invalid;",
    "=?utf-8?q?mx.lab.invalid?=;",
    "=?us-ascii?b?bXgubGFiLmludmFsaWQ=?=;",
    "<mx.lab.invalid>;",
    "[mx.lab.invalid];",
    "mx.lab.invalid:25;",
    "mx.lab.invalid\x01;",
    "mx.lab.invalid\0;",
    "\uff4d\uff58.lab.invalid;",
    "mx\u3002lab\uff0einvalid;",
    "mx\u00ad.lab.in\u200bvalid;",
    "\ufeffmx.lab.invalid;",
)
NAMES = (
    b"X-Sekisho-Verdict",
    b"x-sekisho-VERDICT",
    b"X-Sekisho-Verdict ",
    b"X-Sekisho-Verdict\t ",
    b"X-Sekisho-Verdict" + b" " * 2000,
    b"X-Sekisho-",
    b"X-Sekisho-Anything-At-All",
    b"X-Sekisho-!#$%&'*+.^_`{|}~",
    b"X-Sekisho-" + b"a" * 60,
    b"X-Sekisho-" + b"a" * 200,
    b"X-Sekisho-" + b"a" * 2030,
    b"X-Sekisho-" + b"a" * 2037,
    b"X-Sekisho-" + b"a" * 2038,
    b"X-Sekisho-" + b"a" * 3000,
    b"X-Sekisho-V\xe9rdict",
    "X-Sekisho-Vérdict".encode(),
    b"X-Sekisho-Ver\0dict",
    b"X-Sekisho-Verdict\0",
    b"\0X-Sekisho-Verdict",
    b"X-Sekisho-\x01Verdict",
    b"X-Sekisho Verdict",
    b"X-Sekisho-\r\n Verdict",
    b"Authentication-Results ",
    b"AUTHENTICATION-results\t",
)
BROKEN = (
    b" a line that continues nothing\r\n",
    b"a line without a colon\r\n",
    b": no name\r\n",
    b"From a@b Mon Jan  1 00:00:00 2024\r\n",
    b">From a@b Mon Jan  1 00:00:00 2024\r\n",
    b"X-Sekisho-V\xe9rdict: x\r\n",
    b"X-Sekisho-\0: x\r\n",
    b"X-" + b"a" * 3000 + b": x\r\n",
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make test` uses sudo")
    recipients = {"tag.example": {"max_action": "tag"}}
    with a_place() as place, Lab(place, {"recipients": recipients}) as made:
        yield made


def send(lab: Lab, head: bytes = b"", tail: bytes = b"") -> Outcome:
    """A friend's letter with more fields at the top and at the end of its header, byte for byte."""
    mail = letter(WHO)
    fields, _, body = mail.raw.partition(b"\r\n\r\n")
    raw = head + fields + b"\r\n" + tail + b"\r\n" + body
    lab.dns.serve(mail.dns)
    lab.sink.clear()
    offset = lab.sekisho.log.stat().st_size
    with Session(lab.postfix.port, mail.envelope.client) as session:
        sent = session.mail(mail.envelope.sender, [WHO], raw)
    line = lab.sekisho.judged(offset)
    lab.postfix.wait_empty()
    return Outcome(mail, sent, line, lab.sink.of(str(line["queue_id"])))


def seen(outcome: Outcome) -> list[str]:
    """What a reader finds that is ours or pretends to be: each name with the first word of its value."""
    (delivery,) = outcome.deliveries
    head = message_from_bytes(delivery.raw)
    assert b"bank.example" not in delivery.raw.partition(b"\r\n\r\n")[0]
    ours = ("authentication-results", "x-sekisho-")
    return sorted(
        f"{name}: {value.split(';')[0]}" for name, value in head.items() if name.lower().startswith(ours)
    )


def ours(outcome: Outcome) -> list[str]:
    """The same without the reason, which is there where something was found."""
    return [each for each in seen(outcome) if not each.startswith("X-Sekisho-Reason: ")]


def ok(outcome: Outcome, *foreign: str) -> None:
    """Ours, once, whatever the verdict, and those of others."""
    verdict, *rest = sorted(ours(outcome), key=lambda each: not each.startswith("X-Sekisho-Verdict: "))
    assert verdict.removeprefix("X-Sekisho-Verdict: ") in ("accept", "tag", "quarantine", "reject")
    assert rest == sorted(
        [f"Authentication-Results: {ID}", *(f"Authentication-Results: {each}" for each in foreign)]
    )
    (delivery,) = outcome.deliveries
    assert "id=forged" not in delivery.fields("X-Sekisho-Verdict")[0]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_our_name_is_removed(lab: Lab, spelling: str) -> None:
    """Twice, at both ends of the header; the field of somebody else stays."""
    field = f"Authentication-Results: {spelling} dkim=pass header.d=bank.example\r\n".encode()
    ok(send(lab, field + FOREIGN.encode(), field), "elsewhere.example")


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_name_of_ours_is_removed(lab: Lab, name: bytes) -> None:
    """With blanks before the colon, in any case and length; what is no name to Postfix ends the header, for readers
    too."""
    field = name + b": " + ID.encode() + b"; dkim=pass header.d=bank.example\r\n"
    ok(send(lab, field + FORGED.encode(), FORGED.encode() + field + FORGED.encode()))


@pytest.mark.parametrize("line", BROKEN, ids=ascii)
def test_behind_a_broken_line_nothing_is_a_field(lab: Lab, line: bytes) -> None:
    """Postfix ends the header there with an empty line: what follows is text to every reader."""
    ok(send(lab, line + FORGED.encode()))
    ok(send(lab, FORGED.encode(), line + FORGED.encode()))


@pytest.mark.parametrize("filler", [0, 999, 1000, 1001, 5000])
def test_filler_fields_hide_nothing(lab: Lab, filler: int) -> None:
    """Where the reading of the header ends, the looking for forged fields goes on."""
    ok(send(lab, FORGED.encode(), (FILLER * filler + FORGED + FOREIGN).encode()), "elsewhere.example")


@pytest.mark.parametrize("copies", sliced([1, 2, 50, 500, 1000, 1200], 2))
def test_many_copies_are_removed(lab: Lab, copies: int) -> None:
    """Of each of the two as many as can be deleted."""
    ok(send(lab, FORGED.encode() * copies))


@pytest.mark.parametrize(("copies", "filler"), [(5000, 0), (1000, 4000)])
def test_what_cannot_be_deleted_is_refused(lab: Lab, copies: int, filler: int) -> None:
    """More than Postfix deletes in bounded time: 550, each time, and nothing is delivered, held or kept."""
    for _ in range(2):
        outcome = send(lab, tail=(FILLER * filler + FORGED * copies).encode())
        assert outcome.sent.reply.code == 550
        assert outcome.line is not None
        assert str(outcome.line["id"]) in outcome.sent.reply.text
    assert lab.postfix.queued() == []
    assert len(lab.sink) == 0


@pytest.mark.parametrize("where", ["b\r{}", "b\r \r{}", "b\r\n c\r{}"])
@pytest.mark.parametrize("name", ["X-A", "Subject", "B"])
def test_a_field_behind_a_bare_carriage_return(lab: Lab, name: str, where: str) -> None:
    """Some readers end a line there. Postfix makes a blank of it, or with `cleanup_replace_stray_cr_lf = no` delivers
    it: then the message is refused, since what hides in a field cannot be deleted."""
    hiding = [f"{name}: {where.format(each)}\r\n".encode() for each in FORGED.split("\r\n")[:2]]
    for field in hiding:
        ok_but_for_text(send(lab, field))
    lab.postfix.settings = {"cleanup_replace_stray_cr_lf": "no"}
    lab.postfix.restart()
    try:
        for field in hiding:
            assert send(lab, field).sent.reply.code == 550
        assert send(lab, b"X-A: b\rX-Other: c\r\n").sent.reply.code == 250
    finally:
        lab.postfix.settings = {}
        lab.postfix.restart()


def ok_but_for_text(outcome: Outcome) -> None:
    """As `ok`, for a message in whose other fields the forged words stand as text."""
    (delivery,) = outcome.deliveries
    ok(replace(outcome, deliveries=(replace(delivery, raw=delivery.raw.replace(b"bank.example", b"")),)))
