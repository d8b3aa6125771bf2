"""A real name server on loopback, which misbehaves as told, and the real resolver that asks it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rrset

from sekisho.clock import SystemClock
from sekisho.resolver import DnsOptions, DnsResolver

CLOCK = SystemClock()
Reply = Callable[[dns.message.Message, bool], bytes | list[bytes] | None]


class Server:
    """UDP and TCP on one loopback port; `reply(query, over_tcp)` gives the datagrams to send back."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.questions: list[tuple[str, bool]] = []
        self.lock = threading.Lock()
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.address = self.tcp.getsockname()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(self.address)
        self.threads = [threading.Thread(target=run) for run in (self._udp, self._tcp)]
        for thread in self.threads:
            thread.start()

    def close(self) -> None:
        self.udp.sendto(b"", self.address)  # an empty datagram ends the thread
        self.tcp.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        self.udp.close()
        self.tcp.close()

    def _answers(self, wire: bytes, over_tcp: bool) -> list[bytes]:
        query = dns.message.from_wire(wire)
        with self.lock:
            self.questions.append((query.question[0].name.to_text(True), over_tcp))
        made = self.reply(query, over_tcp)
        return [made] if isinstance(made, bytes) else made or []

    def _udp(self) -> None:
        while True:
            try:
                wire, peer = self.udp.recvfrom(65_535)
            except OSError:
                return
            if not wire:
                return
            for answer in self._answers(wire, over_tcp=False):
                self.udp.sendto(answer, peer)

    def _tcp(self) -> None:
        while True:
            try:
                stream, _ = self.tcp.accept()
            except OSError:
                return
            with stream, contextlib.suppress(OSError):
                size = struct.unpack("!H", stream.recv(2))[0]
                for answer in self._answers(stream.recv(size), over_tcp=True):
                    stream.sendall(struct.pack("!H", len(answer)) + answer)


@contextmanager
def serving(reply: Reply) -> Iterator[Server]:
    server = Server(reply)
    try:
        yield server
    finally:
        server.close()


def resolver(server: Server, **changes: object) -> DnsResolver:
    options = {"servers": (f"127.0.0.1:{server.address[1]}",), "timeout": 1.0, **changes}
    return DnsResolver(DnsOptions.model_validate(options), CLOCK)


def deadline(seconds: float = 5.0) -> float:
    return CLOCK.monotonic() + seconds


def answering(*records: str, rcode: dns.rcode.Rcode = dns.rcode.NOERROR, soa: int | None = None) -> Reply:
    """A reply with these records (`name ttl IN type value`)."""

    def reply(query: dns.message.Message, over_tcp: bool) -> bytes:
        response = dns.message.make_response(query)
        response.set_rcode(rcode)
        for record in records:
            response.answer.append(dns.rrset.from_text(*record.split(" ", 4)))
        if soa is not None:
            text = f"ns.example.jp. root.example.jp. 1 1 1 1 {soa}"
            response.authority.append(dns.rrset.from_text("example.jp.", soa, "IN", "SOA", text))
        return response.to_wire(max_size=65_535)

    return reply
