"""One budget for a message: each part of it is spent here, and the verdict says so. Nothing spent ends in silence.

The table is in docs/robustness.md, "One budget for a message". What is cheap is judged all the same: whatever else was
spent, the name that the sender writes under is seen.
"""

from __future__ import annotations

import re
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from lab.hostile import deep, filled

from sekisho import compose
from sekisho.address import split_path
from sekisho.auth.arc import MAX_SETS
from sekisho.auth.dkim import MAX_SIGNATURES
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.judgement import Judged
from sekisho.message import Client, Envelope, Limits, Recipient
from sekisho.pipeline import Pipeline
from sekisho.ports import Resolver
from sekisho.resolver import CaseResolver, DnsResolver
from sekisho.resolver.options import DnsOptions
from sekisho.results import AuthResult

LIMITS = Limits()
DOCS = Path(__file__).parents[2] / "docs" / "robustness.md"
HEAD = b"From: Amazon <info@stranger.example>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
MULTI = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
SEEN = "brand.display_name"
"""The finding that the name in HEAD gives, which is there whatever was spent."""


def one(media: bytes, body: bytes) -> bytes:
    return HEAD + b"Content-Type: " + media + b"\r\n\r\n" + body


def parts(*texts: bytes) -> bytes:
    return MULTI + b"".join(b"--b\r\n" + text + b"\r\n" for text in texts) + b"--b--\r\n"


def picture(number: int = 0, side: int = 100, size: int = 0) -> bytes:
    """A part with a grey PNG of so many pixels along a side, filled up to `size` bytes."""
    row = b"\0" + bytes([number]) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = zlib.compress(row * min(side, 1_000), 1)
    chunks = [(b"IHDR", head), (b"IDAT", data), (b"prVt", b"x" * size), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(each)) + name + each + struct.pack(">I", zlib.crc32(name + each))
        for name, each in chunks
    )
    return b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\x89PNG\r\n\x1a\n" + body


def signatures(count: int) -> bytes:
    tags = b"v=1; a=rsa-sha256; d=d.example; s=s; h=from; bh=AAAA; b=AAAA"
    return (b"DKIM-Signature: " + tags + b"\r\n") * count + HEAD + b"\r\nx"


def long_field(name: bytes, size: int) -> bytes:
    return HEAD + name + b": " + b"x" * (size - 20) + b" <a@b.example>\r\n\r\nx"


TEXT = b"Content-Type: text/plain\r\n\r\n"
CALENDAR = b"Content-Type: text/html;" + b" x=y;" * 2_900 + b"\r\n\r\nx"
SPENT: dict[str, tuple[str, Callable[[], bytes]]] = {
    "bytes": ("limit.scan_bytes", lambda: one(b"text/plain", filled(b"x\r\n", LIMITS.scan_bytes + 1))),
    "header bytes": ("limit.header_bytes", lambda: HEAD + (b"X: " + b"y" * 5_000 + b"\r\n") * 60 + b"\r\nx"),
    "header fields": ("limit.header_fields", lambda: HEAD + b"X: y\r\n" * LIMITS.header_fields + b"\r\nx"),
    "one address field": (
        "limit.structured_characters",
        lambda: long_field(b"Reply-To", LIMITS.address_bytes + 100),
    ),
    "addresses of a field": (
        "limit.structured_characters",
        lambda: HEAD + b"Reply-To: " + b"a@b.example, " * 150 + b"c@d.example\r\n\r\nx",
    ),
    "structured fields": ("limit.structured_characters", lambda: parts(*[CALENDAR] * 80)),
    "one structured field": (
        "limit.structured_characters",
        lambda: one(b"text/plain; " + b"x=y; " * 3_400 + b"charset=utf-8", b"x"),
    ),
    "subject": (
        "limit.text_characters",
        lambda: HEAD.replace(b"Subject: x", b"Subject: " + b"word " * 2_100) + b"\r\nx",
    ),
    "depth": (
        "limit.mime_depth",
        lambda: HEAD + deep(LIMITS.mime_depth + 5).partition(b"MIME-Version: 1.0\r\n")[2],
    ),
    "parts": ("limit.mime_parts", lambda: parts(*[TEXT + b"x"] * (LIMITS.mime_parts + 1))),
    "fields of a part": ("limit.part_fields", lambda: parts(b"X: y\r\n" * 1_001 + TEXT + b"x")),
    "text": (
        "limit.text_characters",
        lambda: one(b"text/plain", filled(b"word ", LIMITS.text_characters + 1)),
    ),
    "all the text, and then a part": (
        "limit.text_characters",
        lambda: parts(TEXT + filled(b"word ", LIMITS.text_characters), TEXT + b"a lure"),
    ),
    "bytes of text": (
        "limit.text_characters",
        lambda: one(
            b"text/plain; charset=iso-2022-jp", filled(b"\x1b$B\x1b(B", 2 * LIMITS.text_characters + 6)
        ),
    ),
    "text of pages": (
        "limit.text_characters",
        lambda: one(b"text/html", filled(b"word ", LIMITS.text_characters + 1)),
    ),
    "links of pages": (
        "limit.links",
        lambda: one(
            b"text/html",
            b"".join(b"<a href=http://h%d.test/>x</a>" % each for each in range(LIMITS.links + 1)),
        ),
    ),
    "links": (
        "limit.links",
        lambda: one(
            b"text/plain", b"".join(b"http://h%d.example/ " % each for each in range(LIMITS.links + 1))
        ),
    ),
    "the tree of a page": ("markup.coarse", lambda: one(b"text/html", b"<i>" * 9_000)),
    "pictures": (
        "picture.not_searched",
        lambda: parts(*[picture(each) for each in range(LIMITS.images + 1)]),
    ),
    "bytes of a picture": ("picture.not_searched", lambda: parts(picture(size=LIMITS.image_bytes))),
    "pixels of a picture": ("picture.not_searched", lambda: parts(picture(side=4_000))),
    "signatures": ("dkim.too_many_signatures", lambda: signatures(MAX_SIGNATURES + 1)),
    "ARC sets": ("arc.too_many_sets", lambda: b"ARC-Seal: i=1\r\n" * (3 * MAX_SETS + 1) + HEAD + b"\r\nx"),
}
WEIGHTLESS = {"markup.coarse", "picture.not_searched"}
"""What is told and does not make the verdict a degraded one: daily mail has it."""


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    config = Config.model_validate({"mode": "enforce", "authserv_id": "mx.example.jp"})
    return compose.pipeline(config, compose.offline(config))


