"""Answers and senders elsewhere, and the recipient as his own author."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, message

from sekisho.checks.identity import reply_to
from sekisho.evidence import AuthorStatus, Evidence, Proof
from sekisho.message import Client, Recipient

NOTHING_PASSED = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)


def found(
    fields: str,
    seen: Evidence = NOTHING_PASSED,
    rcpt: str = "me@example.jp",
    author: str = "me@example.jp",
    **client: str,
) -> list[str]:
    at = replace(envelope(), recipients=(Recipient(rcpt),), client=Client(**client))
    read = message(f"From: <{author}>\r\n{fields}\r\n".encode(), at)
    evidence = reply_to.check(read, seen, context(kinds={"gmail.com": "mailbox"}))
    return [each.kind.id for each in evidence.findings]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("Reply-To: <a@example.jp>\r\n", []),
        ("Reply-To: <a@mail.example.jp>\r\n", []),
        ("Reply-To: <a@other.example>\r\n", ["reply_to.elsewhere"]),
        ("Reply-To: <a@gmail.com>\r\n", ["reply_to.mailbox"]),
        ("Reply-To: <a@example.jp>, <b@other.example>\r\n", ["reply_to.elsewhere"]),
        ("Reply-To: nobody\r\n", []),
        ("Reply-To: <a@-bad->\r\n", []),
        ("Sender: <a@other.example>\r\n", ["sender.elsewhere"]),
        ("Sender: <a@bounce.example.jp>\r\nReply-To: \r\n", []),
        ("Resent-From: <a@other.example>\r\n", ["resent.elsewhere"]),
        ("Resent-From: <a@mail.example.jp>\r\nResent-Sender: <a@other.example>\r\n", ["resent.elsewhere"]),
        ("Resent-From: <a@example.jp>\r\nResent-To: <a@other.example>\r\n", []),
        ("Resent-From: nobody\r\n", []),
    ],
)
def test_elsewhere(fields: str, expected: list[str]) -> None:
    """Another organisation is named once; what is no address is nobody."""
    assert found(fields, rcpt="you@example.jp") == expected


@pytest.mark.parametrize(
    ("sender", "proven"), [("friend@other.example", None), ("x@relay.example", "mail.other.example")]
)
def test_who_passed_it_on_may_say_so(sender: str, proven: str | None) -> None:
    """A resender in whose name the message comes, by envelope or proof, contradicts nothing."""
    proofs = (Proof(proven, "dkim", aligned=False),) if proven else ()
    read = message(b"From: <a@example.jp>\r\nResent-From: <f@other.example>\r\n\r\n", envelope(sender))
    assert reply_to.check(read, Evidence(proofs=proofs), context()) == Evidence()


@pytest.mark.parametrize(
    ("author", "rcpt"),
    [
        ("me@example.jp", "me@example.jp"),
        ("Me@Example.JP", "mE@exAmple.jp"),
        ("me@例示.jp", "me@xn--fsq192h.jp"),
        ("me@xn--fsq192h.jp", "me@例示.jp"),
        ('"a..b."@docomo.ne.jp', "a..b.@docomo.ne.jp"),
        ("a..b.@docomo.ne.jp", '"a..b."@docomo.ne.jp'),
    ],
)
def test_the_recipient_himself(author: str, rcpt: str) -> None:
    """One address is one address, however it is written."""
    assert found("", rcpt=rcpt, author=author) == ["author.recipient_himself"]


@pytest.mark.parametrize(
    ("author", "rcpt"),
    [
        ("me@example.jp", "me+news@example.jp"),
        ("me+news@example.jp", "me@example.jp"),
        ("me+a@example.jp", '"Me+b c"@example.jp'),
    ],
)
def test_the_recipient_himself_with_an_extension(author: str, rcpt: str) -> None:
    """A sender who adds `+news` to the recipient writes to the same mailbox; where nothing is split, to another."""
    read = message(
        f"From: {author}\r\n\r\n".encode(), replace(envelope("a@b.test"), recipients=(Recipient(rcpt),))
    )
    plus = replace(context(), recipient_delimiter="+")
    assert [each.kind.id for each in reply_to.check(read, NOTHING_PASSED, plus).findings] == [
        "author.recipient_himself"
    ]
    assert reply_to.check(read, NOTHING_PASSED, context()) == Evidence()


@pytest.mark.parametrize(
    "seen",
    [
        Evidence(),
        NOTHING_PASSED + Evidence(author_status=AuthorStatus.AUTHENTICATED),
    ],
)
def test_what_is_not_known_is_not_held_against_him(seen: Evidence) -> None:
    """Without a full look at authentication, or with proof, a note to oneself is only that."""
    assert found("", seen) == []


def test_who_has_logged_in_is_known() -> None:
    """A submission needs no other proof."""
    assert found("", address="192.0.2.1", user="me") == []


def test_no_author_no_comparison() -> None:
    """Without one author there is no elsewhere."""
    assert found("Reply-To: <a@other.example>\r\n", author="a@b.example>, <c@d.example") == []
