"""What the results of signatures give as findings. The library is tested in unit/auth and conformance/."""

from __future__ import annotations

import pytest
from tests.auth_support import context, message, txt
from tests.dkim_support import HEAD, KEY_NAME, RECORD, signed

from sekisho.checks.authentication import dkim
from sekisho.evidence import Evidence
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult


def run(raw: bytes, *records: dict[str, object]) -> Evidence:
    dns = CaseResolver(records or [txt(KEY_NAME, RECORD)])
    return dkim.check(message(raw), Evidence(), context(dns))


def test_a_good_signature_is_no_finding() -> None:
    """A pass stands alone."""
    found = run(signed())
    assert (found.result("dkim"), found.findings, found.degraded) == (AuthResult.PASS, (), ())


@pytest.mark.parametrize(
    ("raw", "word", "finding", "facts"),
    [
        (
            signed(extra=b"l=4; ", length=4),
            AuthResult.POLICY,
            "dkim.body_length",
            {"domain": "example.jp", "signed": 4, "size": 6},
        ),
        (signed(b"subject:content-type"), AuthResult.POLICY, "dkim.from_unsigned", {"domain": "example.jp"}),
        (signed(extra=b"x=1; "), AuthResult.POLICY, "dkim.expired", {"domain": "example.jp"}),
        (signed(b"from:content-type"), AuthResult.PASS, "dkim.unsigned_field", {"fields": "subject"}),
        (signed(head=[*HEAD, b"Subject: other"]), AuthResult.PASS, "dkim.added_field", {"fields": "subject"}),
        (
            signed().replace(b"text\r\n", b"changed\r\n"),
            AuthResult.FAIL,
            "auth.dkim_fail",
            {"domain": "example.jp", "reason": "the body was changed"},
        ),
        (
            signed().replace(b"v=1;", b"v=2;"),
            AuthResult.PERMERROR,
            "auth.dkim_fail",
            {"domain": "?", "reason": "unknown version"},
        ),
    ],
)
def test_findings(raw: bytes, word: AuthResult, finding: str, facts: dict[str, object]) -> None:
    """Each reservation, each gap and each failure is one finding with its facts."""
    found = run(raw)
    assert found.result("dkim") is word
    assert [(each.kind.id, dict(each.facts)) for each in found.findings] == [(finding, facts)]


def test_silent_dns_is_visible_and_no_finding() -> None:
    """A key that DNS did not tell marks the evidence degraded and accuses nobody."""
    found = run(signed(), {"name": KEY_NAME, "rcode": "TIMEOUT"})
    assert (found.result("dkim"), found.degraded, found.findings) == (AuthResult.TEMPERROR, ("dns",), ())


def test_more_signatures_than_are_verified() -> None:
    """That there were more than five is a finding, and a limit that was met."""
    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2]
    found = run(line * 200 + raw)
    assert len(found.results) == 5
    assert found.has("dkim.too_many_signatures")
    assert found.degraded == ("limit",)


def test_a_header_beyond_the_limit_is_no_finding() -> None:
    """What is not read accuses nobody."""
    found = run(signed().replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * 1000 + b"\r\n", 1))
    assert (found.result("dkim"), found.findings) == (AuthResult.NEUTRAL, ())


def test_one_good_signature_among_broken_ones() -> None:
    """A broken signature beside a valid one is no finding, and each has its result."""
    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2].replace(b"bh=", b"bh=AAAA")
    found = run(line + raw)
    assert [each.result for each in found.results] == [AuthResult.FAIL, AuthResult.PASS]
    assert not found.has("auth.dkim_fail")


def test_a_name_that_programs_read_differently() -> None:
    """It is a finding, also beside a signature that holds."""
    raw = signed()
    line = raw[: raw.index(b"\r\n") + 2].replace(b"d=example.jp", b"d=example.jp(.stranger.example")
    found = run(line + raw)
    assert found.result("dkim") is AuthResult.PASS
    assert [(each.kind.id, each.facts["shown"]) for each in found.findings] == [
        ("dkim.malformed_name", "example.jp(.stranger.example")
    ]


def test_no_signature_is_none() -> None:
    """Without signature the result is none; without DNS there is no result at all."""
    assert run(b"From: a@example.jp\r\n\r\nx\r\n").result("dkim") is AuthResult.NONE
    assert dkim.check(message(signed()), Evidence(), context(None)).results == ()


def test_what_is_owed() -> None:
    """A check that could not be run owes a temperror for each signature that it would have verified, or none."""
    (owed,) = dkim.owed(message(signed()))
    assert (owed.result, owed.domain) == (AuthResult.TEMPERROR, "example.jp")
    (nothing,) = dkim.owed(message(b"From: a@example.jp\r\n\r\nx\r\n"))
    assert nothing.result is AuthResult.NONE
