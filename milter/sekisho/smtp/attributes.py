"""XFORWARD and XCLIENT: what the MTA says about the client (Postfix's XFORWARD_README and XCLIENT_README).

Values are xtext (RFC 3461 section 4). They come from the client in the end, so any byte may be in them, and they may be
as long as a line of SMTP. A refusal of one would come again with each retry, so a long one is cut. What is not said, or
cannot be read, is unknown; it is never the MTA's own address.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sekisho.domains import parse_ip
from sekisho.message import Client

XFORWARD = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
XCLIENT = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")
_NOTHING = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
MAX_VALUE_CHARS = 2_048
"""Of a value: what Postfix takes as a line (`line_length_limit`)."""
_TOKEN = re.compile(r"[!-~]+\Z")
_PLUS = re.compile(rb"\+([0-9A-Fa-f]{2})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_QUEUE_ID = re.compile(r"[A-Za-z0-9]{1,64}\Z")
_NAME = re.compile(r"[!-~]{1,255}\Z")


class AttributeSyntaxError(ValueError):
    """What was said is no list of attributes."""


@dataclass(frozen=True, slots=True)
class ClientAttributes:
    """The attributes that were said so far, each as it was written. `definite`: a name that is `[UNAVAILABLE]` was
    looked up and not found (XCLIENT); in XFORWARD it may also never have been looked up."""

    written: Mapping[str, str] = field(default_factory=dict)
    definite: bool = False

    def and_also(self, text: str, names: Collection[str]) -> ClientAttributes:
        """These, and those that `text` says (`NAME=value NAME=value …`). Raises AttributeSyntaxError."""
        said = dict(self.written)
        for each in text.split(" "):
            name, equals, value = each.partition("=")
            if not (equals and name.upper() in names and _TOKEN.match(value)):
                raise AttributeSyntaxError("not an attribute")
            _decoded(value)
            said[name.upper()] = value
        return ClientAttributes(said, self.definite)

    @property
    def client(self) -> Client:
        """The client that they say."""
        name = self._value("NAME")
        port = self._value("PORT") or ""
        return Client(
            address=self._address(),
            name=name if name and _NAME.match(name) and name.lower() != "unknown" else None,
            resolve=self._resolve(),
            helo=self._value("HELO"),
            port=int(port) if _PORT.match(port) else None,
            user=self._value("LOGIN"),
        )

    @property
    def queue_id(self) -> str | None:
        """The id of the message in the MTA's queue, if that was said."""
        ident = self._value("IDENT") or ""
        return ident if _QUEUE_ID.match(ident) else None

    def _resolve(self) -> str | None:
        """The result of the look-up of the name, in the words of Postfix's `{client_resolve}`."""
        written = self.written.get("NAME")
        if written is None:
            return None
        if written.upper() == "[TEMPUNAVAIL]":
            return "temp"
        if written.upper() == "[UNAVAILABLE]":
            return "fail" if self.definite and self._address() else None
        return "ok"

    def _address(self) -> str | None:
        value = self._value("ADDR") or ""
        address = parse_ip(value[5:] if value[:5].upper() == "IPV6:" else value)
        return str(address) if address else None

    def _value(self, name: str) -> str | None:
        written = self.written.get(name)
        if written is None or written.upper() in _NOTHING:
            return None
        return _CONTROL.sub("?", _decoded(written).decode("utf-8", "surrogateescape"))[:MAX_VALUE_CHARS]


def _decoded(written: str) -> bytes:
    """The bytes of an xtext value. Raises AttributeSyntaxError."""

    def byte(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            raise AttributeSyntaxError("not xtext")
        return bytes([int(found[1], 16)])

    return _PLUS.sub(byte, written.encode("ascii"))
