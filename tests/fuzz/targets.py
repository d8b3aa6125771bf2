"""What is fuzzed: each target takes any bytes and raises when a promise about them is broken.

A promise is never only "does not crash": what is read is also bounded, printable where it will be printed, and the
same when it is read again.
"""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Callable
from dataclasses import replace

from pydantic import ValidationError
from tests.auth_support import context, led

from sekisho import address, charsets, domains, markup, providers
from sekisho.auth import authres
from sekisho.auth.forged_fields import OwnFields, is_forged
from sekisho.brands.model import Brand
from sekisho.checks.content import structure
from sekisho.checks.identity import author
from sekisho.evidence import NOTHING
from sekisho.message import Envelope, Field, Limits, Link, Message, read
from sekisho.message.limits import Limits as _Limits
from sekisho.message.mime import Entity
from sekisho.message.mime import read as read_mime
from sekisho.results import AuthResult, MethodResult

SMALL = Limits(mime_depth=4, mime_parts=20, links=20, header_fields=40)
LINKS = 50
OURS = "mx.example.jp"
LETTER = read(b"From: a@b.example\r\n\r\n", Envelope())
CONTEXT = replace(context(), providers=providers.load())


def message(data: bytes) -> None:
    """A message under ordinary and under small limits, and what is found in it can be printed."""
    for limits in (_Limits(), SMALL):
        found = read(data, Envelope(), limits)
        assert 0 <= found.body_start <= found.size
        assert len(found.links) <= 2 * limits.links
        assert len(found.headers.fields) <= limits.header_fields
        for text in (found.text, found.subject, found.author.text, found.hidden, found.title):
            text.encode("utf-8")
        _printable(found)


def _printable(found: Message) -> None:
    seen = author.check(found, NOTHING, None)  # type: ignore[arg-type]  # neither asks anything of the world
    seen += structure.check(found, seen, None)  # type: ignore[arg-type]
    for each in seen.findings:
        assert each.reason_en.isprintable()
        assert each.reason_ja.isprintable()


def addresses(data: bytes) -> None:
    """An address field: one mailbox, or a problem that says why not."""
    found = address.parse(data.decode("utf-8", "surrogateescape"))
    assert len(found.mailboxes) == 1 or found.problems
    assert len({code for code, _ in found.problems}) == len(found.problems)


def mime(data: bytes) -> None:
    """A MIME tree whose type is a multipart of a known boundary: parts and text within the limits."""
    fields = (Field(b"Content-Type", b" multipart/mixed; boundary=b"),)
    parts = read_mime(Entity(data, fields, 0, len(data)), SMALL).parts
    assert sum(len(part.text) for part in parts) <= 2 * SMALL.text_characters
    assert len(parts) <= 2 * SMALL.mime_parts + 32


def page(data: bytes) -> None:
    """A page: text without runs of blanks, links within the limit, by the tree and by the tags alone."""
    text = data.decode("utf-8", "replace")
    for found in (markup.parse(text, LINKS), markup.parse(text, LINKS, 0)):
        assert len(found.anchors) <= LINKS
        assert "  " not in found.text
        assert all(anchor.target for anchor in found.anchors)
    markup.text_links(text, LINKS)


def charset(data: bytes) -> None:
    """Bytes under the label before the first line end: always text, twice the same, never another codec."""
    label, _, body = data.partition(b"\n")
    name = label.decode("ascii", "replace")
    first = charsets.decode(body, name)
    assert first == charsets.decode(body, name)
    first.text.encode("utf-8", "surrogatepass")
    assert len(first.text) <= 2 * len(body) + 2
    header = charsets.decode_words(body.decode("utf-8", "surrogateescape"))
    assert not {"\r", "\n"} & {*header.text}
    parameter = charsets.decode_rfc2231(body.decode("utf-8", "surrogateescape"))
    assert not {"\r", "\n"} & {*parameter.text}


def results(data: bytes) -> None:
    """Any Authentication-Results is read or none; what claims our name is found, also behind anything that
    makes of it a comment or a quotation; and nothing put into ours changes its words."""
    text = data.decode("utf-8", "replace")
    authres.parse(text)
    authres.claimed_id(text)
    assert is_forged(Field(b"Authentication-Results", b"mx.example.jp;" + data), OwnFields(OURS))
    properties = (("header.d", text), ("header.s", text))
    hostile = MethodResult("dkim", AuthResult.FAIL, reason=text, properties=properties)
    ours = authres.parse(authres.field(OURS, (hostile,)))
    assert ours is not None
    assert [(each.method, each.result) for each in ours.results] == [("dkim", "fail")]


def url(data: bytes) -> None:
    """The target of a link: a host to look at, or none, whatever wraps it."""
    text = data.decode("utf-8", "replace")
    link = Link(text, domains.host_of(text))
    for each in led(replace(LETTER, links=(link,)), CONTEXT).destinations:
        assert each.host.isascii()


def brand(data: bytes) -> None:
    """A brand file: a brand, or an error that says why not."""
    with contextlib.suppress(UnicodeDecodeError, ValueError, RecursionError, ValidationError):
        Brand.model_validate(tomllib.loads(data.decode("utf-8")))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "message": message,
    "address": addresses,
    "mime": mime,
    "markup": page,
    "charsets": charset,
    "results": results,
    "url": url,
    "brand": brand,
}
