"""Slow name servers, which a sender chooses, must not spend the time in which the author's records are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from tests.auth_support import FixedClock, context, envelope, message, txt

from sekisho.checks.table import CHECKS
from sekisho.evidence import NOTHING, AuthorStatus, Evidence
from sekisho.ports import Answer, Found, Resolver
from sekisho.resolver import Budget, CaseResolver

SECONDS = 8.0
SLOW = "slow.example"


@dataclass
class Slow:
    """DNS in which each question about `slow.example` takes two seconds, and brings nothing."""

    clock: FixedClock
    records: Resolver
    asked: list[str] = field(default_factory=list)

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        self.asked.append(name)
        if not name.endswith(SLOW):
            return self.records.lookup(name, rtype, deadline) if self.clock.seconds < deadline else FAILED
        self.clock.seconds = min(self.clock.seconds + 2, deadline)
        return FAILED

    def warm(self, name: str, rtype: str) -> None:
        """All that is asked ahead comes too late."""


FAILED = Answer(Found.TEMPERROR)
RECORDS = [
    txt("_dmarc.bank.example", "v=DMARC1; p=reject"),
    txt("bank.example", "v=spf1 ip4:198.51.100.1 -all"),
]
SIGNATURE = "DKIM-Signature: v=1; a=rsa-sha256; d={0}; s=s{1}; h=from; bh=AAAA; b=AAAA\r\n"


def judged(signatures: int, sender: str, own_signature: bool) -> Evidence:
    """What authentication finds of mail in the name of bank.example; the first signatures are of the slow domain."""
    clock = FixedClock()
    outer = Budget(Slow(clock, CaseResolver(RECORDS)), SECONDS, clock)
    asked = replace(context(outer), clock=clock, deadline=1020.0, strangers=Budget(outer, SECONDS / 2, clock))
    head = "".join(SIGNATURE.format(SLOW, number) for number in range(signatures))
    head += SIGNATURE.format("bank.example", 9) if own_signature else ""
    raw = f"{head}From: a@bank.example\r\n\r\nx\r\n".encode()
    mail, seen = message(raw, envelope(sender, "192.0.2.1", helo="x")), NOTHING
    for check in CHECKS:
        if check.name in ("ahead", "spf", "dkim", "arc", "dmarc", "proof"):
            seen += check.run(mail, seen, asked)
    return seen


@pytest.mark.parametrize("sender", [f"x@{SLOW}", "x@bank.example", "x@missing.example"])
@pytest.mark.parametrize("signatures", [0, 1, 5, 20])
@pytest.mark.parametrize("own_signature", [False, True])
def test_the_authors_records_are_asked_for_in_time(signatures: int, sender: str, own_signature: bool) -> None:
    """Whatever a slow stranger signs or sends, the author's records are known, and that nothing proves the author."""
    seen = judged(signatures, sender, own_signature)
    assert seen.author_status is AuthorStatus.UNAUTHENTICATED
    assert any(finding.kind.id == "auth.dmarc_fail" for finding in seen.findings)
