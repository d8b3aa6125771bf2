"""A held message as a report of abuse (RFC 5965), for the brand whose name it uses or for whom that brand trusts.

The report says why the message is held, in English, and carries it as it came. The envelope recipients are not named.
Sending it is the caller's.

It cannot take out of the message what its own fields say of the recipient (To, Delivered-To).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from sekisho import __version__
from sekisho.held import Entry

_PLAIN = re.compile(r"[!-~]{1,320}")  # what may stand in a field as it is


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: the address of the site, and this host's name."""

    address: str
    host: str


def abuse_report(entry: Entry, raw: bytes, reporter: Reporter, to: Sequence[str], now: datetime) -> bytes:
    """The message to send, with CRLF line ends in our parts. `raw` is the held message, `to` the addresses that get
    the report. Pure."""
    boundary = f"=_{hashlib.sha256(raw).hexdigest()[:32]}"
    head = "\r\n".join(_fields(entry, reporter, to, boundary, now))
    return b"".join(
        (
            f"{head}\r\n\r\n".encode("ascii"),
            _part(boundary, "text/plain; charset=utf-8", "\r\n".join(_said(entry))),
            _part(boundary, "message/feedback-report", "\r\n".join(_feedback(entry))),
            f"--{boundary}\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode(),
            raw,
            f"\r\n--{boundary}--\r\n".encode("ascii"),
        )
    )


def _fields(
    entry: Entry, reporter: Reporter, to: Sequence[str], boundary: str, now: datetime
) -> Iterator[str]:
    yield f"From: <{reporter.address}>"
    yield f"To: {', '.join(f'<{each}>' for each in to)}"
    yield f"Subject: Mail in a false name, {entry.id}"
    yield f"Date: {format_datetime(now)}"
    yield f"Message-ID: <{entry.id}.{int(now.timestamp())}@{reporter.host}>"
    yield "MIME-Version: 1.0"
    yield f'Content-Type: multipart/report; report-type=feedback-report;\r\n\tboundary="{boundary}"'
    yield "Auto-Submitted: auto-generated"


def _part(boundary: str, media: str, text: str) -> bytes:
    head = f"--{boundary}\r\nContent-Type: {media}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return f"{head}{text}\r\n".encode("utf-8", "replace")


def _said(entry: Entry) -> Iterator[str]:
    """For people: what was found, the heaviest first. The sentences are printable already."""
    yield "This is a report about a message that uses a name which is not its sender's. It was not delivered."
    yield ""
    for each in sorted(entry.document.get("findings", ()), key=lambda each: -each["points"]):
        yield f"- {each['reason_en']}"


def _feedback(entry: Entry) -> Iterator[str]:
    """RFC 5965 section 3.1, and of section 3.2 what is known; a value that is no plain text is left out."""
    yield "Feedback-Type: fraud"
    yield f"User-Agent: sekisho/{__version__}"
    yield "Version: 1"
    sender, client = entry.envelope.sender, entry.envelope.client.address
    if sender is not None and (not sender or _PLAIN.fullmatch(sender)):
        yield f"Original-Mail-From: <{sender}>"
    if client and _PLAIN.fullmatch(client):
        yield f"Source-IP: {client}"
    yield f"Arrival-Date: {format_datetime(entry.envelope.arrived or entry.held_at)}"
    domains = dict.fromkeys(each["domain"] for each in entry.document.get("proofs", ()))
    for domain in domains:
        if _PLAIN.fullmatch(domain):
            yield f"Reported-Domain: {domain}"
