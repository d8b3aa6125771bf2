"""What is ordinary in Japan and odd elsewhere, through a real Postfix."""

from __future__ import annotations

import pytest
from lab.cases import Lab
from tests.system.mails import case, letter

from sekisho.message import Client


@pytest.mark.parametrize(
    "subject",
    ["請求書の件".encode(), "請求書の件".encode("cp932"), "請求書の件".encode("euc_jp")],
    ids=["utf-8", "shift_jis", "euc-jp"],
)
def test_raw_eight_bit_headers_verify(lab: Lab, subject: bytes) -> None:
    """A signed header with raw 8-bit Japanese reaches us with the very bytes that were signed."""
    outcome = lab.send(letter("hanako@example.jp", subject=subject))
    assert outcome.line is not None
    assert outcome.line["dkim"] == "pass"
    assert outcome.line["dmarc"] != "fail"
    (delivery,) = outcome.deliveries
    assert subject in delivery.raw


@pytest.mark.parametrize("local", ["a..b", "x.", ".y", '"a..b"', '"x."'])
@pytest.mark.parametrize("domain", ["docomo.ne.jp", "ezweb.ne.jp"])
def test_carrier_addresses_are_ordinary(lab: Lab, local: str, domain: str) -> None:
    """Consecutive and trailing dots of Japanese carrier addresses are accepted without a finding, both as
    author and as recipient."""
    address = f"{local}@{domain}"
    raw = f"From: <{address}>\r\nTo: <{address}>\r\nSubject: hi\r\nDate: Tue, 10 Nov 2026 09:00:00 +0900\r\n\r\nhi\r\n"
    records = [{"name": domain, "type": "TXT", "value": "v=spf1 ip4:198.51.100.9 -all"}]
    client = Client(address="198.51.100.9", name=f"mail.{domain}", resolve="ok", helo=f"mail.{domain}")
    outcome = lab.send(case(raw.encode(), address, ["hanako@example.jp", address], client, records))
    assert outcome.line is not None
    assert outcome.verdict == "accept"
    assert not [
        each for each in outcome.findings if each.startswith(("author.", "envelope.", "identifiers."))
    ]
    assert outcome.line["spf"] == "pass"
