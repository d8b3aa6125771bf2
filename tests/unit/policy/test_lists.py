"""Block and allow entries: how they are written and what they meet."""

from __future__ import annotations

import pytest

from sekisho.address import Mailbox
from sekisho.message import Author, Client, Envelope, Headers, Message
from sekisho.policy.lists import Entries, parse_entry


def message(author: str = "", sender: str = "", client: str | None = None) -> Message:
    local, _, domain = author.rpartition("@")
    mailbox = Mailbox("", local, domain, author) if author else None
    return Message(
        raw=b"",
        body_start=0,
        digest="",
        envelope=Envelope(sender=sender, client=Client(address=client)),
        headers=Headers(),
        author=Author(mailbox),
    )


@pytest.mark.parametrize(
    ("entry", "author", "expected"),
    [
        ("user@example.jp", "User@example.jp", "user@example.jp"),
        ("user@example.jp", "other@example.jp", None),
        ("example.jp", "a@example.jp", "example.jp"),
        ("example.jp", "a@mail.example.jp", None),
        (".example.jp", "a@example.jp", ".example.jp"),
        (".example.jp", "a@mail.example.jp", ".example.jp"),
        (".example.jp", "a@badexample.jp", None),
        (".cn", "a@jyaqfmf.cn", ".cn"),
        ("日本.jp", "a@xn--wgv71a.jp", "xn--wgv71a.jp"),
    ],
)
def test_names(entry: str, author: str, expected: str | None) -> None:
    """Addresses ignore case, domains match themselves, suffixes match whole labels."""
    assert Entries.of([entry]).match(message(author)) == expected


def test_the_envelope_sender_is_compared_too() -> None:
    """A block entry must hold for the bounce address, which is what the MTA's log shows."""
    assert Entries.of([".example.cn"]).match(message("a@b.jp", "x@mail.example.cn")) == ".example.cn"


@pytest.mark.parametrize(
    ("entry", "client", "expected"),
    [
        ("192.0.2.0/24", "192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.0/24", "198.51.100.1", None),
        ("192.0.2.1", "192.0.2.1", "192.0.2.1/32"),
        ("2001:db8::/32", "2001:db8::1", "2001:db8::/32"),
        ("192.0.2.0/24", None, None),
        ("192.0.2.0/24", "not an address", None),
    ],
)
def test_networks(entry: str, client: str | None, expected: str | None) -> None:
    """The SMTP client's address; what is not known matches nothing."""
    assert Entries.of([entry]).match(message("a@b.jp", client=client)) == expected


@pytest.mark.parametrize(
    "entry", ["", "@example.jp", "192.0.2.1/24", "no spaces.jp", "a@b@c d", ".", "exa_mple.jp"]
)
def test_a_wrong_entry_is_refused_with_its_text(entry: str) -> None:
    """A mistyped entry would silently block or allow nothing."""
    with pytest.raises(ValueError, match=r".+"):
        parse_entry(entry)
