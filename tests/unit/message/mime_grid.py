"""The grid of damaged MIME structures: every deviation, once for each reading that some mail program takes.

A deviation is read in two or more ways. For each way there is a message whose payload, a page with a link, shows in
that reading alone. So a case that no reader of ours finds, and that nothing calls ambiguous, hides its link from the
filter and shows it to somebody.

RFC 2045, 2046, 2047, 2231; the line ends are those that reach a milter: Postfix replaces a bare LF, and keeps NUL and
bare CR.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import itertools
import quopri
from collections.abc import Callable, Iterator
from typing import NamedTuple

HEAD = b"From: Support <x@stranger.example>\r\nSubject: Your account\r\nMIME-Version: 1.0\r\n"
PAGE = b'<html><p>Sign in: <a href="http://phish.example/login">here</a></html>\r\n'
BASE64 = base64.encodebytes(PAGE).replace(b"\n", b"\r\n")
QUOTED = b"".join(b"=%02X" % octet for octet in PAGE)
HIDDEN = b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" + BASE64
"""A part whose link shows only to those who read it as a part."""
HTML = b"Content-Type: text/html\r\n"
HELLO = b"Content-Type: text/plain\r\n\r\nhello\r\n"
LINE = b"\r\n"


class Trick(NamedTuple):
    """A message with the payload in a reading that some mail program takes."""

    name: str
    raw: bytes


def tricks() -> Iterator[Trick]:
    """Every case of the grid, by place."""
    for place, make in PLACES.items():
        for name, rest in make():
            yield Trick(f"{place}: {name}", HEAD + rest)


def controls() -> Iterator[Trick]:
    """Messages that every mail program reads alike: the payload is found and nothing is ambiguous."""
    for name, rest in _plain():
        yield Trick(name, HEAD + rest)


def _bodies() -> dict[str, bytes]:
    return {"coded": BASE64, "plain": PAGE}


# Several Content-Transfer-Encoding fields, several values in one.
ENCODINGS = {
    "first valid": b"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n",
    "second valid": b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n",
    "first unknown": b"Content-Transfer-Encoding: x-none\r\nContent-Transfer-Encoding: base64\r\n",
    "second unknown": b"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: x-none\r\n",
    "comma": b"Content-Transfer-Encoding: base64, 7bit\r\n",
    "comma, the other first": b"Content-Transfer-Encoding: 7bit, base64\r\n",
    "semicolon": b"Content-Transfer-Encoding: base64; 7bit\r\n",
    "semicolon, the other first": b"Content-Transfer-Encoding: 7bit; base64\r\n",
    "two quoted values": b'Content-Transfer-Encoding: "base64" "7bit"\r\n',
    "two words": b"Content-Transfer-Encoding: base64 7bit\r\n",
    "two words, the other first": b"Content-Transfer-Encoding: 7bit base64\r\n",
}
# The value of one field: some programs decode, some do not.
VALUES = {
    "NUL at the start": b" \0base64",
    "NUL in the middle": b" base\x0064",
    "NUL at the end": b" base64\0",
    "comment before": b" (x) base64",
    "comment without a blank": b" (x)base64",
    "comment inside": b" base(x)64",
    "comment after": b" base64 (x)",
    "comment straight after": b" base64(x)",
    "comment around": b" (base64)",
    "comment unclosed before": b" (x base64",
    "comment unclosed after": b" base64 (x",
    "comment across a fold": b" (x\r\n y) base64",
    "unclosed across a fold": b" (x\r\n base64",
    "encoded word": b" =?us-ascii?q?base64?=",
    "encoded word for a part": b" base=?us-ascii?q?64?=",
    "encoded word in base64": b" =?us-ascii?b?YmFzZTY0?=",
    "a digit too many": b" base644",
    "a dash": b" base-64",
    "a dash at the end": b" base64-",
    "x- before": b" x-base64",
    "an unknown word before": b" foo base64",
    "folded inside": b" base\r\n 64",
    "half a quote": b' "base64',
    "single quotes": b" 'base64'",
    "a dot": b" base64.",
    "a colon": b" : base64",
    "an equals sign": b" =base64",
}


def encoding_fields() -> Iterator[tuple[str, bytes]]:
    """Several encoding fields, or several values in one."""
    for name, fields in ENCODINGS.items():
        for kind, body in _bodies().items():
            yield f"{name}, {kind}", HTML + fields + LINE + body


def encoding_values() -> Iterator[tuple[str, bytes]]:
    """An encoding that is written so that some programs know it."""
    for name, value in VALUES.items():
        for kind, body in _bodies().items():
            yield f"{name}, {kind}", HTML + b"Content-Transfer-Encoding:" + value + LINE + LINE + body
    yield "missing with encoded content", HTML + LINE + BASE64
    quoted = {name: value.replace(b"base64", b"quoted-printable") for name, value in VALUES.items()}
    for name in ("NUL in the middle", "comment before", "comment inside", "encoded word", "single quotes"):
        value = quoted[name].replace(b"base", b"quoted-").replace(b"64", b"printable")
        yield f"quoted-printable, {name}", HTML + b"Content-Transfer-Encoding:" + value + LINE * 2 + QUOTED


LEAF = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + BASE64


def _parts(boundary: bytes, *parts: bytes) -> bytes:
    return b"".join(b"--" + boundary + LINE + part for part in parts) + b"--" + boundary + b"--\r\n"


def _either(field: Callable[[bytes, bytes], bytes], one: bytes, other: bytes) -> Iterator[tuple[str, bytes]]:
    """The payload in the parts of the first boundary, then in those of the second; the other one holds a greeting."""
    head = field(one, other) + LINE
    yield "payload by the first", head + _parts(one, HIDDEN) + _parts(other, HELLO)
    yield "payload by the second", head + _parts(one, HELLO) + _parts(other, HIDDEN)
    yield "only the second", head + _parts(other, HIDDEN)


def _two_multiparts(one: bytes, other: bytes) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=%b\r\n" % each for each in (one, other))


def type_fields() -> Iterator[tuple[str, bytes]]:
    """Several Content-Type fields, or several types in one."""
    page = PAGE.replace(b"http:", b"&#104;ttp:")  # found by those who read HTML
    file = b"Content-Type: application/octet-stream\r\n"
    for name, types in {
        "html first": HTML + file,
        "html second": file + HTML,
        "plain and html": b"Content-Type: text/plain\r\n" + HTML,
        "an image and html": b"Content-Type: image/png\r\n" + HTML,
        "html and an image": HTML + b"Content-Type: image/png\r\n",
    }.items():
        yield f"leaf, {name}", types + LINE + page
    for name, types in {
        "comma": b"Content-Type: image/png, text/html\r\n",
        "comma, html first": b"Content-Type: text/html, image/png\r\n",
        "semicolon": b"Content-Type: image/png; text/html\r\n",
        "blank": b"Content-Type: image/png text/html\r\n",
    }.items():
        yield f"two types, {name}", types + LINE + page
    leaf, multipart = b"Content-Type: text/plain\r\n", b'Content-Type: multipart/mixed; boundary="b"\r\n'
    yield "a leaf, then a multipart", leaf + multipart + LINE + _parts(b"b", HIDDEN)
    yield "a multipart, then a leaf", multipart + leaf + LINE + _parts(b"b", HIDDEN)
    for name, rest in _either(_two_multiparts, b"aa", b"bb"):
        yield f"two multiparts, {name}", rest


NAMES = {
    "blank before": b" Content-Transfer-Encoding: base64\r\n",
    "tab before": b"\tContent-Transfer-Encoding: base64\r\n",
    "NUL before": b"\0Content-Transfer-Encoding: base64\r\n",
    "NUL before the colon": b"Content-Transfer-Encoding\0: base64\r\n",
    "NUL inside": b"Content-Transfer\0-Encoding: base64\r\n",
    "blank inside": b"Content-Transfer -Encoding: base64\r\n",
    "folded before the colon": b"Content-Transfer-Encoding\r\n : base64\r\n",
    "empty name before": b": x\r\nContent-Transfer-Encoding: base64\r\n",
    "line without a colon before": b"x\r\nContent-Transfer-Encoding: base64\r\n",
    "no colon": b"Content-Transfer-Encoding base64\r\n",
    "full-width colon": "Content-Transfer-Encoding： base64\r\n".encode(),
    "two colons": b"Content-Transfer-Encoding:: base64\r\n",
}


def field_names() -> Iterator[tuple[str, bytes]]:
    """A field whose name is damaged: a field to some, nothing to others; in the message and in a part."""
    for name, field in NAMES.items():
        for kind, body in _bodies().items():
            yield f"{name}, {kind}", HTML + field + LINE + body
            part = HTML + field + LINE + body
            yield f"{name}, in a part, {kind}", MIXED + LINE + _parts(b"b", part)
        if b"\0" in field or field[:1] in b" \t:":
            first = field.replace(b"Content-Transfer-Encoding: base64", b"Content-Type: text/html")
            part = first + b"Content-Transfer-Encoding: base64\r\n\r\n" + BASE64
            yield f"{name}, first of a part", MIXED + LINE + _parts(b"b", part)


MIXED = b'Content-Type: multipart/mixed; boundary="b"\r\n'

TYPES = {
    "case": b"Content-Type: TEXT/HTML\r\n",
    "NUL at the start": b"Content-Type: \0text/html\r\n",
    "NUL in the middle": b"Content-Type: text\0/html\r\n",
    "NUL at the end": b"Content-Type: text/html\0\r\n",
    "no type": b"",
    "empty type": b"Content-Type:\r\n",
    "no subtype": b"Content-Type: html\r\n",
    "blank around the slash": b"Content-Type: text / html\r\n",
    "unknown kind": b"Content-Type: txt/html\r\n",
    "quoted": b'Content-Type: "text/html"\r\n',
}


def type_values() -> Iterator[tuple[str, bytes]]:
    """A damaged value of the type."""
    page = PAGE.replace(b"http:", b"&#104;ttp:")
    for name, field in TYPES.items():
        yield name, field + LINE + page
        multipart = field.replace(b"text/html", b"multipart/mixed; boundary=b")
        multipart = multipart.replace(b"TEXT/HTML", b"MULTIPART/MIXED; BOUNDARY=b")
        multipart = multipart.replace(b"text / html", b"multipart / mixed; boundary=b")
        multipart = multipart.replace(b"txt/html", b"mulitpart/mixed; boundary=b")
        multipart = multipart.replace(b"\0/html", b"\0/html; boundary=b").replace(
            b": html", b": multipart; boundary=b"
        )
        if b"boundary" in multipart.lower():
            yield f"{name}, multipart", multipart + LINE + _parts(b"b", HIDDEN)
    yield "a leaf with a boundary", b"Content-Type: text/plain; boundary=b\r\n\r\n" + _parts(b"b", HIDDEN)


def _sees_field(data: bytes, ends: tuple[bytes, ...], drop: bytes) -> bool:
    """True if a reader whose lines end with one of `ends`, and who ignores the octets `drop`, finds the encoding field
    in the header block."""
    data = data.translate(None, drop)
    while data:
        cut = min(((at, -len(end), end) for end in ends if (at := data.find(end)) >= 0), default=None)
        if cut is None:
            return data.lower().startswith(b"content-transfer-encoding:")
        line, data = data[: cut[0]], data[cut[0] + len(cut[2]) :]
        if not line:
            return False
        if line.lower().startswith(b"content-transfer-encoding:"):
            return True
    return False


READERS: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "CRLF": ((b"\r\n",), b""),
    "CRLF or LF": ((b"\r\n", b"\n"), b""),
    "any line end": ((b"\r\n", b"\n", b"\r"), b""),
    "any line end, NUL dropped": ((b"\r\n", b"\n", b"\r"), b"\0"),
    "CRLF or LF, NUL dropped": ((b"\r\n", b"\n"), b"\0"),
    "CRLF or LF, CR dropped": ((b"\n",), b"\r"),
}
NAMED = {b"\r": "CR", b"\n": "LF", b" ": "blank", b"\0": "NUL"}


def line_ends() -> Iterator[tuple[str, bytes]]:
    """One to three of CR, LF, blank and NUL in place of the line end before the encoding field."""
    for length in (1, 2, 3):
        for pieces in itertools.product(NAMED, repeat=length):
            yield from _after(b"".join(pieces), " ".join(NAMED[each] for each in pieces))


def _after(joint: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    block = HTML.rstrip() + joint + b"Content-Transfer-Encoding: base64\r\n\r\n"
    seen = {_sees_field(block, *reader) for reader in READERS.values()}
    for kind, body in _bodies().items():
        if (kind == "coded") in seen:
            yield f"{name}, {kind}", block + body
            yield f"{name}, in a part, {kind}", MIXED + LINE + _parts(b"b", block + body)


def header_ends() -> Iterator[tuple[str, bytes]]:
    """The end of the header block: CRLF CRLF with one piece dropped, doubled or replaced, or none at all."""
    pieces = [b"\r", b"\n", b"\r", b"\n"]
    ends: dict[str, bytes] = {}
    for at in range(4):
        for name, new in {"dropped": b"", "doubled": pieces[at] * 2, "NUL": b"\0", "blank": b" "}.items():
            ends[f"piece {at + 1} {name}"] = b"".join([*pieces[:at], new, *pieces[at + 1 :]])
    for name, end in ends.items():
        block = HTML + b"Content-Transfer-Encoding: base64" + end
        yield f"{name}, coded", block + BASE64
        yield f"{name}, in a part, coded", MIXED + LINE + _parts(b"b", block + BASE64)
    field = b"Content-Transfer-Encoding: base64\r\n\r\n"
    for name, joint in {"a field after one empty line": b"", "with a blank before it": b" "}.items():
        yield name, HTML + LINE + joint + field + BASE64
        yield f"{name}, in a part", MIXED + LINE + _parts(b"b", HTML + LINE + joint + field + BASE64)


# As stated, and the boundaries that programs read from it.
STATED: dict[str, tuple[bytes, tuple[bytes, ...]]] = {
    "two parameters": (b"boundary=aa; boundary=bb", (b"aa", b"bb")),
    "comma list": (b"boundary=aa, boundary=bb", (b"aa", b"aa,", b"bb", b"aa, boundary=bb")),
    "comma in the value": (b"boundary=aa,bb", (b"aa,bb", b"aa", b"bb")),
    "starts with a blank, quoted": (b'boundary=" aa"', (b" aa", b"aa")),
    "ends with a blank, quoted": (b'boundary="aa "', (b"aa ", b"aa")),
    "starts with a tab, quoted": (b'boundary="\taa"', (b"\taa", b"aa")),
    "starts with NUL, quoted": (b'boundary="\0aa"', (b"\0aa", b"aa")),
    "ends with NUL, quoted": (b'boundary="aa\0"', (b"aa\0", b"aa")),
    "blank inside, unquoted": (b"boundary=aa bb", (b"aa", b"aa bb")),
    "blank inside, quoted": (b'boundary="aa bb"', (b"aa bb", b"aa")),
    "semicolon inside, quoted": (b'boundary="aa;bb"', (b"aa;bb", b"aa")),
    "semicolon inside, unquoted": (b"boundary=aa;bb", (b"aa", b"aa;bb")),
    "NUL inside": (b"boundary=aa\0bb", (b"aa", b"aabb", b"aa\0bb")),
    "NUL inside, quoted": (b'boundary="aa\0bb"', (b"aa", b"aabb", b"aa\0bb")),
    "quote inside, unquoted": (b'boundary=aa"bb', (b'aa"bb', b"aa", b"aabb")),
    "quotes inside, unquoted": (b'boundary=aa"bb"', (b'aa"bb"', b"aa", b"aabb")),
    "quote inside, quoted": (b'boundary="aa"bb"', (b"aa", b'aa"bb')),
    "escaped quote": (b'boundary="aa\\"bb"', (b'aa"bb', b'aa\\"bb', b"aa\\")),
    "half a quote before": (b'boundary="aa', (b"aa", b'"aa')),
    "half a quote behind": (b'boundary=aa"', (b"aa", b'aa"')),
    "single quotes": (b"boundary='aa'", (b"'aa'", b"aa")),
    "folded inside": (b"boundary=aa\r\n bb", (b"aa", b"aa bb", b"aabb")),
    "folded inside, quoted": (b'boundary="aa\r\n bb"', (b"aa bb", b"aabb", b"aa")),
    "folded before =": (b"boundary\r\n =aa", (b"aa",)),
    "folded after =": (b"boundary=\r\n aa", (b"aa",)),
    "blank before =": (b"boundary =aa", (b"aa",)),
    "NUL before =": (b"boundary\0=aa", (b"aa",)),
    "RFC 2231 pieces": (b"boundary*0=aa; boundary*1=bb", (b"aabb", b"aa")),
    "RFC 2231 pieces and a plain one": (b"boundary=cc; boundary*0=aa; boundary*1=bb", (b"cc", b"aabb")),
    "RFC 2231 value": (b"boundary*=us-ascii''a%61", (b"aa", b"us-ascii''a%61", b"a%61")),
    "RFC 2231 encoded piece": (b"boundary*0*=us-ascii''a%61; boundary*1=bb", (b"aabb",)),
    "encoded word": (b'boundary="=?us-ascii?q?aa?="', (b"=?us-ascii?q?aa?=", b"aa")),
    "comment before": (b"boundary=(x)aa", (b"aa", b"(x)aa")),
    "comment after": (b"boundary=aa(x)", (b"aa", b"aa(x)")),
    "comment after a blank": (b"boundary=aa (x)", (b"aa", b"aa (x)")),
    "comment inside": (b"boundary=aa(x)bb", (b"aabb", b"aa", b"aa(x)bb")),
    "comment unclosed": (b"boundary=aa (x", (b"aa", b"aa (x")),
    "comment before =": (b"boundary(x)=aa", (b"aa",)),
    "comment with a parameter": (b"(; boundary=aa;) boundary=bb", (b"aa", b"bb")),
    "misspelt": (b"bondary=aa", (b"aa",)),
    "upper case": (b"BOUNDARY=aa", (b"aa",)),
    "empty": (b"boundary=", (b"",)),
    "empty, quoted": (b'boundary=""', (b"",)),
    "empty, then another": (b'boundary=""; boundary=aa', (b"aa", b"")),
}


def boundaries_stated() -> Iterator[tuple[str, bytes]]:
    """A boundary as it is stated, with the payload in the parts of each boundary that programs read from it."""
    for name, (parameter, readings) in STATED.items():
        for separator, joint in {"": b"; ", "no semicolon, ": b" "}.items():
            head = b"Content-Type: multipart/mixed" + joint + parameter + LINE * 2
            for reading in readings:
                said = reading.decode().replace("\0", "NUL").replace("\t", "TAB")
                yield f"{separator}{name}, as {said!r}", head + _parts(reading, HIDDEN)
            for one, other in itertools.permutations(readings[:3], 2) if not separator else ():
                said = f"{one!r} greets, {other!r} has it"
                yield f"{name}, {said}", head + _parts(one, HELLO) + _parts(other, HIDDEN)


USED = {
    "blank before": b" --b\r\n",
    "blank between": b"-- b\r\n",
    "blank between the dashes": b"- -b\r\n",
    "blank behind": b"--b \r\n",
    "tab behind": b"--b\t\r\n",
    "NUL behind": b"--b\0\r\n",
    "NUL before": b"\0--b\r\n",
    "CR alone": b"--b\r",
    "CR NUL": b"--b\r\0",
    "text behind": b"--bx\r\n",
    "text after a blank": b"--b x\r\n",
    "a dash more": b"---b\r\n",
    "a dash less": b"-b\r\n",
    "one dash behind": b"--b-\r\n",
    "closed first": b"--b--\r\n--b\r\n",
    "only the closing one": b"--b--\r\n",
    "nothing between line and part": b"--b",
    "an empty line after it": b"--b\r\n\r\n",
}


def boundaries_used() -> Iterator[tuple[str, bytes]]:
    """A delimiter line that some programs take for one."""
    for name, line in USED.items():
        yield f"{name}, alone", MIXED + LINE + line + HIDDEN + b"--b--\r\n"
        yield f"{name}, after a part", MIXED + LINE + b"--b\r\n" + HELLO + line + HIDDEN + b"--b--\r\n"
    yield "after a bare CR", MIXED + LINE + b"--b\r\n" + HELLO + b"x\r--b\r\n" + HIDDEN + b"--b--\r\n"
    yield "no final dashes", MIXED + LINE + b"--b\r\n" + HELLO + b"--b\r\n" + HIDDEN + b"--b\r\n"
    yield "never closed", MIXED + LINE + b"--b\r\n" + HELLO + b"--b\r\n" + HIDDEN


def parts() -> Iterator[tuple[str, bytes]]:
    """Parts where the standard has none, and multiparts that share a boundary."""
    inner = b"Content-Type: multipart/alternative; boundary=%b\r\n\r\n"
    whole = MIXED + LINE
    yield "after the last", whole + _parts(b"b", HELLO) + LINE + b"--b\r\n" + HIDDEN + b"--b--\r\n"
    yield "in the epilogue, plain", whole + _parts(b"b", HELLO) + PAGE
    yield "in the epilogue, with a header", whole + _parts(b"b", HELLO) + HTML + LINE + PAGE
    yield "in the preamble", whole + PAGE + _parts(b"b", HELLO)
    yield "in the preamble, with a header", whole + HTML + LINE + PAGE + _parts(b"b", HELLO)
    yield (
        "inner with the same boundary",
        whole + b"--b\r\n" + inner % b"b" + _parts(b"b", HIDDEN) + b"--b--\r\n",
    )
    yield (
        "inner without a boundary",
        whole + b"--b\r\nContent-Type: multipart/alternative\r\n\r\n--c\r\n" + HIDDEN + b"--c--\r\n--b--\r\n",
    )
    yield (
        "inner empty, then its part",
        whole + b"--b\r\n" + inner % b"c" + b"--b\r\n" + HELLO + b"--c\r\n" + HIDDEN + b"--c--\r\n--b--\r\n",
    )
    yield "inner whose body is gone", whole + b"--b\r\n" + inner % b"c" + b"--b\r\n" + HIDDEN + b"--b--\r\n"
    yield (
        "inner cut by the outer",
        whole + b"--b\r\n" + inner % b"c" + b"--c\r\n" + HELLO + b"--b\r\n" + HIDDEN + b"--b--\r\n",
    )
    yield (
        "inner goes on after the outer's part",
        whole
        + b"--b\r\n"
        + inner % b"c"
        + b"--c\r\n"
        + HELLO
        + b"--b\r\n"
        + HELLO
        + b"--c\r\n"
        + HIDDEN
        + b"--c--\r\n--b--\r\n",
    )
    yield (
        "inner boundary begins like the outer's",
        whole + b"--b\r\n" + inner % b"bb" + _parts(b"bb", HIDDEN) + b"--b--\r\n",
    )
    yield (
        "a leaf with a boundary",
        whole + _parts(b"b", b"Content-Type: text/plain; boundary=c\r\n\r\n" + _parts(b"c", HIDDEN)),
    )
    for encoding in (b"base64", b"quoted-printable", b"7bit"):
        message = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: %b\r\n\r\n" % encoding
        yield (
            f"a message said to be {encoding.decode()}, as it stands",
            whole + _parts(b"b", message + HIDDEN),
        )
    coded = base64.encodebytes(HIDDEN).replace(b"\n", LINE)
    yield (
        "a message in base64",
        whole
        + _parts(b"b", b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded),
    )
    for encoding, body in {
        "base64": base64.encodebytes(_parts(b"b", HIDDEN)).replace(b"\n", LINE),
        "quoted-printable": quopri.encodestring(_parts(b"b", HIDDEN)).replace(b"\n", LINE),
    }.items():
        head = MIXED + b"Content-Transfer-Encoding: %b\r\n\r\n" % encoding.encode()
        yield f"a multipart in {encoding}", head + body
        yield f"a multipart said to be {encoding}, as it stands", head + _parts(b"b", HIDDEN)


def _coded(encoding: bytes, body: bytes, more: bytes = b"") -> bytes:
    return HTML + b"Content-Transfer-Encoding: " + encoding + LINE + more + LINE + body


def contents() -> Iterator[tuple[str, bytes]]:
    """Content that is damaged, or encoded twice."""
    raw = base64.b64encode(PAGE)
    yield (
        "characters outside the alphabet",
        _coded(b"base64", b"*".join(raw[at : at + 5] for at in range(0, len(raw), 5))),
    )
    yield "padding in the middle", _coded(b"base64", base64.b64encode(b"hello") + LINE + raw)
    yield (
        "padding after each line",
        _coded(
            b"base64", b"".join(base64.b64encode(PAGE[at : at + 10]) + LINE for at in range(0, len(PAGE), 10))
        ),
    )
    yield "a last group cut", _coded(b"base64", raw.rstrip(b"=")[:-1])
    yield "one long line", _coded(b"base64", raw)
    yield "one octet a line", _coded(b"base64", LINE.join(raw[at : at + 1] for at in range(len(raw))))
    yield "url-safe alphabet", _coded(b"base64", base64.urlsafe_b64encode(PAGE))
    yield (
        "soft breaks before white space",
        _coded(b"quoted-printable", QUOTED.replace(b"=69", b"= \t\r\n=69")),
    )
    yield "an equals sign at the end", _coded(b"quoted-printable", QUOTED + b"=")
    yield "lower-case digits", _coded(b"quoted-printable", QUOTED.lower())
    yield "broken escapes", _coded(b"quoted-printable", b"=ZZ=G" + QUOTED)
    yield (
        "two encodings",
        _coded(
            b"base64",
            base64.encodebytes(b"Content-Transfer-Encoding: base64\r\n\r\n" + BASE64).replace(b"\n", LINE),
        ),
    )
    uu = b"begin 644 a.html\r\n" + _uuencoded(PAGE) + b"`\r\nend\r\n"
    yield "uuencode", _coded(b"x-uuencode", uu)
    yield "uuencode in text", b"Content-Type: text/plain\r\n\r\nHello\r\n\r\n" + uu
    yield "yEnc in text", b"Content-Type: text/plain\r\n\r\n" + _yenc(PAGE)
    yield (
        "Content-Encoding",
        HTML
        + b"Content-Encoding: gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(_gzip(PAGE)).replace(b"\n", LINE),
    )
    for name, field in {
        "pieces": b"filename*0=a.ht; filename*1=ml",
        "encoded": b"filename*=utf-8''a%2Ehtml",
        "encoded pieces": b"filename*0*=utf-8''a%2E; filename*1=html",
        "encoded word": b'filename="=?utf-8?q?a=2Ehtml?="',
    }.items():
        disposition = b"Content-Disposition: attachment; " + field + LINE
        page = PAGE.replace(b"<html>", b"<p>").replace(b"http:", b"&#104;ttp:")
        yield f"file name, {name}", b"Content-Type: application/octet-stream\r\n" + disposition + LINE + page


def _uuencoded(data: bytes) -> bytes:
    return b"".join(binascii.b2a_uu(data[at : at + 45]).rstrip() + LINE for at in range(0, len(data), 45))


def _yenc(data: bytes) -> bytes:
    body = bytes((octet + 42) % 256 for octet in data)
    return (
        b"=ybegin line=128 size=%d name=a.html\r\n" % len(data) + body + b"\r\n=yend size=%d\r\n" % len(data)
    )


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


PLACES: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
    "several encodings": encoding_fields,
    "value of the encoding": encoding_values,
    "several types": type_fields,
    "name of a field": field_names,
    "value of the type": type_values,
    "line end between fields": line_ends,
    "end of header": header_ends,
    "boundary as stated": boundaries_stated,
    "boundary as used": boundaries_used,
    "parts": parts,
    "content": contents,
}


def _plain() -> Iterator[tuple[str, bytes]]:
    yield "a page", HTML + LINE + PAGE
    yield "base64", HIDDEN
    yield "quoted-printable", _coded(b"quoted-printable", QUOTED)
    yield "a multipart", MIXED + LINE + _parts(b"b", HELLO, HIDDEN)
    yield (
        "preamble and epilogue",
        MIXED + b"\r\nThis is a message in several parts.\r\n" + _parts(b"b", HELLO, HIDDEN) + b"\r\n",
    )
    yield (
        "an inner multipart",
        MIXED
        + LINE
        + _parts(
            b"b",
            b"Content-Type: multipart/alternative; boundary=c\r\n\r\n" + _parts(b"c", HELLO, HIDDEN) + LINE,
        ),
    )
    yield (
        "an attached message",
        MIXED
        + LINE
        + _parts(b"b", HELLO, b"Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n" + HIDDEN),
    )
    yield (
        "a folded type",
        b'Content-Type: multipart/mixed;\r\n\tcharset=utf-8;\r\n boundary="=_b"\r\n\r\n'
        + _parts(b"=_b", HIDDEN),
    )
    yield "case", b"CONTENT-TYPE: Text/HTML\r\ncontent-transfer-encoding: BaSe64\r\n\r\n" + BASE64
    yield "a comment after the encoding", _coded(b"base64", BASE64)
    yield "a folded encoding", HTML + b"Content-Transfer-Encoding:\r\n base64\r\n\r\n" + BASE64
    yield (
        "7bit and a comment in the type",
        b"Content-Type: text/html (a page); charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        + PAGE,
    )
