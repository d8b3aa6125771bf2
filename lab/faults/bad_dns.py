"""A name server on loopback that fails in 26 ways, over UDP and TCP. Each query has a thread of its own."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from lab.dns import Zone
from lab.faults.mails import RECORDS
from lab.place import free_port

Answer = Callable[[dns.message.Message, bool], list[bytes]]
"""The datagrams (over TCP: messages) that answer a query; the flag says TCP. Empty: there is no answer."""

LATE = 1.2  # seconds; longer than the resolver of the lab waits for an answer
DRIP = 0.2  # seconds between two bytes


def _plain(query: dns.message.Message) -> dns.message.Message:
    return dns.message.make_response(query, recursion_available=True)


def _coded(rcode: dns.rcode.Rcode) -> Answer:
    def answer(query: dns.message.Message, _: bool) -> list[bytes]:
        response = _plain(query)
        response.set_rcode(rcode)
        return [response.to_wire()]

    return answer


def _records(query: dns.message.Message, rtype: str, *texts: str, name: str = "") -> list[bytes]:
    response = _plain(query)
    owner = name or query.question[0].name.to_text()
    response.answer.append(dns.rrset.from_text(owner, 60, "IN", rtype, *texts))
    return [response.to_wire(max_size=65_535)]


def good(query: dns.message.Message, _: bool) -> list[bytes]:
    response = Zone(RECORDS).answer(query)
    return [response.to_wire()] if response else []


def silent(_: dns.message.Message, __: bool) -> list[bytes]:
    return []


def late(query: dns.message.Message, tcp: bool) -> list[bytes]:
    time.sleep(LATE)
    return good(query, tcp)


def another_question(query: dns.message.Message, _: bool) -> list[bytes]:
    other = dns.message.make_query("evil.example", "TXT", id=query.id)
    return _records(other, "TXT", '"v=spf1 +all"')


def another_number(query: dns.message.Message, tcp: bool) -> list[bytes]:
    return [struct.pack("!H", (query.id + 1) % 65536) + each[2:] for each in good(query, tcp)]


def another_owner(query: dns.message.Message, _: bool) -> list[bytes]:
    return _records(query, "TXT", '"v=spf1 +all"', name="evil.example.")


def another_type(query: dns.message.Message, _: bool) -> list[bytes]:
    return _records(query, "A", "192.0.2.1")


def echo(query: dns.message.Message, _: bool) -> list[bytes]:
    return [query.to_wire()]


def no_question(query: dns.message.Message, _: bool) -> list[bytes]:
    response = _plain(query)
    response.question.clear()
    return [response.to_wire()]


def loop(query: dns.message.Message, _: bool) -> list[bytes]:
    response = _plain(query)
    names = [query.question[0].name.to_text(), "a.loop.example.", "b.loop.example.", "a.loop.example."]
    for name, target in pairwise(names):
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", target))
    return [response.to_wire()]


def long_chain(query: dns.message.Message, _: bool) -> list[bytes]:
    name = query.question[0].name.to_text()
    return _records(query, "CNAME", f"x.{name}" if len(name) < 200 else "end.example.")


def truncated_for_ever(query: dns.message.Message, tcp: bool) -> list[bytes]:
    if tcp:
        return []
    response = _plain(query)
    response.flags |= dns.flags.TC
    return [response.to_wire()]


def truncated_then_garbage(query: dns.message.Message, tcp: bool) -> list[bytes]:
    return [b"\xff" * 40] if tcp else truncated_for_ever(query, tcp)


def endless(query: dns.message.Message, tcp: bool) -> list[bytes]:
    if not tcp:
        return truncated_for_ever(query, tcp)
    includes = " ".join(f"include:a{number}.example" for number in range(10))
    return _records(query, "TXT", *(f'"v=spf1 {includes} -all" "{number}"' for number in range(250)))


def widening(query: dns.message.Message, _: bool) -> list[bytes]:
    name = query.question[0].name.to_text().rstrip(".")
    labels = ".".join(name.split(".")[-2:])
    includes = " ".join(f"include:{number}x{len(name)}.{labels}" for number in range(8))
    return _records(query, "TXT", f'"v=spf1 {includes} -all"')


def garbage(query: dns.message.Message, _: bool) -> list[bytes]:
    return [query.to_wire()[:2] + b"\xff" * 400]


def empty(_: dns.message.Message, __: bool) -> list[bytes]:
    return [b""]


def cut(query: dns.message.Message, tcp: bool) -> list[bytes]:
    return [each[: len(each) // 2] for each in good(query, tcp)]


def pointer_loop(query: dns.message.Message, _: bool) -> list[bytes]:
    head = struct.pack("!HHHHHH", query.id, 0x8180, 1, 1, 0, 0)
    return [head + b"\xc0\x0c\x00\x10\x00\x01" + b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x0c"]


def false_length(query: dns.message.Message, tcp: bool) -> list[bytes]:
    (wire,) = good(query, tcp) or [b""]
    return [wire + b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\xff\xff\x04abc"]


def two_records(query: dns.message.Message, _: bool) -> list[bytes]:
    return _records(query, "TXT", '"v=spf1 +all"', '"v=spf1 -all"')


def doubled(query: dns.message.Message, tcp: bool) -> list[bytes]:
    return another_question(query, tcp) + another_number(query, tcp) + _coded(dns.rcode.SERVFAIL)(query, tcp)


def sometimes(query: dns.message.Message, tcp: bool) -> list[bytes]:
    return good(query, tcp) if query.id % 2 else []


KINDS: dict[str, Answer] = {
    "silent": silent,
    "late": late,
    "SERVFAIL": _coded(dns.rcode.SERVFAIL),
    "REFUSED": _coded(dns.rcode.REFUSED),
    "NOTIMP": _coded(dns.rcode.NOTIMP),
    "FORMERR": _coded(dns.rcode.FORMERR),
    "NXDOMAIN for all": _coded(dns.rcode.NXDOMAIN),
    "nothing for all": _coded(dns.rcode.NOERROR),
    "another question": another_question,
    "another number": another_number,
    "another owner": another_owner,
    "another type": another_type,
    "echo": echo,
    "no question": no_question,
    "CNAME loop": loop,
    "CNAME chain": long_chain,
    "truncated for ever": truncated_for_ever,
    "truncated, then garbage": truncated_then_garbage,
    "endless": endless,
    "widening": widening,
    "garbage": garbage,
    "empty": empty,
    "cut": cut,
    "pointer loop": pointer_loop,
    "false length": false_length,
    "one in two": sometimes,
}
assert len(KINDS) == 26
OTHERS: dict[str, Answer] = {"good": good, "two records": two_records, "wrong ones first": doubled}


class BadDns:
    """Answers with `answer`, which may be replaced at any time. With `drip`, a TCP answer is sent byte by byte."""

    def __init__(self) -> None:
        self.port = free_port()
        self.answer: Answer = good
        self.drip = False
        self.asked = 0
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> BadDns:
        self._udp.bind(("127.0.0.1", self.port))
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind(("127.0.0.1", self.port))
        self._tcp.listen(256)
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._udp, self._tcp):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _replies(self, wire: bytes, tcp: bool) -> list[bytes]:
        self.asked += 1
        try:
            return self.answer(dns.message.from_wire(wire), tcp)
        except dns.exception.DNSException:
            return []

    def _serve_udp(self) -> None:
        while True:
            try:
                wire, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if wire:
                threading.Thread(target=self._answer_udp, args=(wire, peer), daemon=True).start()

    def _answer_udp(self, wire: bytes, peer: tuple[str, int]) -> None:
        for reply in [self._truncated(wire)] if self.drip else self._replies(wire, tcp=False):
            with suppress(OSError):
                self._udp.sendto(reply, peer)

    def _truncated(self, wire: bytes) -> bytes:
        return truncated_for_ever(dns.message.from_wire(wire), False)[0]

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._answer_tcp, args=(connection,), daemon=True).start()

    def _answer_tcp(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            size = connection.recv(2)
            wire = connection.recv(struct.unpack("!H", size)[0]) if len(size) == 2 else b""
            for reply in self._replies(wire, tcp=True) if wire else ():
                data = struct.pack("!H", len(reply)) + reply
                for at in range(len(data)) if self.drip else ():
                    connection.sendall(data[at : at + 1])
                    time.sleep(DRIP)
                if not self.drip:
                    connection.sendall(data)
