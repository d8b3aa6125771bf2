"""Slow name servers, which a sender chooses, must not spend the time in which the author's records are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import dns.message
import pytest
from lab.place import wait_until
from tests.auth_support import FixedClock, context, envelope, message, txt
from tests.dns_support import CLOCK, Reply, answering, deadline, resolver, serving

from sekisho.checks.table import CHECKS
from sekisho.dns_answer import Answer, Found
from sekisho.evidence import NOTHING, AuthorStatus, Evidence
from sekisho.ports import Resolver
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
        if check.name in ("prefetch", "spf", "dkim", "arc", "dmarc", "proof"):
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


@dataclass
class Hurried(Slow):
    """DNS in which names of `slow.example` take what is left of a stranger's time but a little, and every other
    question a twentieth of a second."""

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        self.asked.append(name)
        spends = SECONDS / 2 - 0.08 if name.endswith(SLOW) else 0.05
        self.clock.seconds = max(self.clock.seconds, min(self.clock.seconds + spends, deadline))
        if self.clock.seconds >= deadline:
            return FAILED
        return self.records.lookup(name, rtype, deadline)


def test_a_stranger_spoils_no_answer_of_the_authors() -> None:
    """A stranger's record names one of the author's, asked for when the stranger's time is as good as over: that it
    does not come in time is not what the author's own check hears."""
    clock = FixedClock()
    records = [
        *RECORDS,
        txt("stranger.example", f"v=spf1 a:a.{SLOW} include:s9._domainkey.bank.example -all"),
    ]
    inner = Hurried(clock, CaseResolver(records))
    outer = Budget(inner, SECONDS, clock)
    asked = replace(context(outer), clock=clock, deadline=1020.0, strangers=Budget(outer, SECONDS / 2, clock))
    raw = f"{SIGNATURE.format('bank.example', 9)}From: a@bank.example\r\n\r\nx\r\n".encode()
    mail, seen = message(raw, envelope("x@stranger.example", "192.0.2.1", helo="x")), NOTHING
    for check in CHECKS:
        if check.name in ("spf", "dkim", "arc", "dmarc", "proof"):
            seen += check.run(mail, seen, asked)
    assert inner.asked.count("s9._domainkey.bank.example") == 2, "the stranger was first"
    assert seen.author_status is AuthorStatus.UNAUTHENTICATED


def test_a_failure_within_the_time_is_heard_once() -> None:
    """A name server that says that it fails is not asked again by the same message, whoever asked first."""
    clock = FixedClock()
    failing = Slow(clock, CaseResolver(()))
    outer = Budget(failing, SECONDS, clock)
    for _ in range(2):
        assert outer.lookup(SLOW, "TXT", clock.seconds + 5).found is Found.TEMPERROR
    assert failing.asked == [SLOW]


def gated(reply: Reply, gate: threading.Event) -> Reply:
    """A name server that answers once the gate is open."""

    def late(query: dns.message.Message, over_tcp: bool) -> bytes | list[bytes] | None:
        gate.wait(10)
        return reply(query, over_tcp)

    return late


def test_who_asks_first_without_time_fails_no_other() -> None:
    """Messages that ask the same share one question. Where the first has hardly any time left, the others still hear
    the answer, within their own time."""
    gate = threading.Event()
    with (
        serving(gated(answering("k.example. 60 IN TXT v=DKIM1"), gate)) as server,
        ThreadPoolExecutor(5) as pool,
    ):
        asked = resolver(server, timeout=10.0)
        first = pool.submit(asked.lookup, "k.example", "TXT", deadline(0.5))
        wait_until(lambda: bool(server.questions), "the first has asked")
        others = [pool.submit(asked.lookup, "k.example", "TXT", deadline(10)) for _ in range(4)]
        assert first.result().found is Found.TEMPERROR
        gate.set()
        assert {each.result().texts for each in others} == {(b"v=DKIM1",)}
        asked.close()
    assert len(server.questions) <= 5, "the others shared one question again"


def test_nobody_waits_longer_than_its_own_time() -> None:
    """With a name server that is silent, each ends by its own deadline, and by the time-out for one question."""
    waited: list[float] = []

    def ask(seconds: float, lookup: Callable[[str, str, float], Answer]) -> Found:
        started = CLOCK.monotonic()
        found = lookup("k.example", "TXT", started + seconds).found
        waited.append(CLOCK.monotonic() - started)
        return found

    with serving(lambda query, over_tcp: None) as server, ThreadPoolExecutor(6) as pool:
        asked = resolver(server, timeout=1.0)
        flights = [pool.submit(ask, seconds, asked.lookup) for seconds in (0.0, 0.1, 0.2, 0.3, 0.4, 30.0)]
        assert {each.result() for each in flights} == {Found.TEMPERROR}
        asked.close()
    assert max(waited) < 15
