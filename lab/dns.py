"""A DNS server on loopback (UDP and TCP) that has exactly the records of a case.

The rules are those of the case format: a listed name answers with its records; other types at a listed name, and names
above a listed name, are NODATA; every other name is NXDOMAIN. A record with `rcode` answers for the types that have no
record there, or only for its own `type`: NXDOMAIN, SERVFAIL, or no answer (TIMEOUT). Records have TTL 0. Negative
answers have no SOA, so they are not cached (RFC 2308 section 5). So nothing of one case is remembered in the next.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset

from lab.place import LabError, free_port

_MAX_CNAMES = 8  # followed in one answer
_WORDS = ("NOERROR", "NXDOMAIN", "SERVFAIL", "TIMEOUT")
_ANY = dns.rdatatype.ANY  # means every type that has no record

Rdatas = dict[dns.rdatatype.RdataType, list[dns.rdata.Rdata]]


class Zone:
    """The records that are served, and the answer for every other name.

    `ttl` is in seconds. An invalid record (a label that is too long, an invalid address) raises LabError; with
    `lenient` it is left out.
    """

    def __init__(
        self,
        records: Iterable[Mapping[str, Any]] = (),
        ttl: int = 0,
        *,
        lenient: bool = True,
        unknown: bool = False,
    ) -> None:
        self.ttl = ttl
        self._unknown = "SERVFAIL" if unknown else "NXDOMAIN"
        self.names: dict[dns.name.Name, Rdatas] = {}
        self.rcodes: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], str] = {}
        self.ancestors: set[dns.name.Name] = set()
        for record in records:
            try:
                self._add(record)
            except (dns.exception.DNSException, ValueError, KeyError, UnicodeError) as error:
                if not lenient:
                    raise LabError(f"dns record {record}: {error}") from error

    def _add(self, record: Mapping[str, Any]) -> None:
        name = _name(str(record["name"]))
        rtype = dns.rdatatype.from_text(str(record["type"])) if "type" in record else _ANY
        if "rcode" in record:
            word = str(record["rcode"]).upper()
            if word not in _WORDS:
                raise ValueError(f"rcode is one of {', '.join(_WORDS)}")
            self.rcodes[name, rtype] = word
        else:
            self.names.setdefault(name, {}).setdefault(rtype, []).append(_rdata(rtype, str(record["value"])))
        parent = name
        while len(parent) > 1:
            parent = parent.parent()
            self.ancestors.add(parent)

    def answer(self, query: dns.message.Message) -> dns.message.Message | None:
        """The response to one query; None if the query is not answered."""
        response = dns.message.make_response(query, recursion_available=True)
        if not query.question:
            response.set_rcode(dns.rcode.FORMERR)
            return response
        name, rtype = query.question[0].name.canonicalize(), query.question[0].rdtype
        for _ in range(_MAX_CNAMES):
            types = self.names.get(name, {})
            found = rtype if rtype in types else dns.rdatatype.CNAME
            if found not in types:
                return self._without(response, name, rtype)
            response.answer.append(dns.rrset.from_rdata_list(name, self.ttl, types[found]))
            if found == rtype:
                return response
            name = types[found][0].target.canonicalize()  # type: ignore[attr-defined]
        return response

    def _without(
        self, response: dns.message.Message, name: dns.name.Name, rtype: dns.rdatatype.RdataType
    ) -> dns.message.Message | None:
        """The response for a name that has no record of the type."""
        exists = name in self.names or name in self.ancestors
        word = self.rcodes.get((name, rtype)) or self.rcodes.get((name, _ANY))
        word = word or ("NOERROR" if exists else self._unknown)
        if word == "TIMEOUT":
            return None
        response.set_rcode(dns.rcode.from_text(word))
        return response


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(
        text if text.isascii() else text.encode("idna").decode(), dns.name.root
    ).canonicalize()


def _rdata(rtype: dns.rdatatype.RdataType, value: str) -> dns.rdata.Rdata:
    """A record from the text of a case: a TXT value has no quotes and is split into strings of 255 bytes."""
    if rtype in (dns.rdatatype.TXT, dns.rdatatype.SPF):
        data = value.encode("utf-8", "surrogateescape")
        strings = [data[start : start + 255] for start in range(0, len(data), 255)] or [b""]
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, rtype, strings)
    return dns.rdata.from_text(dns.rdataclass.IN, rtype, value, origin=dns.name.root, relativize=False)


@dataclass
class Asked:
    """One query that came in."""

    name: str
    rtype: str


class DnsServer:
    """Serves one zone at a time on `host:port`, an address of loopback, in two threads of this process.

    `serve(records)` replaces the zone at once. `asked` lists the queries since then, for tests of what leaves the
    machine.
    """

    def __init__(
        self,
        records: Iterable[Mapping[str, Any]] = (),
        port: int | None = None,
        ttl: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self.host = host
        self.port = port or free_port()
        self._ttl = ttl
        self.asked: list[Asked] = []
        self._ready: dict[tuple[bytes, bool], bytes | None] = {}
        self.zone = Zone()
        self.serve(records)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._threads = [
            threading.Thread(target=target, name=f"lab-dns-{target.__name__}", daemon=True)
            for target in (self._serve_udp, self._serve_tcp)
        ]

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def __enter__(self) -> DnsServer:
        self._udp.bind((self.host, self.port))
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._tcp.bind((self.host, self.port))
        self._tcp.listen(64)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._udp, self._tcp):
            with contextlib.suppress(OSError):  # UDP has no connection, but its reader wakes up
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)

    def serve(self, records: Iterable[Mapping[str, Any]] | None) -> None:
        """Serve these records and nothing else from now on. None: every query gets SERVFAIL."""
        self.zone = Zone(records or (), self._ttl, unknown=records is None)
        self.asked = []
        self._ready = {}

    def _reply(self, wire: bytes, udp: bool) -> bytes | None:
        """The bytes of the response. Responses are cached, so that the benchmark does not measure this server."""
        ready = self._ready
        key = (wire[2:], udp)
        if key not in ready:
            try:
                query = dns.message.from_wire(wire)
            except dns.exception.DNSException:
                return None
            for question in query.question:
                self.asked.append(Asked(question.name.to_text(omit_final_dot=True), question.rdtype.name))
            response = self.zone.answer(query)
            limit = max(512, query.payload) if udp else 65535
            ready[key] = _to_wire(response, limit) if response else None
        answer = ready[key]
        return answer and wire[:2] + answer[2:]

    def _serve_udp(self) -> None:
        while True:
            try:
                wire, peer = self._udp.recvfrom(4096)
                if not wire:
                    return
                answer = self._reply(wire, udp=True)
                if answer:
                    self._udp.sendto(answer, peer)
            except OSError:
                return

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    self._serve_connection(connection)
                except OSError:
                    continue

    def _serve_connection(self, connection: socket.socket) -> None:
        stream = connection.makefile("rwb")
        while len(prefix := stream.read(2)) == 2:
            answer = self._reply(stream.read(struct.unpack("!H", prefix)[0]), udp=False)
            if answer is None:
                return
            stream.write(struct.pack("!H", len(answer)) + answer)
            stream.flush()


def _to_wire(response: dns.message.Message, limit: int) -> bytes:
    try:
        return response.to_wire(max_size=limit)
    except dns.exception.TooBig:
        response.answer.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=limit)
