"""Ransoms: payments to a wallet or by gift cards that somebody demands who cannot be found."""

from __future__ import annotations

import pytest
from tests.auth_support import context, led, letter

from sekisho.checks.facts.ransoms import wants_a_ransom
from sekisho.checks.facts.wallets import shows_wallet
from sekisho.evidence import AuthorStatus, Cue, Evidence, FindingKind
from sekisho.message import Message

BITCOIN = "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh"
PROVEN = Evidence(author_status=AuthorStatus.AUTHENTICATED)
FORGED = FindingKind("author.recipient_himself", 1, "It writes to itself.", "自分宛てです。")
UNPAID = tuple(
    Cue(aspect, name, name, "text")
    for aspect, name in (("action", "gift_cards"), ("theme", "unpaid"), ("pressure", "threat"))
)


def wants(read: Message, seen: Evidence = PROVEN, kinds: dict[str, str] | None = None) -> bool:
    """The answer for a message in its context."""
    at = context(kinds=kinds)
    return wants_a_ransom(read, led(read, at) + seen, at)


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        (f"Send it to {BITCOIN}.", True),
        ("1BoatSLRHtKNngkdXEeobR76b53LETtpyT", True),
        ("USDT: 0x52908400098527886E0F7030069857D2E4169EE7", True),
        ("TN3W4H6rK2ce4vX9YnFQHwKENnHjoxb3m9", True),
        (f"https://explorer.test/{BITCOIN}", False),
        ("Order 3498127645098127364509812736", False),
        ("TRANSFERAGREEMENTNUMBERWITHOUTDIGITS", False),
    ],
)
def test_a_text_shows_a_wallet(text: str, shows: bool) -> None:
    """Coins of several kinds; not a part of a URL, a number or a word."""
    assert shows_wallet(text) is shows


@pytest.mark.parametrize(
    "text",
    [
        "You have 48 hours. Then everybody sees it.",
        "72時間以内に送れ。",
        "Tiene 36 horas.",
        "Wenn Sie bis Montag nicht zahlen, beginnt der Angriff.",
    ],
)
def test_coins_for_nobody(text: str) -> None:
    """The threat may be any, in any language."""
    assert wants(
        letter("hello", f"{text}\n\n{BITCOIN}", author="Zed <zed1@free.test>"), kinds={"free.test": "mailbox"}
    )


@pytest.mark.parametrize(
    ("author", "text"),
    [
        ("Jonas Weck <jonas.weck@free.test>", f"You have until Friday, {BITCOIN}"),
        ("Coinmarrow <a@coinmarrow.test>", f"Confirm within 30 minutes: {BITCOIN}"),
        ("Zed <zed1@free.test>", f"Coins for the bridge until Friday: {BITCOIN}\nhttps://bridge.test/"),
        ("Zed <zed1@free.test>", f"Fern Hollow Ltd, due by Friday: {BITCOIN}"),
        ("Zed <zed1@free.test>", f"I give, if you like: {BITCOIN}"),
        ("Zed <zed1@free.test>", f"Got this today.\n\n> You have 48 hours.\n> {BITCOIN}\n"),
    ],
)
def test_coins_for_somebody(author: str, text: str) -> None:
    """A friend, an exchange, a page for gifts, a firm, a message that presses nobody, one that quotes blackmail."""
    assert not wants(letter("hello", text, author=author), kinds={"free.test": "mailbox"})


def test_the_readers_own_address_as_sender() -> None:
    """That it was forged says enough, whatever name stands there."""
    read = letter("hello", f"You have 48 hours.\n\n{BITCOIN}", author="Jonas Weck <jonas@own.test>")
    assert not wants(read)
    assert wants(read, PROVEN + Evidence(findings=(FORGED.found(),)))


def test_a_debt_to_be_paid_by_gift_cards() -> None:
    """No creditor takes them, so the name of a law office makes it no better. Who warns of it says that it is fraud."""
    seen = PROVEN + Evidence(cues=UNPAID)
    assert wants(letter("s", "Pay with gift cards today.", author="Kirk Law Office <a@kirk-law.test>"), seen)
    assert not wants(letter("s", "This is a scam: pay with gift cards, they say."), seen)
    assert not wants(letter("s", "Pay with gift cards today."), PROVEN)
