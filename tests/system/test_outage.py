"""DNS fails while mail flows: mail of strict authors is tagged or made to wait, everybody else's is untouched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab.cases import Lab
from lab.place import wait_until
from tests.system.mails import case

from sekisho.cases import Case
from sekisho.message import Client

CLIENT = Client(address="192.0.2.7", name="mx.shop.example", resolve="ok", helo="mx.shop.example")


def mail(domain: str, *recipients: str, number: int = 0, answers: bool = False) -> Case:
    """A plain mail of a domain whose name servers fail, or, with `answers`, publish a strict policy."""
    raw = (
        f"From: Office <office@{domain}>\r\nTo: <hanako@example.jp>\r\nSubject: Opening hours\r\n"
        f"Date: Tue, 10 Nov 2026 09:00:00 +0900\r\nMessage-ID: <{number}@{domain}>\r\n\r\nWe are open.\r\n"
    ).encode()
    records = [
        {"name": domain, "type": "TXT", "value": "v=spf1 ip4:192.0.2.7 -all"},
        {"name": f"_dmarc.{domain}", "type": "TXT", "value": "v=DMARC1; p=reject"},
    ]
    down = [{"name": each["name"], "rcode": "SERVFAIL"} for each in records]
    return case(raw, f"bounce@{domain}", recipients, CLIENT, records if answers else down)


@pytest.fixture(scope="module")
def patient(running_lab: Lab) -> Iterator[Lab]:
    """The session's lab, in which a message may wait for three seconds."""
    before = running_lab.sekisho.settings
    running_lab.sekisho.stop()
    running_lab.sekisho.configure({**before, "policy": {"defer_unknown": 0.05}})
    running_lab.sekisho.start()
    yield running_lab
    running_lab.sekisho.stop()
    running_lab.sekisho.configure(before)
    running_lab.sekisho.start()


def test_a_strict_author_waits_and_is_then_tagged(patient: Lab) -> None:
    """451 at first, whichever worker sees it and over a restart; then it is delivered with its tag. A message with a
    recipient in shadow never waits."""
    strict = mail("barclays.co.uk", "hanako@example.jp")
    first = patient.send(strict)
    assert (first.sent.reply.code, "4.4.3" in first.sent.reply.text) == (451, True)
    assert not first.deliveries
    patient.sekisho.stop()
    patient.sekisho.start()
    wait_until(lambda: patient.send(strict).sent.reply.code == 250, "the waiting has an end")
    after = patient.send(strict)
    assert (after.sent.reply.code, after.verdict) == (250, "tag")
    assert after.findings["brand.own_domain_unknown"] == 5
    assert after.deliveries[0].fields("X-Sekisho-Verdict")[0].startswith("tag;")
    shadow = patient.send(mail("barclays.co.uk", "hanako@shadow.example", "taro@example.jp", number=1))
    assert (shadow.sent.reply.code, bool(shadow.deliveries)) == (250, True)


def test_everybody_elses_mail_is_untouched(patient: Lab) -> None:
    """A domain of which nothing is known, in the same outage."""
    other = patient.send(mail("shop.example", "hanako@example.jp"))
    assert (other.sent.reply.code, other.verdict, other.score) == (250, "accept", 0)


def test_a_policy_that_was_met_is_known_in_the_outage(patient: Lab) -> None:
    """A worker notes the domain while DNS answers; later, after a restart, with DNS gone, its mail is marked."""
    assert patient.send(mail("met.example", "hanako@example.jp", answers=True)).verdict == "accept"
    patient.sekisho.stop()
    patient.sekisho.start()
    after = patient.send(mail("met.example", "hanako@shadow.example"))
    assert (after.verdict, after.findings) == ("tag", {"brand.own_domain_unknown": 5})
