"""A receiver of syslog that takes nothing which RFC 5424 or RFC 6587 does not allow."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

_HEADER = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>1 "
    rb"(-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})) "
    rb"([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) -(?: |\Z)"
)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Received:
    """One message, taken apart."""

    facility: int
    severity: int
    host: str
    app: str
    pid: str
    msgid: str
    text: str


def parsed(message: bytes) -> Received:
    """Take a message of RFC 5424 apart. Raises ValueError."""
    found = _HEADER.match(message)
    if found is None or int(found[1]) > 191:
        raise ValueError(message)
    body = message[found.end() :]
    if body.startswith(_BOM):
        text = body[3:].decode("utf-8")
    elif not body.isascii():
        raise ValueError("UTF-8 without its mark (section 6.4)")
    else:
        text = body.decode("ascii")
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("a control character")
    words = [found[number].decode("ascii") for number in range(3, 7)]
    return Received(int(found[1]) // 8, int(found[1]) % 8, *words, text)


def frames(data: bytes) -> tuple[list[bytes], bytes]:
    """The messages of a TCP stream with octet counting (RFC 6587 section 3.4.1), and the rest. Raises ValueError."""
    whole = []
    while (found := re.match(rb"([1-9][0-9]{0,5}) ", data)) is not None:
        size = int(found[1])
        if len(data) < found.end() + size:
            return whole, data
        whole.append(data[found.end() : found.end() + size])
        data = data[found.end() + size :]
    if len(data) > 6:
        raise ValueError(data[:40])
    return whole, data


def received(sock: socket.socket, count: int) -> list[Received]:
    """So many messages from a datagram socket."""
    sock.settimeout(20)
    return [parsed(sock.recv(65536)) for _ in range(count)]


def streamed(sock: socket.socket, count: int) -> list[Received]:
    """So many messages from a TCP connection."""
    sock.settimeout(20)
    data, found = b"", []
    while len(found) < count:
        piece = sock.recv(65536)
        if not piece:
            raise ValueError("closed")
        whole, data = frames(data + piece)
        found += map(parsed, whole)
    return found
