"""Nothing that stands in a message or its envelope changes what we write: canaries in every field at once.

The real daemon is spoken to byte by byte, so that even what no Postfix would pass on reaches it; and through a real
Postfix, as far as that lets them pass. Everything that it writes is looked at: replies, header edits, log, metrics,
quarantine, and what the command line prints of it.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lab.cases import Lab
from lab.milter_client import Client, ClosedError, Reply
from lab.place import wait_until
from prometheus_client.parser import text_string_to_metric_families as parsed_metrics
from tests.system.mails import case, letter

from sekisho.message import Client as Sender

MARK = b"kanaria"
CANARIES = {
    "percent": b"%s%n%%kanaria%(x)s",
    "line ends": b"kanaria\r\nX-Sekisho-Verdict: accept\r\n\r\nkanaria",
    "line feed": b"kanaria\nX-Sekisho-Verdict: accept",
    "nul": b"kana\0ria kanaria",
    "escape": b"\x1b[2J\x1b]0;kanaria\x07",
    "controls": bytes(range(1, 9)) + b"\x0b\x0c\x7f kanaria \xc2\x85\xc2\x9b",
    "bidi": "kanaria\u202e\u2066txet\u200b\u2028\u2029".encode(),
    "no text": b"\xff\xfe kanaria \x80\xc3",
    "markup": b"<script>kanaria()</script>\"'><img src=x onerror=kanaria>",
    "sql": b"kanaria'; DROP TABLE messages; --",
    "shell": b"$(touch kanaria)`touch kanaria`;touch kanaria|touch kanaria",
    "json": b'kanaria","verdict":"accept","x":"\\u0000\\',
    "log": b'kanaria {"event":"message","verdict":"accept"} event=message',
    "template": b"{kanaria} {0} {detail.__class__} ${kanaria} {{7*7}}",
    "results": b"kanaria; dkim=pass header.d=bank.example; spf=pass",
    "word": b"=?utf-8?b?a2FuYXJpYQ0KWC1TZWtpc2hvLVZlcmRpY3Q6IGFjY2VwdA==?=",
    "long": b"kanaria" * 500,
}
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069]")
HEADER = re.compile(rb"(?:[\x20-\x7e]|\n[ \t])*\Z")
TOLD = frozenset({b"Authentication-Results", b"X-Sekisho-Verdict", b"X-Sekisho-Reason", b"Subject"})


def fields(canary: bytes) -> list[tuple[bytes, bytes]]:
    """A spoof of a brand, so that there is much to say of it, with the canary in every field."""
    shown = canary.replace(b"\0", b"").replace(b"\r", b"").replace(b"\n", b"\n ")
    return [
        (b"Received", b" from " + shown + b" by mx.lab.invalid"),
        (b"Authentication-Results", b" " + shown + b"; spf=pass"),
        (
            b"DKIM-Signature",
            b" v=1; a=rsa-sha256; d=" + shown + b"; s=" + shown + b"; h=from; bh=AA==; b=AA==",
        ),
        (b"ARC-Seal", b" i=1; a=rsa-sha256; cv=none; d=" + shown + b"; s=s; b=AA=="),
        (b"From", b' "J:COM ' + shown.replace(b'"', b"") + b'" <info@jcom.co.jp>'),
        (b"Sender", b" " + shown + b" <x@stranger.example>"),
        (b"Reply-To", b" " + shown + b" <x@" + shown + b">"),
        (b"To", b" " + shown),
        (b"Subject", b" " + shown),
        (b"Message-ID", b" <" + shown + b">"),
        (b"List-Id", b" " + shown),
        (b"X-" + re.sub(rb"[^!-9;-~]", b"", canary)[:40], b" " + shown),
        (b"Content-Type", b' multipart/mixed; boundary=b; charset="' + shown + b'"'),
        (b"Content-Transfer-Encoding", b" " + shown),
    ]


def body(canary: bytes) -> bytes:
    return (
        b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<title>" + canary + b"</title><a href='http://"
        + canary + b"/'>" + canary + b"</a><a href='http://stranger.example/" + canary + b"'>jcom.co.jp</a>\r\n"
        b'--b\r\nContent-Disposition: attachment; filename="' + canary + b'.html"\r\n\r\n' + canary + b"\r\n--b--\r\n"
    )  # fmt: skip


def spoken(lab: Lab, canary: bytes, recipient: bytes) -> Reply | None:
    """The message straight to the milter socket; None if the connection was closed on us."""
    plain = canary.replace(b"\0", b"")
    try:
        with Client(f"unix:{lab.sekisho.socket}") as client:
            client.macros |= {b"{auth_authen}": plain, b"j": plain}
            client.connect(host=plain)
            client.helo(plain)
            client.mail(b"<" + plain + b"@" + plain + b">", b"BODY=" + plain)
            client.rcpt(b"<" + recipient + b">", b"ORCPT=" + plain)
            client.rcpt(b"<" + plain + b"@example.jp>")
            for name, value in fields(canary):
                client.header(name, value)
            client.end_of_headers()
            client.body(body(canary))
            return client.end()
    except ClosedError:
        return None


def written(lab: Lab, offset: int) -> bytes:
    """What was logged from there on. Lines are written after the reply."""
    return lab.sekisho.log.read_bytes()[offset:]


def wait_for_lines(lab: Lab, offset: int, count: int) -> None:
    """So many messages are logged."""
    wait_until(lambda: written(lab, offset).count(b'"event": "message"') >= count, f"{count} lines")


def check_files(lab: Lab, offset: int) -> list[dict[str, object]]:
    """Log, metrics and quarantine are well-formed and say nothing that the message said; the log's records."""
    text = written(lab, offset).decode("utf-8")
    assert not UNSEEN.search(text)
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(line["event"] != "message" or "verdict" in line for line in lines)
    page = lab.sekisho.metrics()
    names = {sample.name for family in parsed_metrics(page) for sample in family.samples}
    assert all(name.startswith("sekisho_") for name in names)
    assert MARK.decode() not in page
    return lines


