"""A message from the bytes between DATA and the final dot, and what of it is judged.

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

from sekisho.domains import parse_ip
from sekisho.judging.collect import Collector
from sekisho.message import Client
from sekisho.message.headers import as_delivered
from sekisho.message.model import Field
from sekisho.message.spans import spans

_STUFFED = re.compile(rb"(?m)^\.")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_LITERAL = re.compile(rb"\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]", re.IGNORECASE)
_MAX_TRACE_BYTES = 2_000  # of a Received field that are searched for the client's address
_CHUNK_BYTES = 65_536


def message_of(sent: bytes) -> bytes:
    """The message that was sent after DATA. Pure."""
    if sent.startswith(b".") or b"\n." in sent:
        sent = _STUFFED.sub(b"", sent)
    if sent.count(b"\n") != sent.count(b"\r\n"):
        sent = _BARE_LF.sub(b"\r\n", sent)
    return sent


def collect(raw: bytes, client: Client, collector: Collector) -> bytes:
    """Put the message into the collector, without the Received field of the MTA in front. Returns what was put in, as
    one piece."""
    whole = as_delivered(raw)
    own: tuple[int, int] | None = None
    traced = False
    position = 0
    for start, end, each in spans(whole):
        position = end
        if not traced and each.key == "received":
            traced = True
            if _names(each, client):
                own = (start, end)
                continue
        collector.field(each.name, each.value)
    position += 2 if whole.startswith(b"\r\n", position) else 0
    for at in range(position, len(whole), _CHUNK_BYTES):
        collector.chunk(whole[at : at + _CHUNK_BYTES])
    return whole if own is None else whole[: own[0]] + whole[own[1] :]


def _names(received: Field, client: Client) -> bool:
    """True if the field names the client's address."""
    if client.address is None:
        return False
    literals = _LITERAL.findall(received.value[:_MAX_TRACE_BYTES])
    return any(str(parse_ip(each.decode("ascii"))) == client.address for each in literals)
