"""The bytes of one message and what SMTP said before it, as they come in.

Postfix shows a field as name and value, folded lines apart by a lone LF; the message as it will be delivered
has CRLF, and a DKIM signature holds for nothing else (RFC 6376 section 3.4). Nothing is decoded here beyond
surrogate escapes, so nothing can fail on hostile bytes. Memory is bounded: what lies beyond the limit is
counted and dropped.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence

from sekisho.message import Client, Envelope, Recipient

Macro = Callable[[str], str | None]
_PORT = re.compile(r"[0-9]{1,5}\Z")


def text(data: bytes) -> str:
    """Bytes as text from which they can be had back."""
    return data.decode("utf-8", "surrogateescape")


class Collector:
    """One message on its way in. Not shared: a connection's callbacks run one after the other."""

    __slots__ = ("_chunks", "_fields", "_kept", "_limit", "_spaced", "size")

    def __init__(self, limit: int, spaced: bool) -> None:
        """Keep one byte more than `limit`. `spaced`: values carry their leading space (as negotiated)."""
        self._limit = limit
        self._spaced = spaced
        self._fields: list[tuple[bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._kept = 0
        self.size = 0

    def field(self, name: bytes, value: bytes) -> None:
        size = len(name) + len(value) + 3
        self.size += size
        if self._kept <= self._limit:
            self._kept += size
            self._fields.append((name, value if self._spaced else b" " + value))

    def chunk(self, data: bytes) -> None:
        self.size += len(data)
        room = self._limit + 1 - self._kept
        if room > 0:
            self._kept += min(room, len(data))
            self._chunks.append(data[:room])

    def raw(self) -> bytes:
        """The message as it will be delivered, cut one byte beyond the limit."""
        parts = [part for name, value in self._fields for part in (name, b":", crlf(value), b"\r\n")]
        return b"".join([*parts, b"\r\n", *self._chunks])[: self._limit + 1]


def crlf(value: bytes) -> bytes:
    """Every line end of a folded value as CRLF."""
    if b"\n" not in value:
        return value
    return value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def unbracketed(path: str) -> str:
    """The address without its angle brackets; anything odd stays as it came."""
    path = path.strip(" \t")
    return path[1:-1] if path.startswith("<") and path.endswith(">") else path


def recipient(args: Sequence[bytes], macro: Macro) -> Recipient:
    """One RCPT TO. Postfix delivers to `{rcpt_addr}`; DELRCPT wants the raw form."""
    raw = text(args[0])
    address = _acted_on(macro("{rcpt_addr}") or None, unbracketed(raw))
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
    bare = (value or "").strip("[]")
    bare = bare[5:] if bare[:5].lower() == "ipv6:" else bare
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None


def _is_name(name: str | None) -> bool:
    return bool(name) and name != "unknown" and not str(name).startswith("[")


def _tls(macro: Macro) -> str | None:
    """Protocol and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`."""
    return " ".join(filter(None, (macro("{tls_version}"), macro("{cipher}")))) or None