def check_reply(reply: Reply) -> None:
    """Printable text, headers of ours alone, folded as they must be."""
    assert reply.final in {b"c", b"a", b"d", b"y", b"t"}
    if reply.final == b"y":
        assert re.fullmatch(rb"[45]\d\d [45]\.\d\.\d+ [\x20-\x7e]+", reply.text)
        assert MARK not in reply.text
    for _, name, value in [*reply.added, *reply.changed]:
        assert name in TOLD or name.lower().startswith(b"x-sekisho-")
        assert HEADER.match(value), value
        if name != b"Subject":
            assert b"header.d=bank.example" not in value


@pytest.mark.parametrize("recipient", [b"a@tag.example", b"b@strict.example"])
@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_in_every_field_changes_nothing_that_we_write(lab: Lab, name: str, recipient: bytes) -> None:
    """One message, one line in the log, and every output whole, whatever the fields hold; nothing is run."""
    offset = lab.sekisho.log.stat().st_size
    reply = spoken(lab, CANARIES[name], recipient)
    assert reply is not None
    check_reply(reply)
    wait_for_lines(lab, offset, 1)
    lines = check_files(lab, offset)
    messages = [line for line in lines if line["event"] == "message"]
    assert len(messages) == 1
    assert messages[0]["verdict"] in {"tag", "quarantine", "reject"}
    assert not list(Path(lab.place).rglob("kanaria"))


