"""What makes of a good signature a replay, and the everyday mail that looks almost like one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import NOW, context, envelope, message

from sekisho.checks.authentication import replay
from sekisho.checks.authentication.indirect import PROVEN
from sekisho.evidence import Evidence, Proof
from sekisho.message import Client, Recipient
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult, MethodResult
from sekisho.trust import Trust, TrustOptions

SECONDS = int(NOW.timestamp())
DKIM = Proof("example.jp", "dkim", aligned=True)
REPLAYED, OTHERS = ["dkim.replayed"], ["dkim.other_recipients"]


def seen(spf: AuthResult = AuthResult.PASS, *proofs: Proof, domain: str = "relay.example") -> Evidence:
    results = (MethodResult("spf", spf, domain), MethodResult("dkim", AuthResult.PASS, "example.jp"))
    return Evidence(results, proofs=proofs or (DKIM, Proof("relay.example", "spf", aligned=False)))


def found(
    to: str,
    *,
    age: float | None = 3,
    names: str = "from:to:date",
    evidence: Evidence | None = None,
    rcpt: tuple[str, ...] = ("me@here.example",),
    client: Client | None = None,
    date: str = "Thu, 26 Feb 2026 12:00:00 +0000",
) -> list[str]:
    """The findings for a message signed `age` days ago (None: the signature has no time)."""
    made = "" if age is None else f" t={SECONDS - int(age * 86_400)};"
    raw = (
        f"DKIM-Signature: v=1; a=rsa-sha256; d=example.jp; s=s;{made} h={names}; bh=AAAA; b=AAAA\r\n"
        f"From: a@example.jp\r\n{to}Date: {date}\r\n\r\nx\r\n"
    )
    recipients = tuple(map(Recipient, rcpt))
    at = replace(envelope("x@relay.example"), recipients=recipients, client=client or Client("192.0.2.1"))
    trust = Trust.of(TrustOptions(clients=("198.51.100.0/24",)))
    kinds = {"mailbox.example": "mailbox"}
    where = replace(context(CaseResolver([]), kinds=kinds), trust=trust)
    evidence = seen() if evidence is None else evidence
    return [each.kind.id for each in replay.check(message(raw.encode(), at), evidence, where).findings]


@pytest.mark.parametrize(
    ("to", "age", "names", "expected"),
    [
        ("To: x@stranger.example\r\n", 3, "from:to", REPLAYED),
        ("To: x@stranger.example\r\n", 0.1, "from:to", OTHERS),
        ("To: undisclosed-recipients:;\r\n", 3, "from:to", REPLAYED),
        ("", 3, "from", REPLAYED),
        # a To that nobody signed can be written anew
        ("To: me@here.example\r\n", 3, "from", REPLAYED),
        ("To: me@here.example\r\n", 0.1, "from", []),
        # the recipient, or somebody of his organisation, is named
        ("To: me@here.example\r\n", 3, "from:to", []),
        ("To: x@stranger.example\r\nCc: <You@Mail.HERE.example>\r\n", 3, "from:cc", []),
        # the time of a signature without one is that of the Date which it covers
        ("To: x@stranger.example\r\n", None, "from:to:date", REPLAYED),
        ("To: x@stranger.example\r\n", None, "from:to", OTHERS),
        ("To: x@stranger.example\r\n", -400, "from:to", OTHERS),
    ],
)
def test_signed_for_others(to: str, age: float | None, names: str, expected: list[str]) -> None:
    """Who was written to and when, as far as the signature covers it."""
    assert found(to, age=age, names=names) == expected


@pytest.mark.parametrize("date", ["", "yesterday", "0", "Thu, 99 Feb 99999999 99:99:99 +9999", "1 Jan 0"])
def test_a_date_that_is_none_is_no_age(date: str) -> None:
    """What cannot be read as a time makes no message old."""
    assert found("To: x@stranger.example\r\n", age=None, date=date) in (OTHERS, REPLAYED)


@pytest.mark.parametrize(
    "evidence",
    [
        seen(AuthResult.PASS, DKIM, Proof("example.jp", "spf", aligned=True)),
        seen(AuthResult.NEUTRAL, domain="bounce.example.jp"),
        seen(AuthResult.TEMPERROR, domain="bounce.example.jp"),
        Evidence(proofs=(DKIM,)),
        seen(AuthResult.PASS, Proof("relay.example", "spf", aligned=False)),
        seen() + Evidence(findings=(PROVEN.found(),)),
    ],
)
def test_everyday_mail(evidence: Evidence) -> None:
    """Blind copies from the author's own server, lists, what is not known, and mail that proves nobody."""
    assert found("To: x@stranger.example\r\n", evidence=evidence) == []


@pytest.mark.parametrize(
    "word", [AuthResult.NONE, AuthResult.NEUTRAL, AuthResult.TEMPERROR, AuthResult.PERMERROR]
)
def test_an_envelope_sender_of_somebody_else(word: AuthResult) -> None:
    """Whatever SPF says of the other domain: who chooses one whose name servers fail gains nothing."""
    assert found("To: x@stranger.example\r\n", evidence=seen(word)) == REPLAYED


def test_a_name_below_the_authors_without_a_record() -> None:
    """A sender may choose any name below the author's domain that publishes nothing."""
    assert (
        found("To: x@stranger.example\r\n", evidence=seen(AuthResult.NONE, domain="x.example.jp")) == REPLAYED
    )


@pytest.mark.parametrize("word", [AuthResult.FAIL, AuthResult.SOFTFAIL])
def test_a_client_that_the_author_disowns(word: AuthResult) -> None:
    """SPF that fails says as well as another's pass that somebody else sent it."""
    assert found("To: x@stranger.example\r\n", evidence=seen(word, DKIM)) == REPLAYED


def test_our_own_clients_and_unknown_recipients() -> None:
    """What our own networks and users hand over, and a message without known recipients, is no replay."""
    to = "To: x@stranger.example\r\n"
    assert found(to, client=Client("198.51.100.7")) == []
    assert found(to, client=Client("192.0.2.1", user="taro")) == []
    assert found(to, rcpt=()) == []


def test_neighbours_at_a_provider_are_strangers() -> None:
    """At a provider of mailboxes only the address itself names the recipient."""
    assert found("To: you@mailbox.example\r\n", rcpt=("me@mailbox.example",)) == REPLAYED
    assert found("To: ME@mailbox.example\r\n", rcpt=("me@mailbox.example",)) == []


def test_one_named_recipient_is_enough() -> None:
    """Of several recipients one who was written to makes it ordinary mail with blind copies."""
    assert found("To: you@there.example\r\n", rcpt=("me@here.example", "you@there.example")) == []


def test_without_dns_nobody_verified_a_signature() -> None:
    """Recorded results do not say which signature held."""
    raw = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.jp; s=s; t=1; h=from; bh=AA==; b=AA==\r\n\r\n"
    at = replace(envelope(), recipients=(Recipient("me@here.example"),))
    assert replay.check(message(raw, at), seen(), context(None)) == Evidence()
