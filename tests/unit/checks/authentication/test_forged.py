"""Results in our own name that came from outside are said; everybody else's are not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, message

from sekisho.checks.authentication import forged
from sekisho.evidence import Evidence
from sekisho.message import Client
from sekisho.trust import Trust, TrustOptions


def found(*values: str, client: Client | None = None) -> Evidence:
    lines = "".join(f"Authentication-Results: {value}\r\n" for value in values)
    at = replace(envelope(), client=client or Client("192.0.2.1"))
    trust = Trust.of(TrustOptions(clients=("198.51.100.0/24",)))
    read = message(f"{lines}From: a@example.jp\r\n\r\nx\r\n".encode(), at)
    return forged.check(read, Evidence(), replace(context(), trust=trust))


@pytest.mark.parametrize(
    "value",
    [
        "mx.example.jp; dkim=pass header.d=bank.example",
        "MX.Example.JP.;\r\n\tdmarc=pass",
        "(a (nested) comment) mx . example . jp; none",
        '"mx.example.jp" 1; spf=pass',
        "mx.example.jp",
    ],
)
def test_ours_from_outside(value: str) -> None:
    """However it is cased, folded, commented or quoted, and also below honest ones."""
    assert found(value).has("auth.forged_results")
    assert len(found("mx.other.example; none", value, value).findings) == 1


@pytest.mark.parametrize(
    "value",
    [
        "mx.other.example; dkim=pass header.d=example.jp",
        "mx.example.jp.evil.example; dmarc=pass",
        "mx2.example.jp; spf=pass",
        "relay.example; spf=pass (mx.example.jp)",
        "; mx.example.jp",
        "",
    ],
)
def test_others(value: str) -> None:
    """Results of other hosts, and those that name nobody, say nothing."""
    assert found(value) == Evidence()


@pytest.mark.parametrize(
    "client", [Client("198.51.100.7"), Client("192.0.2.1", user="taro"), Client("192.0.2.1", relayed=True)]
)
def test_what_our_own_hand_over(client: Client) -> None:
    """Our networks, our users and our relays may carry what we wrote."""
    assert found("mx.example.jp; spf=pass", client=client) == Evidence()