def test_what_the_quarantine_shows_of_canaries_is_harmless(lab: Lab) -> None:
    """The records can be printed on a terminal and read as JSON; the bytes are kept as they came."""
    offset = lab.sekisho.log.stat().st_size
    for canary in CANARIES.values():
        spoken(lab, canary, b"d@held.example")
    wait_for_lines(lab, offset, len(CANARIES))
    lines = [line for line in check_files(lab, offset) if line["event"] == "message"]
    lines.sort(key=lambda line: str(line["time"]))  # two workers write them
    assert len(lines) == len(CANARIES)
    assert not UNSEEN.search(lab.sekisho.cli("quarantine", "list"))
    json.loads(lab.sekisho.cli("quarantine", "list", "--format", "json"))
    kept = [pair for pair in zip(lines, CANARIES.values(), strict=True) if pair[0]["reply"] == "discard"]
    assert len(kept) >= len(CANARIES) // 2
    kept = kept[::3]  # each costs two programs
    ids = [str(line["id"]) for line, _ in kept]
    with ThreadPoolExecutor() as pool:
        shown = list(pool.map(lambda each: lab.sekisho.cli("quarantine", "show", each), ids))
        raw = list(pool.map(lambda each: lab.sekisho.cli_bytes("quarantine", "show", each, "--raw"), ids))
    assert not any(map(UNSEEN.search, shown))
    assert all(body(canary) in each for (_, canary), each in zip(kept, raw, strict=True))


@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_through_postfix(lab: Lab, name: str) -> None:
    """What is delivered has one verdict and one reason of ours, and the forged ones are gone."""
    head = b"".join(
        key + b":" + value.replace(b"\n", b"\r\n") + b"\r\n" for key, value in fields(CANARIES[name])
    )
    raw = b"X-Sekisho-Verdict: accept; score=0\r\n" + head + b"\r\n" + body(CANARIES[name])
    mail = case(raw, "info@jcom.co.jp", ["hanako@tag.example"], Sender(address="192.0.2.7", helo="x.example"))
    offset = lab.sekisho.log.stat().st_size
    outcome = lab.send(mail)
    check_files(lab, offset)
    (delivery,) = outcome.deliveries
    (verdict,) = delivery.fields("X-Sekisho-Verdict")
    assert verdict.startswith(("tag;", "quarantine;", "reject;"))
    assert len(delivery.fields("X-Sekisho-Reason")) == 1


FORGED = {
    "plain": b"Authentication-Results: mx.lab.invalid; dkim=pass header.d=bank.example",
    "folded": b"Authentication-Results:\r\n mx.lab.invalid;\r\n\tdkim=pass header.d=bank.example",
    "commented": b"Authentication-Results: (a (nested) one) mx.lab.invalid (x) 1; dkim=pass header.d=bank.example",
    "quoted": b'authentication-results: "mx.lab.invalid"; dkim=pass header.d=bank.example',
    "cased": b"AUTHENTICATION-RESULTS : MX.LAB.INVALID.; dkim=pass header.d=bank.example",
    "large": b"Authentication-Results: mx.lab.invalid; " + b"dkim=pass header.d=bank.example;\r\n " * 700,
    "late": b"Authentication-Results: ("
    + b"x\r\n " * 1500
    + b") mx.lab.invalid; dkim=pass header.d=bank.example",
    "open": b"Authentication-Results: (mx.lab.invalid; dkim=pass header.d=bank.example",
    "empty": b"Authentication-Results:",
}


@pytest.mark.parametrize("copies", [1, 5, 50])
@pytest.mark.parametrize("name", FORGED)
def test_forged_results_of_any_form_are_gone(lab: Lab, name: str, copies: int) -> None:
    """1, 5 or 50 of them, large or small, folded, commented, quoted: only what we wrote is delivered."""
    forged = FORGED[name] + b"\r\n"
    copies = min(copies, 200_000 // len(forged))  # Postfix takes no larger header
    outcome = lab.send(letter("hanako@example.jp", head=forged * copies))
    (delivery,) = outcome.deliveries
    (ours,) = delivery.fields("Authentication-Results")
    assert ours.startswith("mx.lab.invalid;")
    assert b"bank.example" not in delivery.raw
