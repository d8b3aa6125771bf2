"""One question on the wire: UDP, again UDP, and TCP when the answer does not fit."""

from __future__ import annotations

import secrets
import select
import socket
import struct

import dns.flags
import dns.message

from sekisho.dns_answer import Found
from sekisho.ports import Clock
from sekisho.resolver.message import TEMPERROR_TTL, Reading, build_query, parse_response, read_response
from sekisho.resolver.names import TEMPERROR


class Exchange:
    """One question on the wire: every server is asked in turn and all of them are listened to until the end,
    so that a slow answer to the first attempt still counts."""

    def __init__(self, name: str, rtype: str, *, clock: Clock, until: float) -> None:
        self._name, self._rtype = name, rtype
        self._clock, self._until = clock, until
        self._ident = secrets.randbits(16)
        self._query = build_query(name, rtype, self._ident)
        self._sockets: dict[int, tuple[socket.socket, tuple[str, int]]] = {}
        self._poll = select.poll()

    def run(self, servers: tuple[tuple[str, int], ...]) -> Reading:
        """The first usable answer; a server's refusal only when no other has more to say."""
        turns = (*servers, *servers)[: max(2, len(servers))]
        refusals = 0
        for turn, server in enumerate(turns):
            self._send(server)
            share = (self._until - self._clock.monotonic()) / (len(turns) - turn)
            reading = self._listen(self._clock.monotonic() + share)
            if reading is None:
                continue
            if reading.answer.found is not Found.TEMPERROR:
                return reading
            refusals += 1
            if refusals >= len(servers):
                return reading
        return Reading(TEMPERROR, TEMPERROR_TTL)

    def close(self) -> None:
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
                opened.connect(server)  # the kernel drops what others send to this port
                self._poll.register(opened, select.POLLIN)
            opened.send(self._query)
        except OSError:
            return  # unreachable or refused: the time-out or the next server decides

    def _listen(self, until: float) -> Reading | None:
        while (left := until - self._clock.monotonic()) > 0:
            for descriptor, _ in self._poll.poll(max(1, int(left * 1000))):
                opened, server = self._sockets[descriptor]
                try:
                    wire = opened.recv(65_535)
                except OSError:  # ICMP refused
                    self._poll.unregister(opened)
                    del self._sockets[descriptor]
                    opened.close()
                    return Reading(TEMPERROR, TEMPERROR_TTL)
                if reading := self._read(wire, server):
                    return reading
        return None

    def _read(self, wire: bytes, server: tuple[str, int]) -> Reading | None:
        response = parse_response(wire, self._name, self._rtype, self._ident)
        if response is None:
            return self._broken(wire)
        if response.flags & dns.flags.TC:
            response = self._over_tcp(server)
            if response is None:
                return Reading(TEMPERROR, TEMPERROR_TTL)
        return read_response(response, self._name, self._rtype)

    def _broken(self, wire: bytes) -> Reading | None:
        """Our id but nothing we can read: the server failed. Any other datagram is somebody's guess."""
        ours = len(wire) >= 12 and struct.unpack_from("!H", wire)[0] == self._ident
        return Reading(TEMPERROR, TEMPERROR_TTL) if ours else None

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
        return parse_response(wire, self._name, self._rtype, self._ident)

    def _receive(self, stream: socket.socket, size: int) -> bytes:
        held = bytearray()
        while len(held) < size:
            stream.settimeout(max(0.001, self._until - self._clock.monotonic()))
            piece = stream.recv(size - len(held))
            if not piece or self._clock.monotonic() >= self._until:
                raise OSError("the answer ended early")
            held += piece
        return bytes(held)
