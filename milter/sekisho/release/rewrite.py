"""Makes the message that is sent for a held one: forged fields are removed, our fields are added at the top.

Removed are Authentication-Results with our authserv-id, every X-Sekisho field, the X-Spam fields that we write by
option, and fields in which one of these hides behind a CR. What filters before us added stays. Added are, from the top:
our Authentication-Results with the results from the time of arrival, X-Sekisho-Verdict with `released`, and one
Received field (RFC 5321 section 4.4) with the facts of the original client, since the one that Postfix will write names
only this machine. No X-Spam field is added: a person has looked at the message, so no mailbox server should sort it
out. Every other byte stays as it was.

It cannot repair signatures that covered a removed field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from sekisho.auth import authres, earlier_filters
from sekisho.auth.forged_fields import OwnFields, is_forged
from sekisho.held import Entry
from sekisho.message import Client, Envelope, Field
from sekisho.message.spans import spans
from sekisho.results import AuthResult, MethodResult

_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?\Z")
_LITERAL = re.compile(r"\[(?:IPv6:)?[0-9A-Fa-f.:]{2,45}\]\Z")
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}\Z")
_QUEUE_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")


def rewrite(raw: bytes, entry: Entry, own: OwnFields, host: str) -> bytes:
    """The message to send for the held message `raw`. `host` is this machine's name. Pure."""
    kept = bytearray()
    position = 0
    theirs = _theirs(raw, entry, own)
    for place, each in enumerate(spans(raw)):
        if is_forged(Field(each.name, each.value), own) and place not in theirs:
            kept += raw[position : each.start]
            position = each.end
    kept += raw[position:]
    return _top(entry, own.authserv_id, host) + _joint(bytes(kept)) + bytes(kept)


def _theirs(raw: bytes, entry: Entry, own: OwnFields) -> frozenset[int]:
    """The places of the results that filters before us added."""
    if not own.earlier:
        return frozenset()
    fields = [Field(each.name, each.value) for each in spans(raw)]
    found = earlier_filters.results(fields, own.earlier, entry.envelope.queue_id)
    return frozenset(place for place, field in enumerate(fields) if any(field is each for each in found))


def _joint(kept: bytes) -> bytes:
    """An empty line if the message does not begin with a field, so that its beginning does not continue our fields."""
    first = next(spans(kept), None)
    return b"" if first is not None or kept[:1] in b"\r\n" else b"\r\n"


def _top(entry: Entry, authserv_id: str, host: str) -> bytes:
    mode = next((str(each.get("mode")) for each in entry.document.get("recipients", ())), "enforce")
    fields = (
        (
            "Authentication-Results",
            authres.field(authserv_id, results(entry.document), entry.envelope.client.user),
        ),
        ("X-Sekisho-Verdict", f"released; score={entry.score:g}; id={entry.id}; mode={mode}"),
        ("Received", received(entry.envelope, entry.held_at, host)),
    )
    text = "".join(f"{name}: {value}\n" for name, value in fields)
    return text.replace("\n", "\r\n").encode("ascii", "replace")


def results(document: Mapping[str, Any]) -> Iterator[MethodResult]:
    """The authentication results that the stored document has; one that cannot be read is left out."""
    for row in document.get("results", ()):
        try:
            word = AuthResult(row["word"])
            properties = tuple((str(name), str(value)) for name, value in row["properties"].items())
            yield MethodResult(
                row["method"], word, row["domain"], row["reason"], properties, bool(row.get("recorded"))
            )
        except (KeyError, ValueError, AttributeError, TypeError):
            continue


def received(envelope: Envelope, held_at: datetime, host: str) -> str:
    """The value of the Received field with the facts of the original client. A name that is no plain identifier becomes
    `unknown`; the recipient is not named."""
    client = envelope.client
    lines = [f"from {_helo(client)} ({_name(client)} {_literal(client)})", f"by {host} (sekisho)"]
    lines[1] += f" with {_protocol(envelope)}"
    if envelope.queue_id and _QUEUE_ID.match(envelope.queue_id):
        lines[1] += f" id {envelope.queue_id}"
    return "\n\t".join([*lines[:1], lines[1] + ";", format_datetime(envelope.arrived or held_at)])


def _helo(client: Client) -> str:
    helo = client.helo or ""
    return helo if _DOMAIN.match(helo) or _LITERAL.match(helo) else "unknown"


def _name(client: Client) -> str:
    return client.name if client.name and _DOMAIN.match(client.name) else "unknown"


def _literal(client: Client) -> str:
    address = client.address or ""
    if not _ADDRESS.match(address):
        return "[unknown]"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _protocol(envelope: Envelope) -> str:
    """The protocol keyword of RFC 3848 and RFC 6531 section 4.3, as far as it is known."""
    international = any(each.upper() == "SMTPUTF8" for each in envelope.parameters)
    base = "UTF8SMTP" if international else "ESMTP"
    client = envelope.client
    if not (international or envelope.parameters or client.tls or client.user):
        return "SMTP"
    return base + ("S" if client.tls else "") + ("A" if client.user else "")
