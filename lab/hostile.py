"""Messages that are made to cost time or memory: for example every unit of syntax, repeated as often as possible.

`LARGE` are about 10 MB each (the most that is scanned), `FIELDS` have one header field of 60 kB (the most that Postfix
accepts), `PICTURES` have images that are small but expensive (`lab.pictures`). They are made when they are needed. The
tests of bounds and `make soak` use them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial

from lab import pictures

SIZE = 10_000_000  # bytes
LONG_FIELD = 60_000  # bytes
HEADER = b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"

_NAMES = (
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Content-Type",
    "Content-Disposition",
    "Content-Transfer-Encoding",
    "Authentication-Results",
    "ARC-Seal",
    "DKIM-Signature",
    "Received",
    "List-Id",
    "Message-ID",
)


def filled(unit: bytes, size: int = SIZE) -> bytes:
    """The unit repeated up to `size` bytes."""
    return (unit * (size // len(unit) + 1))[:size]


def mail(media: bytes, body: bytes, encoding: bytes = b"") -> bytes:
    """A message of one content type."""
    coded = b"Content-Transfer-Encoding: " + encoding + b"\r\n" if encoding else b""
    return HEADER + b"Content-Type: " + media + b"\r\n" + coded + b"\r\n" + body


def deep(levels: int) -> bytes:
    """Multiparts nested in multiparts, so many levels deep."""
    inner = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(levels)
    )
    return HEADER + inner + b"\r\nend"


def field(name: str, unit: bytes) -> bytes:
    """A message with one field of 60 kB."""
    author = b"" if name == "From" else b"From: a@b.example\r\n"
    return author + name.encode() + b": " + filled(unit, LONG_FIELD) + b"\r\n\r\nx\r\n"


def with_images(make: Callable[[], pictures.Images]) -> bytes:
    """A message with these images."""
    return pictures.mail(make(), HEADER)


LARGE: dict[str, Callable[[], bytes]] = {
    "depth 10,000": lambda: deep(10000),
    "depth 10,000 rfc822": lambda: HEADER + b"Content-Type: message/rfc822\r\n\r\n" * 10000 + b"\r\nx",
    "depth 10,000 same boundary": lambda: (
        HEADER + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 10000
    ),
    "100,000 parts": lambda: mail(b"multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n" * 100000 + b"--b--"),
    "100,000 parts html": lambda: mail(
        b"multipart/mixed; boundary=b",
        b"--b\r\nContent-Type: text/html\r\n\r\n<a href=http://x.example/>x\r\n" * 100000 + b"--b--",
    ),
    "ambiguous parts": lambda: mail(
        b"multipart/mixed; boundary=b",
        b"--b\r\nContent-Type: text/html\r\nContent-Type: text/plain\r\n"
        b"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + filled(b"QUFB", 300000)
        + b"\r\n--bx\r\n" * 9,
    ),
    "crlf": lambda: mail(b"text/plain", filled(b"\r\n")),
    "lf": lambda: HEADER.replace(b"\r\n", b"\n") + b"\n" + filled(b"\n"),
    "cr": lambda: mail(b"text/plain", filled(b"\r")),
    "one line": lambda: mail(b"text/plain", filled(b"x")),
    "one line html": lambda: mail(b"text/html", filled(b"x ")),
    "spaces": lambda: mail(b"text/html", filled(b" ")),
    "newline spaces": lambda: mail(b"text/html", filled(b" \n")),
    "<a": lambda: mail(b"text/html", filled(b"<a")),
    "<a ": lambda: mail(b"text/html", filled(b"<a ")),
    "<a href>": lambda: mail(b"text/html", filled(b"<a href=http://x.example/>")),
    "<div>": lambda: mail(b"text/html", filled(b"<div>")),
    "<b><p>": lambda: mail(b"text/html", filled(b"<b><p>")),
    "<table>": lambda: mail(b"text/html", filled(b"<table><td>")),
    "<!--": lambda: mail(b"text/html", filled(b"<!--")),
    "<script": lambda: mail(b"text/html", filled(b"<script")),
    "<style>": lambda: mail(b"text/html", filled(b"<style>")),
    "&": lambda: mail(b"text/html", filled(b"&amp")),
    "&#": lambda: mail(b"text/html", filled(b"&#1114112;")),
    "attributes": lambda: mail(b"text/html", b"<a " + filled(b"a=b ")),
    "quote attr": lambda: mail(b"text/html", filled(b"<a href='")),
    "=? body": lambda: mail(b"text/plain", filled(b"=?")),
    "=? subject 60k": lambda: HEADER + b"Subject: " + filled(b"=?", 60000) + b"\r\n\r\nx",
    "=?x?q? subject": lambda: b"Subject: " + filled(b"=?x?q?", 59000) + b"\r\n" + HEADER + b"\r\nx",
    "=?words subject": lambda: b"Subject: " + filled(b"=?utf-8?q?a?= ", 59000) + b"\r\n" + HEADER + b"\r\nx",
    "=?words all headers": lambda: (
        b"".join(b"X-%d: " % i + filled(b"=?utf-8?q?a?= ", 900) + b"\r\n" for i in range(280))
        + HEADER
        + b"\r\nx"
    ),
    "qp =\\r": lambda: mail(b"text/plain", filled(b"=\r"), b"quoted-printable"),
    "qp = \\n": lambda: mail(b"text/plain", filled(b"= \r\n"), b"quoted-printable"),
    "qp =": lambda: mail(b"text/plain", filled(b"="), b"quoted-printable"),
    "qp =41": lambda: mail(b"text/plain", filled(b"=E3=81=82"), b"quoted-printable"),
    "b64 =": lambda: mail(b"text/plain", filled(b"A="), b"base64"),
    "b64": lambda: mail(b"text/plain", base64.encodebytes(b"\xe3\x81\x82" * 2_400_000), b"base64"),
    "b64 html a": lambda: mail(b"text/html", base64.encodebytes(b"<a href=x>" * 740_000), b"base64"),
    "b64 junk": lambda: mail(b"text/plain", filled(b"!!!!"), b"base64"),
    "jis esc": lambda: mail(b"text/plain; charset=iso-2022-jp", filled(b"\x1b$B")),
    "jis esc b": lambda: mail(b"text/plain; charset=iso-2022-jp", filled(b"\x1b$B!!\x1b(B")),
    "jis pairs": lambda: mail(b"text/plain; charset=iso-2022-jp", b"\x1b$B" + filled(b"4X=j")),
    "jis bad": lambda: mail(b"text/plain; charset=iso-2022-jp", b"\x1b$B" + filled(b"4 \xff")),
    "jis unlabelled": lambda: mail(b"text/plain", filled(b"\x1b$B!! ")),
    "jis kana": lambda: mail(b"text/plain; charset=iso-2022-jp", b"\x1b(I" + filled(b"1234")),
    "8bit jis": lambda: mail(b"text/plain; charset=iso-2022-jp", filled(b"\xb1")),
    "euc bad": lambda: mail(b"text/plain; charset=euc-jp", filled(b"\xa4\xa2\xff")),
    "sjis": lambda: mail(b"text/plain; charset=shift_jis", filled("関所".encode("cp932"))),
    "high bytes": lambda: mail(b"text/plain", filled(bytes(range(128, 256)))),
    "utf-16": lambda: mail(b"text/plain; charset=utf-16", filled(b"\x30\x42")),
    "utf-7": lambda: mail(b"text/html; charset=utf-7", filled(b"+ADw-")),
    "hz": lambda: mail(b"text/plain; charset=hz-gb-2312", filled(b"~{")),
    "iso-2022-kr": lambda: mail(b"text/plain; charset=iso-2022-kr", filled(b"\x0e!!\x0f")),
    "emoji": lambda: mail(b"text/plain; charset=utf-8", filled("😀".encode())),
    "uu": lambda: mail(b"text/plain", b"begin 644 x\n" + filled(b"!!!!!\n"), b"x-uuencode"),
    "http://": lambda: mail(b"text/plain", filled(b"http://")),
    "urls": lambda: mail(b"text/plain", b"".join(b"http://h%d.example/ " % i for i in range(400000))),
    "long url": lambda: mail(b"text/plain", b"http://x.example/" + filled(b"a(")),
    "www.": lambda: mail(b"text/plain", filled(b"www.")),
    "1,000 links": lambda: mail(
        b"text/html",
        b"".join(b"<a href='http://h%d.example/'>http://g%d.example</a>" % (i, i) for i in range(1000)),
    ),
    "2,000 idn links": lambda: mail(
        b"text/html; charset=utf-8",
        "".join(f"<a href='http://h{i}.日本語{i}.example/'>amaz0n{i}</a>" for i in range(2000)).encode(),
    ),
    "boundaries": lambda: mail(b"multipart/mixed; boundary=b", filled(b"--bx\r\n")),
    "boundary=": lambda: mail(b"multipart/mixed; boundary=b", b"--bx\r\n" + filled(b"boundary=a ")),
    "cr delims": lambda: mail(b"multipart/mixed; boundary=b", b"--b\r\n\r\n" + filled(b"\r--b")),
    "no-boundary": lambda: mail(b"multipart/mixed", filled(b"--b\r\n\r\n")),
    "begin": lambda: mail(b"text/plain", filled(b"begin 644 x\n"), b"x-uuencode"),
    "1,000 fields": lambda: b"X: y\r\n" * 999 + HEADER + b"\r\nx",
    "100,000 fields": lambda: b"X: y\r\n" * 100000 + HEADER + b"\r\nx",
    "2,450,000 fields": lambda: HEADER + filled(b"a:\r\n") + b"\r\nx",
    "240,000 forged results": lambda: (
        HEADER + b"Authentication-Results: mx.lab.invalid\r\n" * 240_000 + b"\r\nx"
    ),
    "440,000 forged verdicts": lambda: HEADER + b"X-Sekisho-Verdict: a\r\n" * 440_000 + b"\r\nx",
    "10 MB field": lambda: b"X: " + filled(b"y\r\n ") + b"\r\n" + HEADER + b"\r\nx",
    "10 MB no header": lambda: filled(b"x"),
    "10 MB part header": lambda: mail(b"multipart/mixed; boundary=b", b"--b\r\n" + filled(b"X: y\r\n")),
    "folded name": lambda: b"X\r\n " * 100000 + HEADER,
    "20 dkim": lambda: (
        b"".join(
            b"DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=d%d.example; s=s; h=from; bh=AAAA; b=AAAA\r\n"
            % i
            for i in range(20)
        )
        + HEADER
        + b"\r\n"
        + filled(b"\r\n")
    ),
    "blanks in part fields": lambda: mail(
        b"multipart/mixed; boundary=b",
        (b"--b\r\nContent-Type: text/plain;" + b" " * 16_000 + b"x\r\n\r\nx\r\n") * 600,
    ),
    "escaped quotes in part fields": lambda: mail(
        b"multipart/mixed; boundary=b",
        (b"--b\r\nContent-Disposition: inline;" + filled(b'a="\\" ', 16_000) + b"\r\n\r\nx\r\n") * 600,
    ),
    "addresses in From fields": lambda: (b"From: " + filled(b"a@b, ", 4_000) + b"\r\n") * 64 + b"\r\nx",
    "&# digits": lambda: mail(b"text/html", b"<p>x" * 9_000 + b"&#" + filled(b"9")),
    "&# runs of digits": lambda: mail(b"text/html", b"<p>x" * 9_000 + filled(b"&#" + b"9" * 4_301 + b";")),
    "mentions": lambda: mail(
        b"text/plain; charset=utf-8", filled("アマゾン Amazon 三井住友カード ".encode())
    ),
    "invisible": lambda: mail(b"text/plain; charset=utf-8", filled("A\u200bm\u200b".encode())),
    "combining": lambda: mail(b"text/plain; charset=utf-8", filled("a\u0301\u0301\u0327".encode())),
    "bidi": lambda: mail(b"text/plain; charset=utf-8", filled("\u202eab\u202c".encode())),
}

FIELDS: dict[str, Callable[[], bytes]] = {
    f"{name} of {unit}": partial(field, name, unit.encode()) for name in _NAMES for unit in "\",(;:<>@\\[=?'"
}

PICTURES: dict[str, Callable[[], bytes]] = {
    name: partial(with_images, make) for name, make in pictures.SHAPES.items()
}
