"""Nothing that stands in a message makes its reading or a check fail: huge and odd numbers wherever one may stand.

Python converts no decimal number of more than 4,300 digits, and `str.isdigit` is true for characters that `int` does
not take (`²`). Either raised where nobody expected it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho import compose, explain
from sekisho.config import Config
from sekisho.judgement import Judged
from sekisho.message import Client, Envelope, Recipient
from sekisho.observers import Observers
from sekisho.pipeline import Pipeline
from sekisho.resolver import CaseResolver

DIGITS = 4_301
"""Digits of a decimal number that Python does not convert any more."""
NUMBERS = {
    "many digits": "9" * DIGITS,
    "many zeros, then a digit": "0" * DIGITS + "65",
    "a digit, then many zeros": "1" + "0" * DIGITS,
    "many Arabic-Indic digits": "٣" * DIGITS,
    "Arabic-Indic": "٣٤",
    "full-width": "１２３",
    "many full-width digits": "３" * DIGITS,
    "mathematical": "𝟗𝟗",
    "superscript": "²",
    "many superscripts": "²³" * DIGITS,
    "circled": "①②",
    "negative": "-1",
    "signed": "+1",
    "underscore": "1_000",
    "fraction": "1.5",
    "huge power": "1e999",
    "not a number": "nan",
    "infinite": "inf",
    "hexadecimal": "0x" + "f" * DIGITS,
    "octal": "0" + "7" * DIGITS,
    "two to the 64th": str(2**64),
    "beyond Unicode": "1114112",
    "a surrogate": "55296",
    "nothing": "",
    "NUL": "1\0002",
    "percent signs": "%" * 50,
}
AUTHOR = "From: Amazon <info@stranger.example>\r\n"
WORDS = "アマゾンのアカウントを確認 http://stranger.example/ "


def field_of(template: str) -> Callable[[str], bytes]:
    return lambda number: f"{template.format(n=number)}\r\n{AUTHOR}\r\n{WORDS}\r\n".encode()


def part(header: str, body: str = WORDS) -> Callable[[str], bytes]:
    """A message whose one part is described and filled so."""
    return lambda number: f"{AUTHOR}Subject: x\r\nMIME-Version: 1.0\r\n{header}\r\n\r\n{body}\r\n".replace(
        "{n}", number
    ).encode()


def page(body: str) -> Callable[[str], bytes]:
    return part("Content-Type: text/html; charset=utf-8", f"<p>{WORDS}{body}")


def far_page(body: str) -> Callable[[str], bytes]:
    """A page so large that it is read by its tags alone."""
    return page("<p>x" * 9_000 + body)


def signature(name: str, tags: str) -> Callable[[str], bytes]:
    rest = "a=rsa-sha256; c=relaxed/relaxed; d=stranger.example; s=s; h=from; bh=AAAA; b=AAAA"
    return field_of(f"{name}: v=1; {rest}; {tags}")


PLACES: dict[str, Callable[[str], bytes]] = {
    "entity": page("&#{n};"),
    "entity without end": page("&#{n}"),
    "hexadecimal entity": page("&#x{n};"),
    "entity in a large page": far_page("&#{n};&#x{n};"),
    "entity in an attribute of a large page": far_page('<a href="http://x.example/&#{n};">&#x{n};</a>'),
    "entity in a drawing": page("&#9608;&#{n};█"),
    "colspan": page('<table bgcolor="black">' + '<tr><td colspan="{n}">' * 300),
    "length": page('<p style="font-size:{n}px;opacity:{n};width:{n}em;color:rgb({n},{n},{n})">x'),
    "negative length": page('<p style="text-indent:-{n}px;margin-left:-{n}">x'),
    "refresh": page('<meta http-equiv=refresh content="{n};url=http://x.example/{n}">'),
    "image size": page('<img width="{n}" height={n} src="http://x.example/{n}.png">'),
    "port": page('<a href="http://x.example:{n}/">x</a> http://x.example:{n}/'),
    "octet": page('<a href="http://{n}.0.0.1/">x</a><a href="http://127.{n}/">x</a>'),
    "whole address": page(
        '<a href="http://{n}/">x</a><a href="http://0x{n}/">x</a><a href="http://0{n}/">x</a>'
    ),
    "IPv6": page('<a href="http://[::{n}]/">x</a><a href="http://[{n}::%{n}]/">x</a>'),
    "percent": page('<a href="http://%{n}.example/%{n}?u=%{n}">x</a>'),
    "redirect": page('<a href="https://www.google.com/url?q=http://{n}/&sa={n}">x</a>'),
    "translated": page('<a href="https://x--{n}-example.translate.goog/?_x_tr_sl={n}">x</a>'),
    "label": page('<a href="http://xn--{n}.example/">x</a><a href="http://{n}.example/">x</a>'),
    "charset": part("Content-Type: text/plain; charset=iso-8859-{n}"),
    "code page": part("Content-Type: text/plain; charset=cp{n}"),
    "section": part("Content-Type: text/html; name*{n}*=utf-8''a; name*{n}=b; name*0*=utf-8''c"),
    "boundary": part("Content-Type: multipart/mixed; boundary={n}", "--{n}\r\n\r\nx\r\n--{n}--"),
    "numbered boundary": part("Content-Type: multipart/mixed; boundary*{n}=b; boundary*0=b", "--b\r\n\r\nx"),
    "partial": part("Content-Type: message/partial; number={n}; total={n}; id=x"),
    "external body": part("Content-Type: message/external-body; size={n}; access-type=URL"),
    "disposition": part("Content-Disposition: attachment; size={n}; filename=a{n}.exe"),
    "content length": field_of("Content-Length: {n}"),
    "MIME version": field_of("MIME-Version: {n}"),
    "uuencode": part("Content-Transfer-Encoding: x-uuencode", "begin {n} x\r\n!!!\r\n`\r\nend"),
    "quoted-printable": part(
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable", "={n}=a{n}"
    ),
    "encoding": part("Content-Transfer-Encoding: {n}bit"),
    "date": field_of("Date: Mon, {n} Jan 2026 00:00:00 +0900"),
    "year": field_of("Date: Mon, 1 Jan {n} 00:00:00 +0900"),
    "time": field_of("Date: Mon, 1 Jan 2026 {n}:{n}:{n} +0900"),
    "zone": field_of("Date: Mon, 1 Jan 2026 00:00:00 +{n}"),
    "first and last year": field_of(
        "Date: Mon, 1 Jan 0001 00:00:00 +2359{n}\r\nDate: Fri, 31 Dec 9999 23:59:59 -2359"
    ),
    "received": field_of(
        "Received: from x ([{n}.0.2.1]) by mx.example.jp with SMTP id {n}; 1 Jan {n} 00:00:00 +{n}"
    ),
    "received IPv6": field_of(
        "Received: from x ([IPv6:{n}::1]) by mx.example.jp; Mon, {n} Jan 2026 {n}:00 +0000"
    ),
    "priority": field_of("X-Priority: {n}\r\nImportance: {n}"),
    "mailer": field_of("X-Mailer: Microsoft Outlook {n}.0\r\nUser-Agent: x/{n}"),
    "message id": field_of("Message-ID: <{n}@{n}.{n}>"),
    "encoded word": field_of("Subject: =?iso-8859-{n}?q?={n}?= =?utf-8?b?{n}?= =?utf-8*{n}?q?x?="),
    "author": field_of("Reply-To: x@[{n}.0.0.1]\r\nSender: {n}@{n}"),
    "bare author": lambda number: f"From: {number} <{number}@[127.0.0.{number}]>\r\n\r\n{WORDS}".encode(),
    "list": field_of("List-Id: <{n}.stranger.example>\r\nList-Unsubscribe: <http://x:{n}/>"),
    "DKIM length": signature("DKIM-Signature", "l={n}"),
    "DKIM times": signature("DKIM-Signature", "t={n}; x={n}"),
    "DKIM expiry": signature("DKIM-Signature", "t=1; x={n}"),
    "DKIM copied": signature("DKIM-Signature", "v={n}; i={n}@stranger.example; z=a:={n}"),
    "ARC": lambda number: (
        b"".join(
            signature(name, f"i={number}; t={number}; x={number}; l={number}; cv=none")(number).partition(
                b"From:"
            )[0]
            for name in ("ARC-Seal", "ARC-Message-Signature")
        )
        + field_of("ARC-Authentication-Results: i={n}; mx; dkim/{n}=pass reason={n}")(number)
    ),
    "results": field_of(
        "Authentication-Results: mx.example.jp {n}; dkim/{n}=pass; iprev=pass policy.iprev={n}"
    ),
    "calendar": part(
        "Content-Type: text/calendar; charset=utf-8",
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nDTSTART:{n}T{n}Z\r\nSEQUENCE:{n}\r\n"
        "ORGANIZER;CN=Amazon;X={n}:mailto:x@{n}.example\r\nSUMMARY:Amazon {n}\r\nEND:VCALENDAR",
    ),
    "archive": lambda number: part("Content-Type: application/zip; name=a.zip", number[:60])(number),
    "picture in a page": lambda number: page(
        '<img src="data:image/png;base64,' + base64.b64encode(b"\x89PNG" + number.encode()).decode() + '">'
    )(number),
    "text": part(
        "Content-Type: text/plain; charset=utf-8",
        "{n} 0{n}-1234-5678 〒{n} ￥{n} http://{n}/ www.{n}.example",
    ),
    "subject": field_of("Subject: {n}様 【Amazon】{n} 090{n}"),
}


@dataclass
class Recorder:
    """An observer that keeps what failed, and makes the documents that a record is made of."""

    failed: list[str] = field(default_factory=list)

    def judged(self, judged: Judged) -> None:
        explain.stored_document(judged.evidence, judged.weights, judged.outcomes)

    def crashed(self, stage: str, error: Exception) -> None:
        self.failed.append(f"{stage}: {error!r}")


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    config = Config.model_validate({"mode": "enforce", "authserv_id": "mx.example.jp"})
    return compose.pipeline(config, compose.offline(config))


def failures(pipeline: Pipeline, raw: bytes, dns: str = "") -> list[str]:
    """What failed while the message was judged in full; its sender's domain has records with that text."""
    recorder = Recorder()
    records = [
        {"name": "stranger.example", "type": "TXT", "value": f"v=spf1 ip4:192.0.2.0/{dns} exp={dns} -all"},
        {
            "name": "_dmarc.stranger.example",
            "type": "TXT",
            "value": f"v=DMARC1; p=reject; pct={dns}; ri={dns}",
        },
        {
            "name": "s._domainkey.stranger.example",
            "type": "TXT",
            "value": f"v=DKIM1; k=rsa; n={dns}; p={dns}",
        },
    ]
    fitting = [each for each in records if each["value"].isascii() and len(each["value"]) < 60_000]
    judged = replace(pipeline, observers=Observers((recorder,)))
    context = replace(judged.context(), resolver=CaseResolver(fitting))
    client = Client("192.0.2.1", "mail.stranger.example", "ok", "mail.stranger.example")
    envelope = Envelope("info@stranger.example", recipients=(Recipient("taro@example.jp"),), client=client)
    done = judged.judge(judged.examine(raw, envelope, context))
    recorder.judged(done)
    return recorder.failed + [each for each in done.evidence.degraded if each.startswith("check:")]


