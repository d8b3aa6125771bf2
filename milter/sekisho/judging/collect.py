"""The bytes of one message, as they come in.

Postfix gives a header field as name and value, with a bare LF between folded lines. The delivered message has CRLF,
and a DKIM signature is valid only for that (RFC 6376 section 3.4). Bytes are decoded only with surrogate escapes, so no
hostile byte can cause an error. Memory is bounded: what exceeds the limits is counted and dropped. Memory is allocated
while the message comes in, so none is needed at its end.
"""

from __future__ import annotations

import io

from sekisho.auth.forged_fields import CR, INITIALS, ForgedFields
from sekisho.message import Forged, Limits
from sekisho.message.body import BodyDigests, BodyStream


def text(data: bytes) -> str:
    """Bytes as text, from which the same bytes can be made again (surrogate escapes)."""
    return data.decode("utf-8", "surrogateescape")


class Collector:
    """One message that comes in. It needs no lock: the callbacks of one connection run one after the other.

    Of the header it keeps as much as `message` reads, and one field more, which shows that there are more. Of the whole
    message it keeps `scan_bytes` and one byte more. `size` counts all bytes, `dropped` the bytes of the header that
    were not kept. If the body is not kept whole, its digests are computed.
    """

    __slots__ = (
        "_body_start", "_buffer", "_fields", "_forged", "_header_bytes", "_header_fields", "_kept", "_limit", "_open",
        "_spaced", "_stream", "dropped", "size",
    )  # fmt: skip

    def __init__(self, limits: Limits, forged: ForgedFields, spaced: bool) -> None:
        """`forged` sees every field. `spaced`: values have their leading space (SMFIP_HDR_LEADSPC was negotiated)."""
        self._header_bytes = min(limits.header_bytes, limits.scan_bytes)
        self._header_fields = limits.header_fields
        self._limit = limits.scan_bytes
        self._forged = forged
        self._spaced = spaced
        self._buffer = io.BytesIO()
        self._fields = 0
        self._kept = 0
        self._open = True
        self._body_start = 0  # offset in the buffer; 0 before the body begins
        self._stream: BodyStream | None = None
        self.dropped = 0
        self.size = 0

    @property
    def begun(self) -> bool:
        """True if a part of the message itself has come in."""
        return self.size > 0

    @property
    def cut(self) -> bool:
        """True if not every byte is kept. To be asked after the last chunk."""
        return self.dropped > 0 or self._kept > self._limit

    @property
    def forged(self) -> Forged:
        """The fields so far that have our names, but are not ours."""
        return self._forged.found

    def called(self, queue_id: str | None) -> None:
        """Note the MTA's name for the message, by which fields of filters before us are known."""
        self._forged.queue_id = queue_id

    def field(self, name: bytes, value: bytes) -> None:
        """Take one header field."""
        self._fields += 1
        size = len(name) + len(value) + 3
        self.size += size
        if name[:1] in INITIALS or CR in value:
            self._forged.see(self._fields, name, value)
        if self._open:
            self._open = self._fields <= self._header_fields and self._kept < self._header_bytes
            space = b"" if self._spaced else b" "
            self._kept += self._buffer.write(b"".join((name, b":", space, crlf(value), b"\r\n")))
        else:
            self.dropped += size

    def skip(self, size: int) -> None:
        """Take so many bytes of fields that are not looked at: any of them may be forged."""
        self.size += size
        self.dropped += size
        self._open = False
        self._forged.give_up()

    def chunk(self, data: bytes) -> None:
        """Take a piece of the body."""
        self.size += len(data)
        if not self._body_start:
            self._begin_body()
        room = self._limit + 1 - self._kept
        if len(data) > room:
            self._digest(data)
        if room > 0:
            self._kept += self._buffer.write(data[:room] if len(data) > room else data)

    def body_digests(self) -> BodyDigests | None:
        """The digests of the body if the message was not kept whole, else None. Call it once, after the last chunk."""
        if not self._body_start:
            self._begin_body()
        if self._stream is None and self._kept > self._limit + 1:  # the header alone is too long
            self._digest(b"")
        return self._stream.result() if self._stream else None

    def raw(self) -> bytes:
        """The message as it is delivered, as far as it was kept. It needs no memory: the buffer itself is returned."""
        if not self._body_start:
            self._begin_body()
        if self._kept > self._limit + 1:
            self._buffer.truncate(self._limit + 1)
        return self._buffer.getvalue()

    def _begin_body(self) -> None:
        self._kept += self._buffer.write(b"\r\n")
        self._body_start = self._kept

    def _digest(self, data: bytes) -> None:
        if self._stream is None:
            self._stream = BodyStream(self._limit + 1 - self._body_start)
            with self._buffer.getbuffer() as kept:
                self._stream.update(kept[self._body_start :])
        self._stream.update(data)


def crlf(value: bytes) -> bytes:
    """Every line end of a folded value as CRLF."""
    if b"\n" not in value:
        return value
    return value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def unbracketed(path: str) -> str:
    """The address without its angle brackets; anything else stays as it is."""
    path = path.strip(" \t")
    return path[1:-1] if path.startswith("<") and path.endswith(">") else path


def as_parsed(argument: str) -> str:
    """The part of a RCPT TO argument that Postfix parses as the address: without one pair of angle brackets, and
    without a route and its colon (smtpd.c, extract_addr)."""
    text = argument[1:-1] if argument.startswith("<") and argument.endswith(">") else argument
    return text.partition(":")[2] if text.startswith("@") and ":" in text else text
