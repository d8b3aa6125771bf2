"""Offers of strangers: work in a messenger, gifts for a fee, papers that go to a private mailbox."""

from __future__ import annotations

from types import ModuleType

import pytest
from tests.auth_support import context, envelope, led, message

from sekisho.checks.lure import gifts, messenger_offers, private_office
from sekisho.evidence import Claim, Evidence, Place

BRAND = Evidence(claims=(Claim("parcelo", Place.DISPLAY_NAME, "Parcelo"),))


def found(check: ModuleType, author: str, text: str, seen: Evidence | None = None) -> list[str]:
    head = f"From: {author}\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    read = message((head + text).encode(), envelope("a@stranger.test"))
    at = context(kinds={"free.test": "mailbox"})
    return [each.kind.id for each in check.check(read, led(read, at) + (seen or Evidence()), at).findings]


@pytest.mark.parametrize(
    "text",
    [
        "A remote job: you earn $180 per day. Write to WhatsApp: +44 7700 900417",
        "在宅のお仕事です。報酬は1件300円。\r\nLINE ID：shigoto_8841",
        "Nebenjob: bis 250 € am Tag. Telegram: @anna_job",
        "明日上がる銘柄を無料でお伝えします。LINEに友だち追加してください。",
    ],
)
def test_an_offer_in_a_messenger(text: str) -> None:
    """Work with a wage, or tips for an investment; a brand's name before the address is one thing more."""
    author = "A <a@stranger.test>"
    assert found(messenger_offers, author, text) == ["lure.offer_in_messenger"]
    assert found(messenger_offers, author, text, BRAND) == ["lure.offer_in_messenger", "lure.offer_in_a_name"]


@pytest.mark.parametrize(
    "text",
    [
        "A job, £16 an hour. Ring me, or WhatsApp: +44 7700 900417",
        "A job, £16 an hour. WhatsApp: +44 7700 900417\r\nSaltmarsh Talent Ltd",
        "We pay 1,100 kr per day for the work. Just write on Telegram.",
        "The parcel costs $12 per day. WhatsApp: +44 7700 900417",
        "アルバイト 時給1,150円。LINE ID：tonbo\r\nTEL 03-5550-0177",
        "株式会社とんぼです。LINEに追加してください。",
        "A job, $180 per day. On line 3 of the form, write your name.",
    ],
)
def test_other_offers(text: str) -> None:
    """Who can be called, who says a firm, no name in the messenger, and no work."""
    assert found(messenger_offers, "A <a@stranger.test>", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "One free power bank is reserved for you. Pay just $3.95 for shipping: https://stranger.test/s",
        "おめでとうございます。当選しました。送料980円のみご負担ください。 https://stranger.test/s",
        "Ihr Geschenk: nur 1,95 € Versand. https://stranger.test/s",
    ],
)
def test_a_gift_for_a_fee(text: str) -> None:
    """Something is given, the delivery is paid, and no firm is said."""
    assert found(gifts, "A <a@stranger.test>", text) == ["lure.gift_for_a_fee"]


@pytest.mark.parametrize(
    "text",
    [
        "A free tea towel. Delivery is £3.50. Pip & Nettle Ltd https://stranger.test/s",
        "A free tea towel. Delivery is £3.50. See you at the Stranger. https://stranger.test/s",
        "A free month for a short survey: https://stranger.test/s",
        "A free power bank. Pay $3.95 for shipping.",
        f"We met again. {'It was long ago. ' * 30} Free shipping over $25. https://stranger.test/s",
    ],
)
def test_other_gifts(text: str) -> None:
    """A shop that says its firm or its domain's name, no fee, no link, and talk about such gifts."""
    assert found(gifts, "A <a@stranger.test>", text) == []


def test_papers_to_a_private_mailbox() -> None:
    """An office, or a brand's name, wants papers in an answer; a person does not count, nor a firm with a telephone."""
    text = "You are hired. Reply with a photo of your ID and your bank name."
    assert found(private_office, "HR Office <a@free.test>", text) == ["lure.papers_to_private_mailbox"]
    assert found(private_office, "Parcelo <a@free.test>", text, BRAND) == [
        "lure.papers_to_private_mailbox",
        "lure.papers_in_a_name",
    ]
    assert found(private_office, "Ann Smith <a@free.test>", text) == []
    assert found(private_office, "HR Office <a@firm.test>", text) == []
    assert found(private_office, "HR Office <a@free.test>", f"{text} Tel. 03-5550-0100") == []
    assert (
        found(private_office, "HR Office <a@free.test>", "You are hired. Reply with your shirt size.") == []
    )