@pytest.mark.parametrize("place", PLACES)
def test_no_number_makes_the_judgement_fail(place: str, pipeline: Pipeline) -> None:
    """Every odd number at that place: nothing raises, no check is reported as crashed."""
    for name, number in NUMBERS.items():
        assert failures(pipeline, PLACES[place](number)) == [], name


@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_in_the_sender_s_records_does(number: str, pipeline: Pipeline) -> None:
    """A sender's DNS is the sender's to write, too."""
    assert failures(pipeline, PLACES["DKIM times"]("1"), NUMBERS[number]) == []


@given(
    places=st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=4),
    number=st.one_of(
        st.sampled_from(sorted(NUMBERS.values())),
        st.text(st.characters(categories=("Nd", "Nl", "No")), max_size=30),
        st.builds(
            lambda digit, times: digit * times, st.sampled_from("0123456789٣３²"), st.integers(1, 5_000)
        ),
    ),
)
@settings(max_examples=100, deadline=None)
def test_no_numbers_in_several_places_do(places: list[str], number: str, pipeline: Pipeline) -> None:
    """Parts with numbers of every kind in one message."""
    parts = b"".join(
        b"--edge\r\nContent-Type: message/rfc822\r\n\r\n" + PLACES[place](number) + b"\r\n"
        for place in places
    )
    head = f"{AUTHOR}Content-Type: multipart/mixed; boundary=edge\r\n\r\n".encode()
    assert failures(pipeline, head + parts + b"--edge--\r\n") == []
