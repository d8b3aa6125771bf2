"""The envelope as a message's own trace fields tell it (RFC 5321 section 4.4).

Only what the last hop wrote is believed: the topmost Return-Path and Received. What they do not say is not known.
"""

from __future__ import annotations

import re

from sekisho.domains import parse_ip, to_ascii
from sekisho.message import Client, Envelope, Headers, Recipient, read

# Postfix and Sendmail: `from HELO (NAME [ADDRESS]) by …`; others leave out the name or the parentheses.
RECEIVED = re.compile(
    r"^\s*from\s+(?P<helo>\S{1,255})"
    r"(?:\s+\((?:(?P<name>[^\s\[\]()]{1,255})\s+)?\[(?P<ip>[0-9A-Za-z.:]{3,50})\](?P<note>[^)]*\)?))?"
)
PATH = re.compile(r"<(?P<address>[^<>]*)>|(?P<bare>[^<>\s]+)")


def envelope_from_trace(raw: bytes) -> Envelope:
    """What Return-Path, Delivered-To (or X-Original-To) and the topmost Received say; the rest is None."""
    headers = read(raw, Envelope()).headers
    path = _path(_first(headers, "return-path"))
    rcpt = _path(_first(headers, "x-original-to")) or _path(_first(headers, "delivered-to"))
    return Envelope(
        sender=path,
        raw_sender=path,
        recipients=(Recipient(rcpt, f"<{rcpt}>"),) if rcpt else (),
        client=_client(_first(headers, "received")),
    )


def _path(text: str | None) -> str | None:
    """The address of `<address>` or `address`; empty for the null sender; None for anything else."""
    match = PATH.fullmatch(text) if text else None
    return None if match is None else (match["bare"] or match["address"] or "").strip()


def _client(received: str | None) -> Client:
    match = RECEIVED.match(received) if received else None
    if match is None:
        return Client()
    address = parse_ip(match["ip"]) if match["ip"] else None
    if address is None:
        return Client(helo=match["helo"])
    forged = "may be forged" in match["note"]  # Sendmail's word for a name that does not lead back
    verified = to_ascii(match["name"]) if match["name"] not in {None, "unknown"} and not forged else None
    known = "ok" if verified else ("forged" if forged else "fail")
    return Client(
        address=str(address),
        name=verified,
        resolve=None if match["name"] is None else known,
        helo=match["helo"],
    )


def _first(headers: Headers, name: str) -> str | None:
    fields = headers.all(name)
    if not fields:
        return None
    return " ".join(fields[0].value.decode("ascii", "replace").split())[:2000]
