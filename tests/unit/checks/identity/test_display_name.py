"""Addresses and hosts in a display name, and the strangers that are none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, message

from sekisho.checks.identity import display_name
from sekisho.evidence import Evidence, Proof
from sekisho.message import Recipient

PROVEN = Evidence(proofs=(Proof("growers.example", "dkim", aligned=True),))


def found(
    name: str, author: str = "x@stranger.example", seen: Evidence | None = None, rcpt: str = ""
) -> list[str]:
    """The ids and what they show."""
    at = replace(envelope(), recipients=(Recipient(rcpt),) if rcpt else ())
    read = message(f'From: "{name}" <{author}>\r\n\r\n'.encode(), at)
    evidence = display_name.check(
        read, seen or Evidence(), context(owners={"brand.com": "brand", "brand.co.jp": "brand"})
    )
    return [f"{each.kind.id} {each.facts['shown']}" for each in evidence.findings]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a@example.com", ["display_name.address a@example.com"]),
        ("a@example.com www.example.org", ["display_name.address a@example.com"]),
        ("x@stranger.example www.example.org", ["display_name.host_inside www.example.org"]),
        ("www.example.com example.org", ["display_name.host_inside www.example.com"]),
        ("a@example.com's friend", ["display_name.address a@example.com"]),
        ("日本の例.example.com", ["display_name.unknown_host example.com"]),
        ("a@localhost", []),
        ("a@host.invalid", []),
        ("192.0.2.1", []),
        ("v1.2.3 final.doc", []),
        ("", []),
    ],
)
def test_what_is_shown(name: str, expected: list[str]) -> None:
    """One finding, of the address before the host, for names under suffixes that exist."""
    assert found(name) == expected


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("www.example.jp", "a@mail.example.jp"),
        ("Example.com", "a@example.jp"),
        ("Brand.co.jp", "a@brand.com"),
        ("shop.example.co.jp", "a@example.co.jp"),
    ],
)
def test_no_strangers(name: str, author: str) -> None:
    """The author's own domain, its name under another suffix and its brand's other domain say nothing false."""
    assert found(name, author) == []


def test_anybody_may_not_show_a_brands_domain() -> None:
    """Only who may be the brand may show the brand's domain."""
    assert found("Brand.co.jp", "a@brandy.example") == ["display_name.host brand.co.jp"]


@pytest.mark.parametrize(
    ("author", "rcpt", "seen", "expected"),
    [
        ("sales@growers.example", "me@growers.example", PROVEN, 0),
        ("sales@growers.example", "me@growers.example", Evidence(), 1),
        ("sales@growers.example", "me@other.example", PROVEN, 1),
        ("sales@growers.example", "", PROVEN, 1),
        (
            "me@growers.example",
            "you@growers.example",
            Evidence(proofs=(Proof("growers.example", "spf", aligned=True, scope="mailbox"),)),
            1,
        ),
    ],
)
def test_the_recipients_own_group(author: str, rcpt: str, seen: Evidence, expected: int) -> None:
    """Only the recipient's own, proven organisation passes on others in its name; a mail provider's other
    customer does not."""
    assert len(found("'a@example.com' via sales", author, seen, rcpt)) == expected