def judged(pipeline: Pipeline, raw: bytes, resolver: Resolver, expired: bool = False) -> Judged:
    context = replace(pipeline.context(), resolver=resolver)
    if expired:
        context = replace(context, deadline=context.clock.monotonic())
    client = Client("192.0.2.1", "mail.stranger.example", "ok", "mail.stranger.example")
    envelope = Envelope("info@stranger.example", recipients=(Recipient("taro@example.jp"),), client=client)
    return pipeline.judge(pipeline.examine(raw, envelope, context))


@pytest.mark.parametrize("name", SPENT)
def test_what_is_spent_is_told(name: str, pipeline: Pipeline) -> None:
    """The finding is there, the verdict says that it is degraded, and the name was seen all the same."""
    finding, make = SPENT[name]
    evidence = judged(pipeline, make(), CaseResolver(())).evidence
    assert evidence.has(finding), [each.kind.id for each in evidence.findings]
    assert finding in WEIGHTLESS or "limit" in evidence.degraded
    assert evidence.has(SEEN)


def test_an_author_that_is_too_long_is_told(pipeline: Pipeline) -> None:
    """The one field that names the author has a finding of its own."""
    raw = b"From: " + b"x" * LIMITS.address_bytes + b" <a@b.example>\r\n\r\nx"
    evidence = judged(pipeline, raw, CaseResolver(())).evidence
    assert evidence.has("author.too_long")
    assert "limit" in evidence.degraded


def test_look_ups_of_spf_that_are_spent_are_told(pipeline: Pipeline) -> None:
    """RFC 7208 section 4.6.4: ten, and then an error that is the sender's."""
    chain = [
        {"name": name, "type": "TXT", "value": f"v=spf1 include:i{number}.example -all"}
        for number, name in enumerate(["stranger.example", *(f"i{each}.example" for each in range(12))])
    ]
    evidence = judged(pipeline, HEAD + b"\r\nx", CaseResolver(chain)).evidence
    assert evidence.result("spf") is AuthResult.PERMERROR
    assert evidence.has(SEEN)


def test_seconds_of_dns_that_are_spent_are_told(pipeline: Pipeline) -> None:
    """A name server that is silent: what could not be looked up is unknown, and told; the name is seen."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        config = Config.model_validate({"dns": {"servers": [server], "timeout": 0.2, "budget": 0.5}})
        resolver = DnsResolver(DnsOptions(servers=(server,), timeout=0.2, warmers=0), SystemClock())
        evidence = judged(pipeline, signatures(5), compose.budgeted(config, resolver)).evidence
    assert "dns" in evidence.degraded
    assert evidence.has(SEEN)


def test_seconds_that_are_spent_are_told(pipeline: Pipeline) -> None:
    """Past `wire.soft_deadline` what was not judged is unknown, and the verdict says so."""
    done = judged(pipeline, HEAD + b"\r\nx", CaseResolver(()), expired=True)
    assert "deadline" in done.evidence.degraded


def table() -> Iterator[list[str]]:
    """The rows of the table in the docs, each as its cells."""
    section = DOCS.read_text("utf-8").partition("## One budget for a message")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_names_every_limit_and_its_default() -> None:
    """Docs and code say the same: each option of `limits` has a row, with the default that it has."""
    rows = {option: row for row in table() for option in re.findall(r"`limits\.(\w+)`", row[1])}
    assert set(rows) == set(Limits.model_fields)
    for option, row in rows.items():
        default = Limits.model_fields[option].default
        assert f"{default:,}" in row[2], option


def test_the_table_names_what_is_shown() -> None:
    """Every finding that a spent budget is told by stands in the table."""
    told = {word for row in table() for word in re.findall(r"`([\w.:]+)`", row[3])}
    assert {finding for finding, _ in SPENT.values()} | {"author.too_long", "deadline", "dns"} <= told


def test_recipients_of_quotes_cost_as_much_as_others() -> None:
    """A path in which every quote is escaped was read from each of its quotes to its end."""

    def spent(local: str) -> float:
        started = time.thread_time()
        for number in range(300):
            split_path(f"{local}{number}@example.jp")
        return time.thread_time() - started

    plain = min(spent('"' + "ab" * 490 + '"') for _ in range(3))
    assert min(spent('"' + '\\"' * 490) for _ in range(3)) < 40 * plain
