"""What filters before us found, where the operator believes them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import Asking, context, envelope, message

from sekisho.checks.authentication import earlier
from sekisho.dns_answer import Answer, Found
from sekisho.evidence import Evidence
from sekisho.results import AuthResult, MethodResult

REST = b"From: A <a@friend.example>\r\nSubject: s\r\n\r\nbody\r\n"


def found(*values: str, believe: bool = True, seen: Evidence = Evidence()) -> list[str]:  # noqa: B008
    given = replace(
        context(Asking(lambda name, rtype: Answer(Found.NXDOMAIN))),
        earlier_filters=("mx.example.jp",),
        believe_earlier=believe,
    )
    fields = b"".join(b"Authentication-Results: %s\r\n" % value.encode() for value in values)
    results = earlier.check(message(fields + REST, replace(envelope(), queue_id="4XyZ")), seen, given).results
    assert all(each.recorded for each in results)
    return [f"{each.method}={each.result} {each.domain}" for each in results]


DKIM = 'mx.example.jp/4XyZ; dkim=pass (2048-bit key; "x") header.d=Friend.example header.i=@friend.example'


def test_passes_count() -> None:
    """A pass of DKIM with its domain, and one of SPF with that of the sender."""
    spf = "mx.example.jp/4XyZ; spf=pass smtp.mailfrom=taro@friend.example"
    assert found(DKIM, spf) == ["dkim=pass friend.example", "spf=pass friend.example"]


@pytest.mark.parametrize(
    "value",
    [
        "mx.example.jp/4XyZ; dkim=fail header.d=friend.example",
        "mx.example.jp/4XyZ; dkim=pass",
        "mx.example.jp/4XyZ; dmarc=pass header.from=friend.example",
        "mx.example.jp/4XyZ; spf=pass smtp.helo=friend.example",
        "elsewhere.example/4XyZ; dkim=pass header.d=friend.example",
        "mx.example.jp/4XyZ; dkim=pass header.d=not_a..domain",
    ],
)
def test_nothing_else_counts(value: str) -> None:
    """Failures, passes without a domain, other methods and other names say nothing."""
    assert found(value) == []


def test_only_if_the_operator_says_so() -> None:
    """The names alone are not believed."""
    assert found(DKIM, believe=False) == []


def test_only_with_the_queue_id() -> None:
    """What a sender may have written is not believed."""
    assert found(DKIM.replace("/4XyZ", "")) == []
    assert found(DKIM, DKIM.replace("4XyZ", "4XyY")) == []


def test_ours_is_not_said_twice() -> None:
    """What we found ourselves is not recorded again."""
    own = Evidence(results=(MethodResult("dkim", AuthResult.PASS, "friend.example"),))
    assert found(DKIM, seen=own) == []
    failed = Evidence(results=(MethodResult("dkim", AuthResult.FAIL, "friend.example"),))
    assert found(DKIM, seen=failed) == ["dkim=pass friend.example"]
