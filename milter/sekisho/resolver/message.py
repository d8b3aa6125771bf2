"""DNS messages: the bytes of a query, and the answer in a response (RFC 1035, RFC 2308, RFC 6891)."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from sekisho.dns_answer import Answer, Found
from sekisho.resolver.names import MAX_CHAIN, NODATA, NXDOMAIN, TEMPERROR

MAX_RECORDS = 100  # of one answer; SPF must see an eleventh MX
TEMPERROR_TTL_SECONDS = 5.0  # a failing server is not asked again at once
UDP_PAYLOAD_BYTES = 1232  # a datagram of this size is not fragmented (DNS flag day 2020)

TYPES: Final[Mapping[str, dns.rdatatype.RdataType]] = {
    word: dns.rdatatype.from_text(word) for word in ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "TXT")
}
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,126}\Z")


def host_text(name: dns.name.Name) -> str | None:
    """The host of an answer; None if it has anything but letters, digits, hyphens and underscores."""
    text = name.to_text(omit_final_dot=True).lower()
    return text if _HOST.match(text) else None


def record_value(rdata: dns.rdata.Rdata) -> object | None:
    """One record in the form of `dns_answer.Answer`; None if its host is invalid."""
    match rdata.rdtype:
        case dns.rdatatype.A | dns.rdatatype.AAAA:
            return str(rdata.address)  # type: ignore[attr-defined]
        case dns.rdatatype.TXT:
            return b"".join(rdata.strings)  # type: ignore[attr-defined]
        case dns.rdatatype.MX:
            host = host_text(rdata.exchange)  # type: ignore[attr-defined]
            return (int(rdata.preference), host or "")  # type: ignore[attr-defined]
        case _:
            return host_text(rdata.target)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class TimedAnswer:
    """An answer, and its TTL in seconds as published."""

    answer: Answer
    ttl: float


def read_response(response: dns.message.Message, name: str, rtype: str) -> TimedAnswer:
    """The answer in a response. CNAMEs are followed within the response."""
    rcode = response.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return TimedAnswer(TEMPERROR, TEMPERROR_TTL_SECONDS)
    records, ttl = _follow(response.answer, dns.name.from_text(name), TYPES[rtype])
    if records:
        return TimedAnswer(Answer(Found.ANSWER, records), ttl)
    absent = NXDOMAIN if rcode == dns.rcode.NXDOMAIN else NODATA
    return TimedAnswer(absent, min(ttl, _negative_ttl(response.authority)))


def _follow(
    answer: list[dns.rrset.RRset], name: dns.name.Name, rtype: dns.rdatatype.RdataType
) -> tuple[tuple[object, ...], float]:
    sets = {(rrset.name, rrset.rdtype): rrset for rrset in answer}
    ttl = float("inf")
    for _ in range(MAX_CHAIN):
        if rrset := sets.get((name, rtype)):
            shapes = (record_value(rdata) for rdata in list(rrset)[:MAX_RECORDS])
            return tuple(shape for shape in shapes if shape is not None), min(ttl, rrset.ttl)
        alias = sets.get((name, dns.rdatatype.CNAME))
        if alias is None:
            break
        ttl = min(ttl, alias.ttl)
        name = alias[0].target
    return (), ttl


def _negative_ttl(authority: list[dns.rrset.RRset]) -> float:
    """The seconds that an absence may be cached (RFC 2308 section 5).

    The smaller of the SOA's TTL and its minimum. Without SOA it is a few seconds.
    """
    for rrset in authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return float(min(rrset.ttl, rrset[0].minimum))
    return TEMPERROR_TTL_SECONDS


def build_query(name: str, rtype: str, query_id: int) -> bytes:
    """The bytes of a recursive query with EDNS. `query_id` is its 16-bit number.

    It is made without dnspython, which takes longer: there is a query for every miss of the cache.
    """
    labels = b"".join(bytes((len(label),)) + label for label in name.encode("ascii").split(b"."))
    head = struct.pack("!6H", query_id, dns.flags.RD, 1, 0, 0, 1)
    question = labels + b"\0" + struct.pack("!2H", TYPES[rtype], dns.rdataclass.IN)
    return head + question + b"\0" + struct.pack("!2HIH", dns.rdatatype.OPT, UDP_PAYLOAD_BYTES, 0, 0)


def parse_response(wire: bytes, name: str, rtype: str, query_id: int) -> dns.message.Message | None:
    """The response to this question with the number `query_id`; None for any other datagram."""
    try:
        response = dns.message.from_wire(wire, ignore_trailing=True, raise_on_truncation=False)
        asked = response.question[0]
        ours = (
            response.id == query_id
            and bool(response.flags & dns.flags.QR)
            and asked.name == dns.name.from_text(name)
            and asked.rdtype == TYPES[rtype]
        )
    except (dns.exception.DNSException, ValueError, IndexError, struct.error):
        return None
    return response if ours else None
