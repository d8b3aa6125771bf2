"""Content-transfer-encodings (RFC 2045 6) as mail programs undo them: what is broken is read as far as it
goes.

Problems: `mime.base64` (data after the padding, or characters that are not base64), `mime.encoding` (an
encoding nobody knows: the bytes are taken as they are).
"""

from __future__ import annotations

import binascii
import re
import string

from sekisho.message.model import Problem

_IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"})
_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_JUNK = bytes(set(_NOT_BASE64) - set(b"=\r\n\t "))
_PADDING = re.compile(rb"=[=\s]*+")
_RUNS = 1000
"""Runs of base64 that are decoded each by itself; what follows counts as one."""
_LATE_BREAK = re.compile(rb"=[ \t]++\r?\n")
_LONE_CR = re.compile(rb"=\r(?!\n)")


def encoded_size(most: int) -> int:
    """Encoded bytes that are enough for `most` decoded ones, in any encoding and with soft line breaks."""
    return 4 * most + 1024


def decode(data: bytes, encoding: str, most: int) -> tuple[bytes, tuple[Problem, ...]]:
    """At most `most` decoded bytes. Never raises; linear in `data`."""
    if encoding == "base64":
        return _base64(data, most)
    if encoding in {"quoted-printable", "quotedprintable"}:
        return _quoted_printable(data)[:most], ()
    problems = () if encoding in _IDENTITY else (Problem("mime.encoding", encoding[:100]),)
    return data[:most], problems


def _base64(data: bytes, most: int) -> tuple[bytes, tuple[Problem, ...]]:
    end = data.find(b"=")
    if end < 0 or not data[end:].strip(b"=\r\n\t "):
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
        data = _LATE_BREAK.sub(b"=\n", data)
    if b"=\r" in data and _LONE_CR.search(data):  # the decoder would drop the rest of such a line
        data = _LONE_CR.sub(b"=\r\n", data)
    return binascii.a2b_qp(data)
