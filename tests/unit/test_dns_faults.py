"""A name server that is dead, slow, lying, looping or endless, under the whole pipeline: what cannot be known is
unknown, the verdict says so, and the time stays in the message's budget."""

from __future__ import annotations

import functools
import time

import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from tests.dns_support import Reply, Server, answering, resolver, serving

from sekisho import compose
from sekisho.config import Config
from sekisho.judgement import Judged
from sekisho.message import Client, Envelope, Recipient
from sekisho.results import AuthResult
from sekisho.verdict import Reply as Answer

BUDGET = 1.5  # seconds
RAW = (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=bank.example; s=s; h=from:subject; bh=AAAA; b=AAAA\r\n"
    b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=bank.example; s=s; b=AAAA\r\n"
    b"ARC-Message-Signature: i=1; a=rsa-sha256; d=bank.example; s=s; h=from; bh=AAAA; b=AAAA\r\n"
    b"ARC-Authentication-Results: i=1; bank.example; spf=pass\r\n"
    b"From: Bank <info@bank.example>\r\nTo: <hanako@example.jp>\r\nSubject: hello\r\n\r\nHello\r\n"
)
ENVELOPE = Envelope(
    sender="info@bank.example",
    recipients=(Recipient("hanako@example.jp"),),
    client=Client("192.0.2.7", "mail.bank.example", "ok", "mail.bank.example"),
)


@functools.cache
def settings() -> tuple[Config, compose.Ports]:
    config = Config.model_validate(
        {"mode": "enforce", "authserv_id": "mx.example.jp", "dns": {"budget": BUDGET}}
    )
    return config, compose.offline(config)


def judged(server: Server) -> Judged:
    """The message through the one way, with this name server behind the real resolver."""
    config, ports = settings()
    real = resolver(server, timeout=0.3, budget=BUDGET)
    pipeline = compose.pipeline(config, compose.Ports(ports.clock, ports.knowledge, real, guard=ports.guard))
    return pipeline.process(RAW, ENVELOPE)


def silent(query: dns.message.Message, over_tcp: bool) -> None:
    return None


def late(query: dns.message.Message, over_tcp: bool) -> bytes:
    time.sleep(0.4)  # the fault itself: an answer after the resolver's time-out
    return dns.message.make_response(query).to_wire()


def lying(query: dns.message.Message, over_tcp: bool) -> bytes:
    """The answer to another question, with the right number."""
    other = dns.message.make_query("evil.example", "TXT", id=query.id)
    response = dns.message.make_response(other)
    response.answer.append(dns.rrset.from_text("evil.example.", 60, "IN", "TXT", '"v=spf1 +all"'))
    return response.to_wire()


def looping(query: dns.message.Message, over_tcp: bool) -> bytes:
    """Every name is an alias of a longer one, never an address."""
    response = dns.message.make_response(query)
    name = query.question[0].name.to_text()
    response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", "a.loop.example."))
    response.answer.append(dns.rrset.from_text("a.loop.example.", 60, "IN", "CNAME", "b.loop.example."))
    response.answer.append(dns.rrset.from_text("b.loop.example.", 60, "IN", "CNAME", "a.loop.example."))
    return response.to_wire()


def truncating(query: dns.message.Message, over_tcp: bool) -> bytes | None:
    """Truncated for ever: over TCP nothing comes."""
    if over_tcp:
        return None
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    return response.to_wire()


def endless(query: dns.message.Message, over_tcp: bool) -> bytes:
    """64 kB of records, over TCP as it must be."""
    response = dns.message.make_response(query)
    if not over_tcp:
        response.flags |= dns.flags.TC
        return response.to_wire()
    name = query.question[0].name.to_text()
    texts = [f'"v=spf1 {f"include:a{number}.example " * 10}-all"' for number in range(200)]
    response.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
    return response.to_wire(max_size=65_535)


def garbage(query: dns.message.Message, over_tcp: bool) -> bytes:
    return query.to_wire()[:2] + b"\xff" * 500


def widening(query: dns.message.Message, over_tcp: bool) -> bytes:
    """An SPF record whose every include has eight more."""
    name = query.question[0].name.to_text().rstrip(".")
    labels = ".".join(name.split(".")[-2:])
    text = " ".join(f"include:{number}x{len(name)}.{labels}" for number in range(8))
    response = dns.message.make_response(query)
    response.answer.append(dns.rrset.from_text(name + ".", 60, "IN", "TXT", f'"v=spf1 {text} -all"'))
    return response.to_wire(max_size=65_535)


SILENT: dict[str, Reply] = {
    "dead": silent,
    "slow": late,
    "lying": lying,
    "truncating": truncating,
    "garbage": garbage,
    "servfail": answering(rcode=dns.rcode.SERVFAIL),
    "refused": answering(rcode=dns.rcode.REFUSED),
}


@pytest.mark.parametrize("name", SILENT)
def test_what_dns_hides_is_unknown(name: str) -> None:
    """No pass and no proof from it, the verdict marked, no 451, and few questions."""
    with serving(SILENT[name]) as server:
        done = judged(server)
    evidence = done.evidence
    for method in ("spf", "dkim", "dmarc", "arc"):
        assert evidence.result(method) is AuthResult.TEMPERROR, method
    assert "dns" in evidence.degraded
    assert evidence.proofs == ()
    assert not {each.kind.id for each in evidence.findings} & {
        "auth.spf_fail",
        "auth.dmarc_fail",
        "auth.dkim_fail",
    }
    assert done.action.reply is Answer.ACCEPT
    assert len(server.questions) < 60


@pytest.mark.parametrize("reply", [looping, endless, widening], ids=lambda reply: reply.__name__)
def test_what_dns_says_without_end_proves_nothing(reply: Reply) -> None:
    """Loops, huge answers and records that ask for ever more end in an error or an absence, after few questions."""
    with serving(reply) as server:
        done = judged(server)
    assert done.evidence.proofs == ()
    assert AuthResult.PASS not in {
        result.result for result in done.evidence.results if result.method != "iprev"
    }
    assert len(server.questions) < 60


def test_a_temporary_failure_of_the_mta_is_told() -> None:
    """The MTA could not confirm the client's name for now: temperror, and the verdict is marked."""
    config, ports = settings()
    envelope = Envelope(client=Client("192.0.2.7", "unknown", "temp"))
    done = compose.pipeline(config, ports).process(RAW, envelope)
    assert done.evidence.result("iprev") is AuthResult.TEMPERROR
    assert "dns" in done.evidence.degraded
