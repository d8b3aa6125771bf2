"""The envelope as a message's own trace fields tell it (RFC 5321 section 4.4).

Only what the last hop wrote is believed: the topmost Return-Path and Received. What they do not say is not known.
"""

from __future__ import annotations

import re

from sekisho.domains import to_ascii
from sekisho.message import Client, Envelope, Headers, Recipient, read

# Postfix and Sendmail: `from HELO (NAME [ADDRESS]) by …`; others leave out the name or the parentheses.
RECEIVED = re.compile(
    r"^\s*from\s+(?P<helo>\S{1,255})(?:\s+\((?:(?P<name>[^\s\[\]()]{1,255})\s+)?\[(?P<ip>[0-9A-Fa-f.:]{3,45}|IPv6:[0-9A-Fa-f:.]{3,45})\][^)]*\))?"
)


def envelope_from_trace(raw: bytes) -> Envelope:
    """What Return-Path, Delivered-To (or X-Original-To) and the topmost Received say; the rest is None."""
    headers = read(raw, Envelope()).headers
    path = _first(headers, "return-path")
    rcpt = _first(headers, "x-original-to") or _first(headers, "delivered-to")
    return Envelope(
        sender=None if path is None else path.strip("<> \t"),
        raw_sender=path,
        recipients=(Recipient(rcpt.strip("<> \t")),) if rcpt else (),
        client=_client(_first(headers, "received")),
    )


def _client(received: str | None) -> Client:
    match = RECEIVED.match(received) if received else None
    if match is None:
        return Client()
    name = match["name"]
    verified = to_ascii(name) if name and name != "unknown" else None
    return Client(
        address=match["ip"].removeprefix("IPv6:") if match["ip"] else None,
        name=verified,
        resolve=None if name is None else ("ok" if verified else "fail"),
        helo=match["helo"],
    )


def _first(headers: Headers, name: str) -> str | None:
    fields = headers.all(name)
    if not fields:
        return None
    return " ".join(fields[0].value.decode("ascii", "replace").split())[:2000]
