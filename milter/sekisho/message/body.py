"""The canonical forms of a body, and their digests while the body arrives (RFC 6376 sections 3.4.3, 3.4.4, 3.7).

A message over `limits.scan_bytes` is kept in part only, but a signature covers all of it. So the digests of both forms
are computed while the bytes arrive. Between two pieces a `CanonicalDigest` keeps two octets and a counter, and every
octet is read a bounded number of times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

CHUNK_BYTES = 65_536
"""Octets of a body that are canonicalised in one step."""
_BLANK_RUN = b" " * 32
_LINE_ENDS = b"\r\n" * (CHUNK_BYTES // 2)


def squeezed(content: bytes) -> bytes:
    """The octets with every run of spaces and tabs as one space. Each pass shortens the longest run."""
    content = content.replace(b"\t", b" ")
    while b"  " in content:
        content = content.replace(_BLANK_RUN, b" ").replace(b"  ", b" ")
    return content


def relaxed_body(body: bytes) -> bytes:
    """The relaxed canonical form of a body (RFC 6376 section 3.4.4)."""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    stripped = simple_body(squeezed(body).replace(b" \r\n", b"\r\n"))
    return b"" if stripped == b"\r\n" else stripped


def simple_body(body: bytes) -> bytes:
    """The simple canonical form of a body (RFC 6376 section 3.4.3): one CRLF after the last line that is not empty."""
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n"):
        return body
    return body[: _lines_end(body)] + b"\r\n"


def _lines_end(body: bytes) -> int:
    """The index at which the line ends at the end of `body` begin."""
    end = len(body)
    for step in (CHUNK_BYTES, 256, 2):
        block = _LINE_ENDS[:step]
        while body.endswith(block, 0, end) and end >= step:
            end -= step
    return end


def sure_prefix(body: bytes, *, relaxed: bool) -> bytes:
    """The beginning of the canonical form that stays the same, whatever follows the given part of the body."""
    known = body.rstrip(b" \t\r\n")
    if not known:
        return b""
    return relaxed_body(known)[:-2] if relaxed else known


class BodyDigest(NamedTuple):
    """A canonical body that was not kept: `size` is its number of octets, `sha256` its SHA-256."""

    size: int
    sha256: bytes


class BodyDigests(NamedTuple):
    """Both canonical forms of a body of which only the first `kept` octets were kept."""

    kept: int
    simple: BodyDigest
    relaxed: BodyDigest


class CanonicalDigest:
    """Computes the digest of one canonical form from pieces of any size."""

    __slots__ = ("_held", "_lines", "_relaxed", "_sha256", "_size")

    def __init__(self, *, relaxed: bool) -> None:
        self._relaxed = relaxed
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._held = b""  # at most a space and a CR: what follows decides whether they count
        self._lines = 0  # number of line ends that count if anything follows

    def update(self, data: bytes) -> None:
        """Add the next piece of the body."""
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
        """The digest. Call it once, after the last piece."""
        if self._held:  # the last line has no line end: both forms add one
            self.update(b"\r\n")
        if self._size or not self._relaxed:
            self._add(b"\r\n")
        return BodyDigest(self._size, self._sha256.digest())

    def _end_lines(self) -> None:
        while self._lines:
            number = min(self._lines, CHUNK_BYTES // 2)
            self._add(_LINE_ENDS[: 2 * number])
            self._lines -= number

    def _add(self, content: bytes) -> None:
        self._size += len(content)
        self._sha256.update(content)


class BodyStream:
    """Computes both digests of a body. `kept` is the number of octets that are kept, as in BodyDigests."""

    __slots__ = ("_kept", "_relaxed", "_simple")

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._simple = CanonicalDigest(relaxed=False)
        self._relaxed = CanonicalDigest(relaxed=True)

    def update(self, data: bytes | memoryview) -> None:
        """Add the next octets of the body. It copies 64 kB at a time, however long `data` is."""
        for at in range(0, len(data), CHUNK_BYTES):
            piece = bytes(data[at : at + CHUNK_BYTES])
            self._simple.update(piece)
            self._relaxed.update(piece)

    def result(self) -> BodyDigests:
        """Both digests. Call it once, after the last octets."""
        return BodyDigests(self._kept, self._simple.result(), self._relaxed.result())


def digests(pieces: Iterable[bytes | memoryview], kept: int) -> BodyDigests:
    """Both digests of a body in `pieces`. `kept` is the number of octets that are kept."""
    stream = BodyStream(kept)
    for piece in pieces:
        stream.update(piece)
    return stream.result()
