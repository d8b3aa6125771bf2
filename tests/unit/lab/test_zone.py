"""The loopback DNS keeps the rules of the case format."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from lab.dns import DnsServer, Zone

RECORDS = [
    {"name": "a.example.jp", "type": "TXT", "value": "v=spf1 " + "ip4:192.0.2.1 " * 60 + "-all"},
    {"name": "alias.example.jp", "type": "CNAME", "value": "a.example.jp."},
    {"name": "gone.example.jp", "rcode": "NXDOMAIN"},
    {"name": "broken.example.jp", "rcode": "SERVFAIL"},
    {"name": "silent.example.jp", "rcode": "TIMEOUT"},
    {"name": "half.example.jp", "type": "A", "value": "192.0.2.5"},
    {"name": "half.example.jp", "type": "TXT", "rcode": "SERVFAIL"},
]


@pytest.mark.parametrize(
    ("name", "rtype", "rcode", "answers"),
    [
        ("a.example.jp", "TXT", dns.rcode.NOERROR, 1),
        ("A.Example.JP", "TXT", dns.rcode.NOERROR, 1),
        ("alias.example.jp", "TXT", dns.rcode.NOERROR, 2),
        ("a.example.jp", "A", dns.rcode.NOERROR, 0),
        ("example.jp", "TXT", dns.rcode.NOERROR, 0),
        ("other.example.jp", "TXT", dns.rcode.NXDOMAIN, 0),
        ("gone.example.jp", "A", dns.rcode.NXDOMAIN, 0),
        ("broken.example.jp", "A", dns.rcode.SERVFAIL, 0),
        ("half.example.jp", "A", dns.rcode.NOERROR, 1),
        ("half.example.jp", "TXT", dns.rcode.SERVFAIL, 0),
    ],
)
def test_names_end_as_the_case_says(name: str, rtype: str, rcode: int, answers: int) -> None:
    """Listed names answer, their other types and ancestors are NODATA, the rest is NXDOMAIN."""
    response = Zone(RECORDS).answer(dns.message.make_query(name, rtype))
    assert response is not None
    assert response.rcode() == rcode
    assert len(response.answer) == answers


def test_a_silent_name_gets_no_answer() -> None:
    """TIMEOUT is silence, not an error."""
    assert Zone(RECORDS).answer(dns.message.make_query("silent.example.jp", "A")) is None


def test_nothing_may_be_cached() -> None:
    """Answers live zero seconds and absences carry no SOA, so no case sees another's records."""
    zone = Zone(RECORDS)
    found = zone.answer(dns.message.make_query("a.example.jp", "TXT"))
    absent = zone.answer(dns.message.make_query("other.example.jp", "TXT"))
    assert found is not None
    assert absent is not None
    assert {rrset.ttl for rrset in found.answer} == {0}
    assert absent.authority == []


def test_long_answers_come_over_tcp() -> None:
    """A record too long for a small UDP answer is truncated there and whole over TCP."""
    query = dns.message.make_query("a.example.jp", "TXT", use_edns=False)
    with DnsServer(RECORDS) as server:
        short = dns.query.udp(query, "127.0.0.1", port=server.port, timeout=10)
        whole = dns.query.tcp(query, "127.0.0.1", port=server.port, timeout=10)
    assert short.flags & dns.flags.TC
    assert len(whole.answer) == 1


def test_serving_another_case_forgets_the_first() -> None:
    """After `serve` only the new records are known."""
    query = dns.message.make_query("a.example.jp", "TXT")
    with DnsServer(RECORDS) as server:
        server.serve([{"name": "b.example.jp", "type": "A", "value": "192.0.2.9"}])
        assert dns.query.udp(query, "127.0.0.1", port=server.port, timeout=10).rcode() == dns.rcode.NXDOMAIN
        server.serve(None)
        assert dns.query.udp(query, "127.0.0.1", port=server.port, timeout=10).rcode() == dns.rcode.SERVFAIL
