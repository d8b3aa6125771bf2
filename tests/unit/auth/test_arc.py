"""The states of a chain, and what its newest sealer saw (conformance/test_dkim.py has chains of several hops)."""

from __future__ import annotations

import pytest
from tests.arc_support import AUTHOR, KEY, chain
from tests.auth_support import Asked, lookup_in, message

from sekisho.auth import arc
from sekisho.auth.keys import SignatureError
from sekisho.ports import Resolver
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult, MethodResult


def run(raw: bytes, dns: Resolver | None = None) -> MethodResult:
    return arc.evaluate(message(raw), lookup_in(dns or CaseResolver([KEY])))


def test_a_chain_that_passes_names_its_sealer() -> None:
    """The newest sealer's domain and selector are in the result."""
    found = run(chain(b"none"))
    assert (found.result, found.domain) == (AuthResult.PASS, "sealer.example")
    assert (found.get("header.d"), found.get("header.s")) == ("sealer.example", "s")


def test_no_chain_is_none() -> None:
    """Without ARC fields the result is none, and there is nothing that a sealer saw."""
    raw = AUTHOR + b"\r\n\r\nx\r\n"
    assert run(raw) is arc.NO_CHAIN
    with pytest.raises(SignatureError):
        arc.saw_author(message(raw).headers, "example.jp")


@pytest.mark.parametrize(
    ("saw", "author", "expected"),
    [
        (b"dmarc=pass header.from=example.jp", "example.jp", True),
        (b"dmarc=pass header.from=example.jp", "mail.example.jp", False),
        (b"dkim=pass header.d=mail.example.jp", "example.jp", True),
        (b"spf=pass smtp.mailfrom=bounce@EXAMPLE.jp", "example.jp", True),
        (b"dkim=fail header.d=example.jp", "example.jp", False),
        (b"dkim=pass header.d=example.jp (comment", "example.jp", True),
        (b"none", "example.jp", False),
        (b"=;=", "example.jp", False),
    ],
)
def test_what_the_sealer_saw(saw: bytes, author: str, expected: bool) -> None:
    """DMARC's pass counts for its own domain, SPF's and DKIM's for the same registration."""
    assert arc.saw_author(message(chain(saw)).headers, author) is expected


def test_silent_dns_is_temperror() -> None:
    """A key that cannot be fetched leaves the chain undecided, not failed."""
    silent = CaseResolver([{"name": "s._domainkey.sealer.example", "rcode": "SERVFAIL"}])
    assert run(chain(b"none"), silent).result is AuthResult.TEMPERROR


def test_too_many_sets_cost_no_look_up() -> None:
    """Beyond ten sets nothing is verified and nobody is asked."""
    sets = b"ARC-Seal: i=1\r\nARC-Message-Signature: i=1\r\nARC-Authentication-Results: i=1; x\r\n" * 10
    dns = Asked(CaseResolver([KEY]))
    assert run(sets + chain(b"none"), dns).result is AuthResult.PERMERROR
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
    assert run(fields + AUTHOR + b"\r\n\r\nx\r\n").result is AuthResult.FAIL
