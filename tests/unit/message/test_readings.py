"""A phishing link in a message that mail programs read differently is found, and the ambiguity is reported."""

from __future__ import annotations

import base64
import quopri

import pytest

from sekisho.checks.content import structure
from sekisho.evidence import NOTHING
from sekisho.message import Envelope, Message, read

PAGE = b'<html><p>Sign in: <a href="http://phish.example/login">here</a></html>'
CODED = base64.encodebytes(PAGE)
HIDDEN = b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n" + CODED
MIXED = b'Content-Type: multipart/mixed; boundary="b"\n'


def mail(rest: bytes) -> Message:
    raw = b"From: Support <x@stranger.example>\nSubject: Your account\nMIME-Version: 1.0\n" + rest
    return read(raw, Envelope())


def hosts(message: Message) -> set[str | None]:
    """The hosts of all links: the message's own, and those of the messages inside it."""
    shown = (message.links, *(each.shown.links for each in message.inner))
    return {link.host for links in shown for link in links}


def encoded(data: bytes, name: bytes) -> bytes:
    coded = base64.encodebytes(data) if name == b"base64" else quopri.encodestring(data)
    return b"Content-Transfer-Encoding: " + name + b"\n\n" + coded


TRICKS = {
    "the second of two types": b"Content-Type: text/plain\n" + HIDDEN,
    "the second of two encodings": b"Content-Transfer-Encoding: 7bit\n" + HIDDEN,
    "the first of two encodings": b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n"
    b"Content-Transfer-Encoding: 8bit\n\n" + CODED,
    "the second of two multipart types": MIXED
    + b"Content-Type: multipart/mixed; boundary=c\n\n--b\n\nhello\n"
    b"--b--\n--c\n" + HIDDEN + b"--c--\n",
    "a second boundary": b"Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\nhello\n--b\n"
    + HIDDEN
    + b"--b--\n--a--\n",
    "a boundary in pieces": b"Content-Type: multipart/mixed; boundary=a; boundary*0=x; boundary*1=y\n\n--a\n\nhello\n"
    b"--a--\n--xy\n" + HIDDEN + b"--xy--\n",
    "a boundary in percent signs": b"Content-Type: multipart/mixed; boundary*=us-ascii''x%79\n\n--xy\n"
    + HIDDEN
    + b"--xy--\n",
    "a boundary in a comment": b"Content-Type: multipart/mixed (; boundary=a;); boundary=b\n\n--a\n\nhello\n--b\n"
    + HIDDEN
    + b"--b--\n",
    "a comment before the type": b"Content-Type: (x) multipart/mixed; boundary=b\n\n--b\n"
    + HIDDEN
    + b"--b--\n",
    "a comment before the encoding": b"Content-Type: text/html\nContent-Transfer-Encoding: (x) base64\n\n"
    + CODED,
    "a word around the encoding": b"Content-Type: text/html\nContent-Transfer-Encoding: x-base64 really\n\n"
    + CODED,
    "no boundary parameter": b"Content-Type: multipart/mixed\n\n--b\n" + HIDDEN + b"--b--\n",
    "a boundary that never comes": b"Content-Type: multipart/mixed; boundary=a\n\n--b\n"
    + HIDDEN
    + b"--b--\n",
    "single quotes": b"Content-Type: multipart/mixed; boundary='b'\n\n--b\n" + HIDDEN + b"--b--\n",
    "after the last delimiter": MIXED + b"\n--b\n\nhello\n--b--\n--b\n" + HIDDEN + b"--b--\n",
    "text behind the delimiter": MIXED + b"\n--b\n\nhello\n--b x\n" + HIDDEN + b"--b--\n",
    "text behind the last delimiter": MIXED + b"\n--b\n\nhello\n--b--x\n" + HIDDEN + b"--b--\n",
    "a line that is no header": MIXED + b"\n--b\nno header\n" + HIDDEN + b"--b--\n",
    "a blank before the part's header": MIXED + b"\n--b\n " + HIDDEN + b"--b--\n",
    "a line that is no header, on top": b"no header\n" + HIDDEN,
    "an encoded multipart": MIXED + encoded(b"--b\n" + HIDDEN + b"--b--\n", b"base64"),
    "a quoted-printable multipart": MIXED
    + encoded(b"--b\n" + HIDDEN.replace(b"=", b"=3D") + b"--b--\n", b"base64"),
    "a message that is not encoded": MIXED
    + b"\n--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64"
    b"\n\n" + HIDDEN + b"\n--b--\n",
    "a NUL in the part's type": MIXED + b"\n--b\nContent-Type: text/html\0; name=x.bin\n"
    b"Content-Transfer-Encoding: base64\0x\n\n" + CODED + b"--b--\n",
    "a type of no known kind": b"Content-Type: txt/html\n\n" + PAGE,
    "base64 after its padding": b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
    + base64.b64encode(b"hello!!")
    + b"\n"
    + CODED,
    "base64 with other letters": b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
    + b"*".join(CODED[at : at + 5] for at in range(0, len(CODED), 5)),
    "two charsets": b"Content-Type: text/html; charset=utf-16le; charset=utf-8\n\n" + PAGE,
}
"""What follows the author's header fields. Each holds the link in a reading that some mail program takes."""

