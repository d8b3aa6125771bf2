"""What a trusted sealer is believed. Chains themselves are in conformance/test_dkim.py."""

from __future__ import annotations

import base64
import functools
import hashlib

import nacl.signing
import pytest
from tests.auth_support import Asked, context, message, txt

from sekisho.auth.signatures import relaxed_value
from sekisho.checks.authentication import arc
from sekisho.evidence import Evidence
from sekisho.message.body import relaxed_body
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult

SEED = nacl.signing.SigningKey(hashlib.sha256(b"a sealer for tests").digest())
KEY = txt("s._domainkey.sealer.example", "k=ed25519; p=" + base64.b64encode(bytes(SEED.verify_key)).decode())
AUTHOR = b"From: a@example.jp"
BODY = b"text\r\n"


def _seal(lines: bytes) -> bytes:
    return base64.b64encode(SEED.sign(hashlib.sha256(lines).digest()).signature)


def _line(name: bytes, value: bytes) -> bytes:
    return name.lower() + b":" + relaxed_value(value)


@functools.cache
def chain(saw: bytes) -> bytes:
    """A message with one ARC set by sealer.example, which saw this."""
    digest = base64.b64encode(hashlib.sha256(relaxed_body(BODY)).digest())
    results = b" i=1; sealer.example; " + saw
    own = b" i=1; a=ed25519-sha256; c=relaxed/relaxed; d=sealer.example; s=s; h=from; bh=%s; b=" % digest
    own += _seal(_line(b"From", AUTHOR[5:]) + b"\r\n" + _line(b"ARC-Message-Signature", own))
    seal = b" i=1; a=ed25519-sha256; cv=none; d=sealer.example; s=s; b="
    before = _line(b"ARC-Authentication-Results", results) + b"\r\n" + _line(b"ARC-Message-Signature", own)
    seal += _seal(before + b"\r\n" + _line(b"ARC-Seal", seal))
    head = [b"ARC-Seal:" + seal, b"ARC-Message-Signature:" + own, b"ARC-Authentication-Results:" + results]
    return b"\r\n".join([*head, AUTHOR, b"", BODY])


def run(raw: bytes, sealers: frozenset[str], *records: dict[str, object]) -> Evidence:
    return arc.check(message(raw), Evidence(), context(CaseResolver(records or [KEY]), sealers=sealers))


TRUSTED = frozenset({"sealer.example"})


@pytest.mark.parametrize(
    ("saw", "believed"),
    [
        (b"dmarc=pass header.from=example.jp", True),
        (b"dkim=pass header.d=example.jp", True),
        (b"dkim=pass header.d=mail.example.jp", True),
        (b"spf=pass smtp.mailfrom=bounce@example.jp", True),
        (b"spf=fail smtp.mailfrom=x.jp; dkim=pass header.d=example.jp", True),
        (b"dmarc=fail header.from=example.jp", False),
        (b"dmarc=pass header.from=other.jp", False),
        (b"dkim=pass header.d=other.jp", False),
        (b"dkim=pass header.d=other.jp (header.d=example.jp)", False),
        (b"spf=pass", False),
        (b"none", False),
        (b"iprev=pass policy.iprev=example.jp", False),
    ],
)
def test_what_the_sealer_saw(saw: bytes, believed: bool) -> None:
    """Only the author's own pass, as the trusted sealer recorded it, is forgiving."""
    found = run(chain(saw), TRUSTED)
    assert found.result("arc") is AuthResult.PASS
    assert found.has("arc.trusted_sealer") is believed


def test_strangers_seals_forgive_nothing() -> None:
    """A passing chain of a sealer that the operator does not name has no effect."""
    raw = chain(b"dmarc=pass header.from=example.jp")
    assert run(raw, frozenset()).findings == ()
    assert run(raw, frozenset({"other.example"})).findings == ()
    assert run(raw, frozenset({"er.example"})).findings == ()


def test_a_broken_chain_forgives_nothing() -> None:
    """A trusted name on a chain that does not hold is nobody's word."""
    raw = chain(b"dmarc=fail header.from=example.jp").replace(b"dmarc=fail", b"dmarc=pass")
    found = run(raw, TRUSTED)
    assert (found.result("arc"), found.findings) == (AuthResult.FAIL, ())


def test_arc_never_proves() -> None:
    """No chain gives a proof."""
    assert run(chain(b"dmarc=pass header.from=example.jp"), TRUSTED).proofs == ()


def test_silent_dns_is_temperror() -> None:
    """A key that cannot be fetched leaves the chain unknown, not failed."""
    silent = {"name": "s._domainkey.sealer.example", "rcode": "SERVFAIL"}
    found = run(chain(b"none"), TRUSTED, silent)
    assert (found.result("arc"), found.degraded) == (AuthResult.TEMPERROR, ("dns",))


def test_a_header_beyond_the_limit_is_not_known() -> None:
    """Sets may lie where nobody looks: the chain neither passes nor fails, and forgives nothing."""
    raw = chain(b"dmarc=pass header.from=example.jp")
    found = run(raw.replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * 1000 + b"\r\n", 1), TRUSTED)
    assert [each.result for each in found.results] == [AuthResult.UNKNOWN]
    assert not found.findings


def test_too_many_sets_are_not_looked_at() -> None:
    """Beyond ten sets nothing is verified and nobody is asked; it is a finding."""
    raw = b"".join(
        b"ARC-Seal: i=%d\r\nARC-Message-Signature: i=%d\r\nARC-Authentication-Results: i=%d; x\r\n"
        % (n, n, n)
        for n in range(1, 40)
    )
    dns = Asked(CaseResolver([KEY]))
    found = arc.check(message(raw + chain(b"none")), Evidence(), context(dns, sealers=TRUSTED))
    assert found.has("arc.too_many_sets")
    assert found.degraded == ("limit",)
    assert dns.asked == []


@pytest.mark.parametrize(
    "fields",
    [
        b"ARC-Seal: i=999999999999\r\n",
        b"ARC-Seal: i=\r\n",
        b"ARC-Seal: \xff\r\n",
        b"ARC-Seal: i=1; cv=; b=\r\nARC-Message-Signature: i=1\r\nARC-Authentication-Results: i=1;\r\n",
        b"ARC-Seal: i=0\r\n",
        b"ARC-Seal: i=-1\r\n",
        b"ARC-Authentication-Results: " + b"i" * 20_000 + b"\r\n",
        b"ARC-Message-Signature: i=1; i=2\r\n",
    ],
)
def test_nonsense_fails(fields: bytes) -> None:
    """Fields that are no set are a failed chain, never an exception."""
    assert run(fields + AUTHOR + b"\r\n\r\nx\r\n", TRUSTED).result("arc") is AuthResult.FAIL
