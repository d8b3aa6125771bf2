"""The DNS of a case file: its records, and nothing else."""

from __future__ import annotations

import pytest

from sekisho.dns_answer import Found
from sekisho.resolver import CaseResolver

RECORDS = [
    {"name": "Example.JP.", "type": "txt", "value": "v=spf1 -all"},
    {"name": "example.jp", "type": "MX", "value": "10 MX.Example.JP."},
    {"name": "mx.example.jp", "type": "A", "value": "192.0.2.1"},
    {"name": "mx.example.jp", "type": "AAAA", "value": "2001:DB8::1"},
    {"name": "1.2.0.192.in-addr.arpa", "type": "PTR", "value": "mx.example.jp."},
    {"name": "www.example.jp", "type": "CNAME", "value": "mx.example.jp"},
    {"name": "loop.example.jp", "type": "CNAME", "value": "loop.example.jp"},
    {"name": "gone.example.jp", "rcode": "NXDOMAIN"},
    {"name": "broken.example.jp", "rcode": "SERVFAIL"},
    {"name": "slow.example.jp", "rcode": "timeout"},
    {"name": "half.example.jp", "type": "A", "value": "192.0.2.2"},
    {"name": "half.example.jp", "rcode": "SERVFAIL"},
    {"name": "_dmarc.deep.other.jp", "type": "TXT", "value": "v=DMARC1; p=none"},
    {"name": "odd.example.jp", "type": "CAA", "value": '0 issue "ca.example"', "ttl": 5},
]


@pytest.mark.parametrize(
    ("name", "rtype", "found", "records"),
    [
        ("example.jp", "TXT", Found.ANSWER, (b"v=spf1 -all",)),
        ("EXAMPLE.jp.", "MX", Found.ANSWER, ((10, "mx.example.jp"),)),
        ("mx.example.jp", "A", Found.ANSWER, ("192.0.2.1",)),
        ("mx.example.jp", "AAAA", Found.ANSWER, ("2001:db8::1",)),
        ("1.2.0.192.in-addr.arpa", "PTR", Found.ANSWER, ("mx.example.jp",)),
        ("www.example.jp", "A", Found.ANSWER, ("192.0.2.1",)),
        ("loop.example.jp", "A", Found.NODATA, ()),
        ("mx.example.jp", "TXT", Found.NODATA, ()),  # another type at a listed name
        ("jp", "TXT", Found.NODATA, ()),  # an ancestor of a listed name
        ("deep.other.jp", "A", Found.NODATA, ()),
        ("gone.example.jp", "A", Found.NXDOMAIN, ()),
        ("broken.example.jp", "TXT", Found.TEMPERROR, ()),
        ("slow.example.jp", "TXT", Found.TEMPERROR, ()),
        ("half.example.jp", "A", Found.ANSWER, ("192.0.2.2",)),
        ("half.example.jp", "TXT", Found.TEMPERROR, ()),
        ("_dmarc.example.jp", "TXT", Found.NXDOMAIN, ()),  # everything else
        ("a.mx.example.jp", "A", Found.NXDOMAIN, ()),
        ("xample.jp", "A", Found.NXDOMAIN, ()),
        ("", "A", Found.NXDOMAIN, ()),
        ("odd.example.jp", "TXT", Found.NODATA, ()),
    ],
)
def test_lookup(name: str, rtype: str, found: Found, records: tuple[object, ...]) -> None:
    """Listed records are found; other types and ancestors give NODATA, other names NXDOMAIN, and rcodes count."""
    answer = CaseResolver(RECORDS).lookup(name, rtype, 0.0)
    assert (answer.found, answer.records) == (found, records)


@pytest.mark.parametrize(
    "record",
    [
        {"name": "", "type": "A", "value": "192.0.2.1"},
        {"name": "example.jp", "type": "A", "value": "example.jp"},
        {"name": "example.jp", "type": "A"},
        {"name": "example.jp", "value": "x"},
        {"name": "example.jp", "rcode": "WHATEVER"},
        {"name": "example.jp", "type": "MX", "value": "mx.example.jp"},
        {"type": "A", "value": "192.0.2.1"},
    ],
)
def test_nonsense_is_refused(record: dict[str, str]) -> None:
    """A record of no known form is a ValueError, not an empty answer."""
    with pytest.raises(ValueError, match=r"."):
        CaseResolver([record])
