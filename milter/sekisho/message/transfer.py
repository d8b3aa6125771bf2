"""Content-transfer-encodings (RFC 2045 section 6), decoded as in mail programs: broken data as far as possible.

Problems: `mime.base64` (data after the padding, or characters that are not base64), `mime.encoding` (an unknown
encoding: the bytes are taken as they are). uuencode is decoded, since old programs send it.

Memory is bounded by a small multiple of the data.
"""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Iterator
from itertools import islice

from sekisho.message.model import Problem

_IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"})
_SPELLINGS = {"quotedprintable": "quoted-printable", "uuencode": "x-uuencode", "uue": "x-uuencode",
              "x-uue": "x-uuencode", "uu": "x-uuencode"}  # fmt: skip
_WRAPPED = re.compile(r"\([^()]{0,100}\)|=\?[^?\s]{0,40}\?[bq]\?|\?=", re.IGNORECASE)
"""What is put around or into a name: a comment, and the frame of an encoded word (RFC 2047)."""
_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_BLANKS = b"\r\n\t "
_JUNK = bytes(set(_NOT_BASE64) - set(b"=" + _BLANKS))
_PADDING = re.compile(rb"=[=\s]*+")
_BEGIN = re.compile(rb"(?:\A|\n)begin [0-7]{3,4} ([^\r\n]{0,255})\r?\n")
_MAX_FILES = 16
"""Uuencoded files in one text that are looked for."""
_MAX_UU_LINE_BYTES = 64
_MAX_RUNS = 1000
"""Runs of base64, parted by padding, that are decoded separately. The rest is decoded as one run."""
_LATE_BREAK = re.compile(rb"=[ \t]++\r?\n")
_SLICE_BYTES = 262_144
"""Bytes that are rewritten in one step. Each match is an object of about 100 bytes, so a larger slice takes memory."""


def encoded_size(most: int) -> int:
    """The number of encoded bytes that give `most` decoded bytes in any encoding, soft line breaks included."""
    return 4 * most + 1024


def canonical(token: str) -> str:
    """The canonical name of an encoding; "" for those that do not change the bytes."""
    return "" if token in _IDENTITY else _SPELLINGS.get(token, token)


def hinted(text: str) -> str:
    """The encoding whose name stands anywhere in a field, whatever signs stand between its letters; empty if none."""
    letters = "".join(filter(str.isalnum, f"{_WRAPPED.sub('', text)};{text}".lower()))
    return next((name for name in ("base64", "quoted-printable") if name.replace("-", "") in letters), "")


def decode(data: bytes, encoding: str, most: int) -> tuple[bytes, tuple[Problem, ...]]:
    """The decoded data, at most `most` bytes, and its problems. Never raises; linear in `data`."""
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
    """Base64 that is not valid by RFC 4648, decoded as far as possible; `-` and `_` as in section 5."""
    junk, data = _junk(data), data.translate(_URL_SAFE)
    end = data.find(b"=")
    if end < 0 or not data[end:].strip(b"=" + _BLANKS):
        return _quartets(data)[:most], junk
    runs = [_quartets(run) for run in _PADDING.split(data, _MAX_RUNS)]
    return b"".join(runs)[:most], (Problem("mime.base64", "data after the padding"),)


def _junk(data: bytes) -> tuple[Problem, ...]:
    if len(data.translate(None, _JUNK)) == len(data):
        return ()
    return (Problem("mime.base64", "characters that are not base64"),)


def _quartets(data: bytes) -> bytes:
    """Decode one run of base64. An incomplete last group gives its whole bytes."""
    clean = data.translate(None, _NOT_BASE64)
    left = len(clean) % 4
    if left == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def _quoted_printable(data: bytes) -> bytes:
    if _LATE_BREAK.search(data):  # blanks that a relay has added after a soft line break
        data = b"".join(_LATE_BREAK.sub(b"=\n", lines) for lines in _lines(data))
    if b"=\r" in data:  # after a single CR the decoder would drop the rest of the line
        data = data.replace(b"=\r\n", b"=\n").replace(b"=\r", b"=\n")
    return binascii.a2b_qp(data)


def _lines(data: bytes) -> Iterator[bytes]:
    """The data in slices of whole lines."""
    start = 0
    while start < len(data):
        stop = data.find(b"\n", start + _SLICE_BYTES) + 1 or len(data)
        yield data[start:stop]
        start = stop


def _uuencoded(data: bytes, most: int) -> tuple[bytes, tuple[Problem, ...]]:
    """The decoded lines after `begin`. Without `begin` the bytes are taken as they are."""
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


def uuencoded_files(data: bytes, start: int, end: int) -> tuple[tuple[bytes, int, int], ...]:
    """Name, start and end of each uuencoded file in a text between the indices `start` and `end`."""
    files: list[tuple[bytes, int, int]] = []
    if data.find(b"begin ", start, end) < 0:  # faster than the pattern
        return ()
    for begin in islice(_BEGIN.finditer(data, start, end), _MAX_FILES):
        stop = data.find(b"\nend", begin.end(), end)
        first = data[begin.end() : begin.end() + _MAX_UU_LINE_BYTES].partition(b"\n")[0]
        if stop > 0 and _uu_line(first.rstrip(b"\r")):
            files.append((begin[1], begin.start(), stop))
    return tuple(files)


def _uu_line(line: bytes) -> bytes:
    """One decoded line; a broken one gives nothing. A line has 45 decoded bytes at most."""
    try:
        return binascii.a2b_uu(line[:200])
    except binascii.Error:
        return b""
