"""The canonical forms of a body, and their digests while the body streams past (RFC 6376 sections 3.4.3, 3.4.4, 3.7).

Of a message over `limits.scan_bytes` only the beginning is kept, but a signature covers all of it. So the digests of
both forms are made of the bytes as they come. A `CanonicalDigest` keeps two octets and a counter from one piece to the
next, whatever the pieces are, and every octet is looked at a bounded number of times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

PIECE = 65_536
"""Octets that are handled at once."""
_BLANKS = b" " * 32
_LINES = b"\r\n" * (PIECE // 2)


def squeezed(content: bytes) -> bytes:
    """Every run of blanks as one space, in passes that each shorten the longest run."""
    content = content.replace(b"\t", b" ")
    while b"  " in content:
        content = content.replace(_BLANKS, b" ").replace(b"  ", b" ")
    return content


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4."""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    stripped = simple_body(squeezed(body).replace(b" \r\n", b"\r\n"))
    return b"" if stripped == b"\r\n" else stripped


def simple_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.3: exactly one line end after the last line that is not empty."""
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n"):
        return body
    return body[: _lines_end(body)] + b"\r\n"


def _lines_end(body: bytes) -> int:
    """Where the line ends at the end of `body` begin."""
    end = len(body)
    for step in (PIECE, 256, 2):
        block = _LINES[:step]
        while body.endswith(block, 0, end) and end >= step:
            end -= step
    return end


def sure_prefix(body: bytes, *, relaxed: bool) -> bytes:
    """What the canonical form begins with, however the body goes on after what is given of it."""
    known = body.rstrip(b" \t\r\n")
    if not known:
        return b""
    return relaxed_body(known)[:-2] if relaxed else known


class BodyDigest(NamedTuple):
    """One canonical body that was not kept: its octets and its SHA-256."""

    size: int
    sha256: bytes


class BodyDigests(NamedTuple):
    """Both canonical forms of a body of which the first `kept` octets are at hand."""

    kept: int
    simple: BodyDigest
    relaxed: BodyDigest


class CanonicalDigest:
    """The digest of one canonical form, from pieces of any size."""

    __slots__ = ("_held", "_lines", "_relaxed", "_sha256", "_size")

    def __init__(self, *, relaxed: bool) -> None:
        self._relaxed = relaxed
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._held = b""  # at most a blank and a CR: whether they count is seen by what follows
        self._lines = 0  # line ends that count if anything follows

    def update(self, data: bytes) -> None:
        content = self._held + data
        if self._relaxed:
            content = squeezed(content).replace(b" \r\n", b"\r\n")
        settled = len(content) - content.endswith(b"\r")
        if self._relaxed:
            settled -= content.endswith(b" ", 0, settled)
        self._held, content = content[settled:], content[:settled]
        end = _lines_end(content)
        if end:
            self._end_lines()
            self._add(content[:end])
        self._lines += (len(content) - end) // 2

    def result(self) -> BodyDigest:
        """To be asked once, after the last piece."""
        if self._held:  # the last line has no end: both forms give it one
            self.update(b"\r\n")
        if self._size or not self._relaxed:
            self._add(b"\r\n")
        return BodyDigest(self._size, self._sha256.digest())

    def _end_lines(self) -> None:
        while self._lines:
            number = min(self._lines, PIECE // 2)
            self._add(_LINES[: 2 * number])
            self._lines -= number

    def _add(self, content: bytes) -> None:
        self._size += len(content)
        self._sha256.update(content)


class BodyStream:
    """Both digests of one body. `kept` as in BodyDigests."""

    __slots__ = ("_kept", "_relaxed", "_simple")

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._simple = CanonicalDigest(relaxed=False)
        self._relaxed = CanonicalDigest(relaxed=True)

    def update(self, data: bytes | memoryview) -> None:
        """Takes memory for one piece at a time, however long `data` is."""
        for at in range(0, len(data), PIECE):
            piece = bytes(data[at : at + PIECE])
            self._simple.update(piece)
            self._relaxed.update(piece)

    def result(self) -> BodyDigests:
        return BodyDigests(self._kept, self._simple.result(), self._relaxed.result())


def digests(pieces: Iterable[bytes | memoryview], kept: int) -> BodyDigests:
    """The digests of a body that is at hand."""
    stream = BodyStream(kept)
    for piece in pieces:
        stream.update(piece)
    return stream.result()
