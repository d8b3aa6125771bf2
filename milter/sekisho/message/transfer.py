"""Content-transfer-encodings (RFC 2045 6) as mail programs undo them: what is broken is read as far as it
goes.

Problems: `mime.base64` (data after the padding, or characters that are not base64), `mime.encoding` (an
encoding nobody knows: the bytes are taken as they are). uuencode is known, as old programs send it.

Memory is bounded by a small multiple of the data: what works on matches, works on a slice at a time.
"""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Iterator

from sekisho.message.model import Problem

_IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"})
_SPELLINGS = {"quotedprintable": "quoted-printable", "uuencode": "x-uuencode", "uue": "x-uuencode",
              "x-uue": "x-uuencode", "uu": "x-uuencode"}  # fmt: skip
_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_BLANKS = b"\r\n\t "
_JUNK = bytes(set(_NOT_BASE64) - set(b"=" + _BLANKS))
_PADDING = re.compile(rb"=[=\s]*+")
_BEGIN = re.compile(rb"(?:\A|\n)begin [0-7]{3,4} [^\r\n]{0,255}\r?\n")
_RUNS = 1000
"""Runs of base64 that are decoded each by itself; what follows counts as one."""
_LATE_BREAK = re.compile(rb"=[ \t]++\r?\n")
_SLICE = 262_144
"""Bytes that are rewritten at a time: every match is an object of some 100 bytes while it lasts."""


def encoded_size(most: int) -> int:
    """Encoded bytes that are enough for `most` decoded ones, in any encoding and with soft line breaks."""
    return 4 * most + 1024


def canonical(token: str) -> str:
    """One spelling for each encoding; "" for those that leave the bytes as they are."""
    return "" if token in _IDENTITY else _SPELLINGS.get(token, token)


def hinted(text: str) -> str:
    """The encoding that a field names somewhere, perhaps not where it belongs; or empty."""
    text = text.lower()
    return next((name for name in ("base64", "quoted-printable") if name in text), "")


def decode(data: bytes, encoding: str, most: int) -> tuple[bytes, tuple[Problem, ...]]:
    """At most `most` decoded bytes. Never raises; linear in `data`."""
    encoding = canonical(encoding)
    if encoding == "base64":
        return _base64(data, most)
    if encoding == "quoted-printable":
        return _quoted_printable(data)[:most], ()
    if encoding == "x-uuencode":
        return _uuencoded(data, most)
    problems = (Problem("mime.encoding", encoding[:100]),) if encoding else ()
    return data[:most], problems


def _base64(data: bytes, most: int) -> tuple[bytes, tuple[Problem, ...]]:
    try:
        return binascii.a2b_base64(data.translate(None, _BLANKS), strict_mode=True)[:most], ()
    except binascii.Error:
        return _broken_base64(data, most)


def _broken_base64(data: bytes, most: int) -> tuple[bytes, tuple[Problem, ...]]:
    """What is not to the letter of RFC 4648: as far as it goes, whatever is wrong with it."""
    end = data.find(b"=")
    if end < 0 or not data[end:].strip(b"=" + _BLANKS):
        return _quartets(data)[:most], _junk(data)
    runs = [_quartets(run) for run in _PADDING.split(data, _RUNS)]
    return b"".join(runs)[:most], (Problem("mime.base64", "data after the padding"),)


def _junk(data: bytes) -> tuple[Problem, ...]:
    if len(data.translate(None, _JUNK)) == len(data):
        return ()
    return (Problem("mime.base64", "characters that are not base64"),)


def _quartets(data: bytes) -> bytes:
    """Decode one run of base64; an unfinished last group gives what it can."""
    clean = data.translate(None, _NOT_BASE64)
    left = len(clean) % 4
    if left == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def _quoted_printable(data: bytes) -> bytes:
    if _LATE_BREAK.search(data):  # blanks that a relay left after a soft line break
        data = b"".join(_LATE_BREAK.sub(b"=\n", lines) for lines in _lines(data))
    if b"=\r" in data:  # after a CR alone the decoder would drop the rest of the line
        data = data.replace(b"=\r\n", b"=\n").replace(b"=\r", b"=\n")
    return binascii.a2b_qp(data)


def _lines(data: bytes) -> Iterator[bytes]:
    """The data in slices that end with a line, if lines are shorter than a slice."""
    start = 0
    while start < len(data):
        stop = data.find(b"\n", start + _SLICE) + 1 or len(data)
        yield data[start:stop]
        start = stop


def _uuencoded(data: bytes, most: int) -> tuple[bytes, tuple[Problem, ...]]:
    """The lines after `begin`, as far as they go. Without `begin` the bytes are taken as they are."""
    begin = _BEGIN.search(data)
    if begin is None:
        return data[:most], (Problem("mime.encoding", "x-uuencode"),)
    out, at = bytearray(), begin.end()
    while at < len(data) and len(out) < most:
        stop = data.find(b"\n", at) + 1 or len(data)
        line = data[at:stop].rstrip(b"\r\n")
        if line in {b"`", b"end", b""}:
            break
        out += _uu_line(line)
        at = stop
    return bytes(out[:most]), ()


def _uu_line(line: bytes) -> bytes:
    """One line; a broken one gives nothing. Its first byte is the length, of which at most 45 are sent."""
    try:
        return binascii.a2b_uu(line[:200])
    except binascii.Error:
        return b""
