"""The bytes of one message and what SMTP said before it, as they come in.

Postfix shows a field as name and value, folded lines apart by a lone LF; the message as it will be delivered
has CRLF, and a DKIM signature holds for nothing else (RFC 6376 section 3.4). Nothing is decoded here beyond
surrogate escapes, so nothing can fail on hostile bytes. Memory is bounded: what lies beyond the limits is
counted and dropped. It is taken while the message comes in, so that none is needed at its end.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence

from sekisho.auth.forged_fields import CR, INITIALS, ForgedFields
from sekisho.domains import parse_ip
from sekisho.message import Client, Envelope, Forged, Limits, Recipient
from sekisho.message.body import BodyDigests, BodyStream

Macro = Callable[[str], str | None]
_PORT = re.compile(r"[0-9]{1,5}\Z")


def text(data: bytes) -> str:
    """Bytes as text from which they can be had back."""
    return data.decode("utf-8", "surrogateescape")


class Collector:
    """One message on its way in. Not shared: a connection's callbacks run one after the other.

    Of the header as much is kept as the reader of the message reads, and one field more, by which the reader sees that
    there are more; of the whole message one byte more than `scan_bytes`. `size` counts all, `dropped` what was not kept
    of the header. From the first byte that is not kept on, the digests of the body are made.
    """

    __slots__ = (
        "_body_start", "_buffer", "_fields", "_forged", "_header_bytes", "_header_fields", "_kept", "_limit", "_open",
        "_spaced", "_stream", "dropped", "size",
    )  # fmt: skip

    def __init__(self, limits: Limits, forged: ForgedFields, spaced: bool) -> None:
        """`forged` is shown every field. `spaced`: values carry their leading space (as negotiated)."""
        self._header_bytes = min(limits.header_bytes, limits.scan_bytes)
        self._header_fields = limits.header_fields
        self._limit = limits.scan_bytes
        self._forged = forged
        self._spaced = spaced
        self._buffer = io.BytesIO()
        self._fields = 0
        self._kept = 0
        self._open = True
        self._body_start = 0  # where in the buffer; 0 before there is one
        self._stream: BodyStream | None = None
        self.dropped = 0
        self.size = 0

    @property
    def begun(self) -> bool:
        """True once anything of the message itself was seen."""
        return self.size > 0

    @property
    def forged(self) -> Forged:
        """The fields so far that pretend to be ours."""
        return self._forged.found

    def field(self, name: bytes, value: bytes) -> None:
        """The next field of the header."""
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

    def chunk(self, data: bytes) -> None:
        """The next bytes of the body."""
        self.size += len(data)
        if not self._body_start:
            self._begin_body()
        room = self._limit + 1 - self._kept
        if len(data) > room:
            self._digest(data)
        if room > 0:
            self._kept += self._buffer.write(data[:room] if len(data) > room else data)

    def body_digests(self) -> BodyDigests | None:
        """Of a message that was not kept whole; to be asked once, after the last chunk."""
        if not self._body_start:
            self._begin_body()
        if self._stream is None and self._kept > self._limit + 1:  # by its header alone
            self._digest(b"")
        return self._stream.result() if self._stream else None

    def raw(self) -> bytes:
        """The message as it will be delivered, as far as it was kept. Takes no memory: the buffer itself is handed
        over."""
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
    """The address without its angle brackets; anything odd stays as it came."""
    path = path.strip(" \t")
    return path[1:-1] if path.startswith("<") and path.endswith(">") else path


def as_parsed(argument: str) -> str:
    """The part of a RCPT TO argument that Postfix parses as the address: one pair of angle brackets is taken off, and a
    route with its colon (smtpd.c, extract_addr)."""
    text = argument[1:-1] if argument.startswith("<") and argument.endswith(">") else argument
    return text.partition(":")[2] if text.startswith("@") and ":" in text else text


def recipient(args: Sequence[bytes], macro: Macro) -> Recipient:
    """One RCPT TO. Postfix delivers to `{rcpt_addr}`; where it is not told, to what stands in the argument."""
    raw = text(args[0])
    address = _acted_on(macro("{rcpt_addr}") or None, as_parsed(raw))
    return Recipient(address=address, raw=raw, parameters=tuple(map(text, args[1:])))


def _acted_on(told: str | None, typed: str) -> str:
    """Postfix's reading of an address. Its macros are in lower case while it delivers in the case that was
    typed, so where nothing but case differs, the typed form is the one it acts on."""
    if told is None:
        return typed
    bare = unbracketed(told)
    return typed if bare.lower() == typed.lower() else bare


def envelope(args: Sequence[bytes], client: Client, macro: Macro) -> Envelope:
    """MAIL FROM, recipients still to come. Postfix acts on `{mail_addr}`, not on what was typed."""
    raw = unbracketed(text(args[0]))
    return Envelope(
        sender=_acted_on(macro("{mail_addr}"), raw),
        raw_sender=raw,
        parameters=tuple(map(text, args[1:])),
        client=client,
        queue_id=macro("i"),
    )


def client(macro: Macro, host: str | None, peer: tuple[str, int] | None, helo: str | None) -> Client:
    """The SMTP client: macros first, then what the connect event told. Absent is not known.

    A name counts only if Postfix confirmed it forwards (`{client_resolve}` OK, or not told).
    """
    resolve = (macro("{client_resolve}") or "").lower() or None
    name = macro("{client_name}") or host
    port = macro("{client_port}") or ""
    return Client(
        address=_address(macro("{client_addr}") or (peer[0] if peer else None)),
        name=name if _is_name(name) and resolve in (None, "ok") else None,
        resolve=resolve,
        helo=helo,
        port=int(port) if _PORT.match(port) else (peer[1] if peer else None),
        tls=_tls(macro),
        user=macro("{auth_authen}") or None,
    )


def _address(value: str | None) -> str | None:
    """A numeric address in its shortest form, without Postfix's `IPv6:`; None if it is none."""
    address = parse_ip((value or "").strip("[]"))
    return str(address) if address else None


def _is_name(name: str | None) -> bool:
    return bool(name) and name != "unknown" and not str(name).startswith("[")


def _tls(macro: Macro) -> str | None:
    """Protocol and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`."""
    return " ".join(filter(None, (macro("{tls_version}"), macro("{cipher}")))) or None
