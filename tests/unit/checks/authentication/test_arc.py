"""What a trusted sealer is believed. The library is tested in unit/auth, chains in conformance/test_dkim.py."""

from __future__ import annotations

import pytest
from tests.arc_support import KEY, chain
from tests.auth_support import Asked, context, message

from sekisho.checks.authentication import arc
from sekisho.evidence import Evidence
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult


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
