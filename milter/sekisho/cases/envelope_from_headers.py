"""Reads the envelope from a message's own trace fields (RFC 5321 section 4.4).

Only the fields of the last hop are believed: the topmost Return-Path and Received. What they do not say stays unknown.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sekisho.message import Envelope, Headers, Recipient, read
from sekisho.message.trace import MAX_RECEIVED_CHARS, client_of, unfolded

PATH = re.compile(r"<(?P<address>[^<>]*)>|(?P<bare>[^<>\s]+)")


def envelope_from_trace(raw: bytes) -> Envelope:
    """The envelope of Return-Path, X-Original-To (or Delivered-To) and the topmost Received; the rest is None."""
    headers = read(raw, Envelope()).headers
    path = _path(_first(headers, "return-path"))
    rcpt = _path(_first(headers, "x-original-to")) or _path(_first(headers, "delivered-to"))
    return Envelope(
        sender=path,
        raw_sender=path,
        recipients=(Recipient(rcpt, f"<{rcpt}>"),) if rcpt else (),
        client=replace(client_of(_first(headers, "received") or ""), relayed=True),
    )


def _path(text: str | None) -> str | None:
    """The address of `<address>` or `address`; empty for the null sender; None for anything else."""
    match = PATH.fullmatch(text) if text else None
    return None if match is None else (match["bare"] or match["address"] or "").strip()


def _first(headers: Headers, name: str) -> str | None:
    fields = headers.all(name)
    if not fields:
        return None
    return unfolded(fields[0], MAX_RECEIVED_CHARS) if name == "received" else unfolded(fields[0])
