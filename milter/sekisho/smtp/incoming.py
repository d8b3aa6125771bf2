"""A message, and what of it is judged.

A message ends with CRLF, dot, CRLF and with nothing else, so that no part of one can pass for a second message. A bare
LF, which ends a line for some servers, is made a CRLF before the message is judged and handed over: what was judged is
then what the next hop reads (as Postfix's `smtpd_forbid_bare_newline = normalize`). A bare CR is passed on: it ends a
line for no MTA that the door is for, and a signature may cover it.

The MTA in front has written a Received field, with the time. A milter never sees that field. It is not judged here
either: each retry of a sender would be another message, and a message that crashed the judgement would not be known
when it comes again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sekisho.domains import parse_ip
from sekisho.judging.collect import Collector
from sekisho.message import Client
from sekisho.message.headers import as_delivered
from sekisho.message.spans import end_of_fields, spans

MAX_FIELDS = 100_000
"""Fields of a header that are looked at, so that the time is bounded. Nobody knows whether those below are forged, so
the message is one with more forged fields than can be deleted."""
_LITERAL = re.compile(rb"\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]", re.IGNORECASE)
_MAX_TRACE_BYTES = 10_000  # of a Received field: the client's address may stand behind a long HELO
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A message as it came in. `own`: where in it, as it is delivered, the field of the MTA in front stands."""

    raw: bytes
    own: tuple[int, int] | None = None

    def judged(self) -> bytes:
        """All of it that is judged and kept. It is a copy, so it is made when it is needed, and not before."""
        whole = as_delivered(self.raw)
        return whole if self.own is None else whole[: self.own[0]] + whole[self.own[1] :]


def collect(raw: bytes, client: Client, collector: Collector) -> ReceivedMail:
    """Put the message into the collector, without the Received field of the MTA in front."""
    whole = as_delivered(raw)
    own, position = _header(whole, client, collector)
    position += 2 if whole.startswith(b"\r\n", position) else 0
    for at in range(position, len(whole), _CHUNK_BYTES):
        collector.chunk(whole[at : at + _CHUNK_BYTES])
    return ReceivedMail(raw, own)


def _header(whole: bytes, client: Client, collector: Collector) -> tuple[tuple[int, int] | None, int]:
    """Put the fields into the collector. Where that of the MTA in front stands, and where the fields end."""
    own: tuple[int, int] | None = None
    traced = False
    last = 0
    for place, (start, end, name, value) in enumerate(spans(whole)):
        if place == MAX_FIELDS:
            last = end_of_fields(whole, start)
            collector.skip(last - start)
            break
        last = end
        if not traced and name.rstrip().lower() == b"received":
            traced = True
            if _names(value, client):
                own = (start, end)
                continue
        collector.field(name, value)
    return own, last


def _names(received: bytes, client: Client) -> bool:
    """True if the value of this Received field names the client's address."""
    if client.address is None:
        return False
    literals = _LITERAL.findall(received[:_MAX_TRACE_BYTES])
    return any(str(parse_ip(each.decode("ascii"))) == client.address for each in literals)
