"""One question to the name servers: over UDP, repeated over UDP, and over TCP if the answer is truncated."""

from __future__ import annotations

import secrets
import select
import socket
import struct

import dns.flags
import dns.message

from sekisho.dns_answer import Found
from sekisho.ports import Clock
from sekisho.resolver.message import (
    TEMPERROR_TTL_SECONDS,
    TimedAnswer,
    build_query,
    parse_response,
    read_response,
)
from sekisho.resolver.names import TEMPERROR


class Exchange:
    """One question to the name servers, until `until` (monotonic).

    The servers are asked one after the other. It listens to all of them until the end, so that a slow answer to the
    first query still counts.
    """

    def __init__(self, name: str, rtype: str, *, clock: Clock, until: float) -> None:
        self._name, self._rtype = name, rtype
        self._clock, self._until = clock, until
        self._query_id = secrets.randbits(16)
        self._query = build_query(name, rtype, self._query_id)
        self._sockets: dict[int, tuple[socket.socket, tuple[str, int]]] = {}
        self._poll = select.poll()

    def run(self, servers: tuple[tuple[str, int], ...]) -> TimedAnswer:
        """The first usable answer; a server's failure only if no other server has an answer."""
        turns = (*servers, *servers)[: max(2, len(servers))]
        refusals = 0
        for turn, server in enumerate(turns):
            self._send(server)
            share = (self._until - self._clock.monotonic()) / (len(turns) - turn)
            result = self._listen(self._clock.monotonic() + share)
            if result is None:
                continue
            if result.answer.found is not Found.TEMPERROR:
                return result
            refusals += 1
            if refusals >= len(servers):
                return result
        return TimedAnswer(TEMPERROR, TEMPERROR_TTL_SECONDS)

    def close(self) -> None:
        """Close the sockets."""
        for opened, _ in self._sockets.values():
            opened.close()

    def _send(self, server: tuple[str, int]) -> None:
        opened = next((sock for sock, at in self._sockets.values() if at == server), None)
        try:
            if opened is None:
                family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
                opened = socket.socket(family, socket.SOCK_DGRAM)
                self._sockets[opened.fileno()] = (opened, server)
                opened.setblocking(False)
                opened.connect(server)  # the kernel then drops datagrams of other senders
                self._poll.register(opened, select.POLLIN)
            opened.send(self._query)
        except OSError:
            return  # unreachable or refused: it goes on to the next server, or to the time-out

    def _listen(self, until: float) -> TimedAnswer | None:
        while (left := until - self._clock.monotonic()) > 0:
            for descriptor, _ in self._poll.poll(max(1, int(left * 1000))):
                opened, server = self._sockets[descriptor]
                try:
                    wire = opened.recv(65_535)
                except OSError:  # an ICMP error: the server does not listen
                    self._poll.unregister(opened)
                    del self._sockets[descriptor]
                    opened.close()
                    return TimedAnswer(TEMPERROR, TEMPERROR_TTL_SECONDS)
                if result := self._read(wire, server):
                    return result
        return None

    def _read(self, wire: bytes, server: tuple[str, int]) -> TimedAnswer | None:
        response = parse_response(wire, self._name, self._rtype, self._query_id)
        if response is None:
            return self._broken(wire)
        if response.flags & dns.flags.TC:
            response = self._over_tcp(server)
            if response is None:
                return TimedAnswer(TEMPERROR, TEMPERROR_TTL_SECONDS)
        return read_response(response, self._name, self._rtype)

    def _broken(self, wire: bytes) -> TimedAnswer | None:
        """TEMPERROR for a datagram with our id that cannot be read: the server failed. None for any other datagram."""
        ours = len(wire) >= 12 and struct.unpack_from("!H", wire)[0] == self._query_id
        return TimedAnswer(TEMPERROR, TEMPERROR_TTL_SECONDS) if ours else None

    def _over_tcp(self, server: tuple[str, int]) -> dns.message.Message | None:
        try:
            left = self._until - self._clock.monotonic()
            if left <= 0:
                return None
            with socket.create_connection(server, timeout=left) as stream:
                stream.sendall(struct.pack("!H", len(self._query)) + self._query)
                size = struct.unpack("!H", self._receive(stream, 2))[0]
                wire = self._receive(stream, size)
        except (OSError, struct.error):
            return None
        return parse_response(wire, self._name, self._rtype, self._query_id)

    def _receive(self, stream: socket.socket, size: int) -> bytes:
        held = bytearray()
        while len(held) < size:
            stream.settimeout(max(0.001, self._until - self._clock.monotonic()))
            piece = stream.recv(size - len(held))
            if not piece or self._clock.monotonic() >= self._until:
                raise OSError("the answer ended early")
            held += piece
        return bytes(held)