QUIET = {
    "truncated base64": b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
    + CODED.rstrip(b"=\n")[:-1],
    "no last delimiter": MIXED + b"\n--b\n" + HIDDEN,
    "a page as plain text": b"Content-Type: text/plain\n\n" + PAGE.replace(b"http:", b"&#104;ttp:"),
    "a page by its file name": b"Content-Type: application/octet-stream; name=a.html\n"
    + encoded(PAGE, b"base64"),
    "a picture with links": b"Content-Type: image/svg+xml\n\n"
    b"<svg><a xlink:href='http://phish.example/login'><text>Sign in</text></a></svg>",
    "an encoded message": MIXED
    + b"\n--b\nContent-Type: message/rfc822\n"
    + encoded(HIDDEN, b"base64")
    + b"\n--b--\n",
    "uuencode": b"Content-Type: text/html\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a.html\n"
    b"M/&AT;6P^/'`^4VEG;B!I;CH@/&$@:')E9CTB:'1T<#HO+W!H:7-H+F5X86UP\n"
    b'<;&4O;&]G:6XB/FAE<F4\\+V$^/"]H=&UL/@``\n`\nend\n',
    "the hundredth field of a part": MIXED + b"\n--b\n" + b"X: y\n" * 120 + HIDDEN + b"--b--\n",
    "capitals": b"CONTENT-TYPE: TEXT/HTML\ncontent-transfer-encoding: BASE64\n\n" + CODED,
    "folding": b"Content-Type:\n text/html\nContent-Transfer-Encoding:\n\tbase64\n\n" + CODED,
    "blanks before the colon": b"Content-Type : text/html\nContent-Transfer-Encoding : base64\n\n" + CODED,
    "quotes around the encoding": b'Content-Type: text/html\nContent-Transfer-Encoding: "base64"\n\n' + CODED,
    "bare line feeds": b"\n".join(HIDDEN.split(b"\n")),
}
"""Every program reads these alike, or they are common: the link is found, and no problem is needed."""


@pytest.mark.parametrize("name", TRICKS)
def test_a_link_behind_a_trick_is_found_and_the_trick_is_told(name: str) -> None:
    """The link is found in whichever reading the recipient's program takes, and the message is ambiguous."""
    message = mail(TRICKS[name])
    assert "phish.example" in hosts(message)
    found = structure.check(message, NOTHING, None)  # type: ignore[arg-type]  # it uses no part of the context
    assert {each.kind.id for each in found.findings} & {
        "mime.ambiguous",
        "mime.no_boundary",
        "mime.base64",
        "header.cut_short",
    } or name in {"a boundary in percent signs", "a comment before the encoding", "a comment before the type"}


@pytest.mark.parametrize("name", QUIET)
def test_a_link_in_odd_but_plain_mail_is_found(name: str) -> None:
    """A link in a message that is broken but not ambiguous is found."""
    assert "phish.example" in hosts(mail(QUIET[name]))


def test_readings_are_bounded() -> None:
    """A message with very many ambiguities has a bounded number of readings, and is reported as ambiguous."""
    head = b"Content-Type: multipart/mixed; boundary=b\nContent-Type: multipart/mixed; boundary=c\n"
    part = b"--b\nContent-Type: text/plain\nContent-Type: text/html\n\nx\n--c\n" + head + b"\n--b\n\nx\n"
    message = mail(head + b"\n" + part * 2_000)
    assert len(message.parts) <= 600
    assert message.problem("mime.ambiguous")


def test_the_likeliest_reading_comes_first() -> None:
    """The first reading is the one that most programs show."""
    message = mail(b"Content-Type: text/plain\nContent-Type: text/html\n\n<p>hello\n")
    assert [part.media for part in message.parts] == ["text/plain", "text/html"]
