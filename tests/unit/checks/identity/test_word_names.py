"""A word as the sender's name: when the message shows that the brand is meant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import NAME_WORDS, context, led, message

from sekisho.brands import BrandIndex
from sekisho.brands.model import Brand
from sekisho.checks.identity import claims, word_names
from sekisho.evidence import Place, Strength

REGISTRY = BrandIndex(
    [
        Brand.model_validate(
            {
                "id": "phantom",
                "names": ["Phantom Wallet"],
                "needs_companion": ["Phantom"],
                "companions": ["crypto"],
                "domains": {"phantom.example": {"confidence": "low"}},
            }
        ),
        Brand.model_validate(
            {
                "id": "wiki",
                "names": ["Wiki Server"],
                "needs_companion": ["Wiki"],
                "companions": ["page"],
                "flags": ["self_hosted"],
            }
        ),
    ],
    NAME_WORDS,
)
LINK = "\nhttps://stranger.example/x\n"


def claimed(name: str, text: str, domain: str = "stranger.example", subject: str = "News") -> list[str]:
    raw = f"From: {name} <a@{domain}>\nSubject: {subject}\n\n{text}".replace("\n", "\r\n")
    read, at = message(raw.encode()), replace(context(), registry=REGISTRY)
    seen = led(read, at)
    seen += claims.check(read, seen, at)
    found = word_names.check(read, seen, at).claims
    assert all(each.where is Place.DISPLAY_NAME and each.strength is Strength.STRONG for each in found)
    return [each.brand for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "Phantom is out of date. Update your Phantom Wallet." + LINK,
        "Phantom is out of date. Sign in to Phantom.\nhttps://phantom.example/\n" + LINK,
        "Phantom: new terms.\nPhantom keeps what is yours.\nLog in to Phantom with your crypto key." + LINK,
    ],
)
def test_a_word_is_the_brand_where_the_message_shows_it(text: str) -> None:
    """Another name of the brand, a host of it, or the word again and again beside one of its trade."""
    assert claimed("Phantom", text) == ["phantom"]
    assert claimed("Phantom Support", text) == ["phantom"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Phantom", "The new album of Phantom is out. Phantom play in Osaka. Phantom." + LINK),
        ("Phantom", "I have a Phantom Wallet now, look:" + LINK + "Phantom"),
        ("Phantom", "Phantom is out of date. Update your Phantom Wallet."),
        ("Jan Phantom", "Phantom is out of date. Update your Phantom Wallet." + LINK),
        ("Wiki", "Wiki says: a page of your Wiki Server was changed on Wiki." + LINK),
    ],
)
def test_a_word_stays_a_word(name: str, text: str) -> None:
    """A band, a person who signs, a message that leads nowhere, a name with another, a program of one's own."""
    assert claimed(name, text) == []


def test_a_sender_that_is_called_so_by_its_domain() -> None:
    """Who has the word in its own domain's name is judged by that domain."""
    text = "Phantom is out of date. Update your Phantom Wallet." + LINK
    assert claimed("Phantom", text, "phantom-band.example") == []
