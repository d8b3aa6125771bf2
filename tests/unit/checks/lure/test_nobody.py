"""Demands in nobody's name: what makes a message one, and what a sender says that says who it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, led, message

from sekisho.checks.lure import nobody
from sekisho.evidence import AuthorStatus, Claim, Cue, Evidence, Place, Proof
from sekisho.message import Recipient

PROVEN = Evidence(proofs=(Proof("velmora.test", "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)


def cues(**named: str) -> Evidence:
    """Cues of the text, by aspect."""
    return Evidence(
        cues=tuple(
            Cue(aspect, name, name, Place.TEXT) for aspect, names in named.items() for name in names.split()
        )
    )


THREAT = cues(theme="account", pressure="threat", action="confirm")
PAY = cues(theme="free_period", action="confirm")
LIMITED = "We have limited your card.\n\nhttps://velmora.test/confirm"
BILL = "月額 29,800 円です。\n\nhttps://velmora.test/"


def found(
    seen: Evidence,
    text: str = LIMITED,
    *,
    author: str = "<a@velmora.test>",
    subject: str = "s",
    rcpt: str = "b@reader.test",
    kinds: Mapping[str, str] | None = None,
) -> list[str]:
    """The doubts, without their family."""
    head = f"From: {author}\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    to = replace(envelope(), recipients=(Recipient(rcpt),))
    read, at = message((head + text).encode(), to), context(kinds=kinds)
    doubts = nobody.check(read, led(read, at) + seen, at).doubts
    return [each.kind.id.removeprefix("lure.") for each in doubts]


def test_a_threat_of_nobody() -> None:
    """Somebody who stops a card has a name; no proof of the domain makes that good."""
    for seen in (PROVEN, UNPROVEN, Evidence()):
        assert found(seen + THREAT) == ["from_nobody", "nobody_threatens"]


def test_money_for_nobody() -> None:
    """A fee, a way to pay it, and nobody who wants it."""
    for seen in (PROVEN, UNPROVEN, Evidence()):
        assert found(seen + PAY, BILL) == ["from_nobody"]
    assert found(PROVEN + PAY, "月額 29,800 円です。") == []
    assert found(PROVEN + PAY, BILL + "あ" * nobody.MAX_SCANNED_CHARS) == []


def test_a_message_that_threatens_with_nothing() -> None:
    """A small shop's reset of a password, or its code, has no name, and takes nothing."""
    assert found(PROVEN + cues(theme="security account", action="confirm", pressure="deadline")) == []


def test_a_threat_without_a_way_out() -> None:
    """A monitoring system that warns of a full mailbox wants nothing of its reader."""
    assert found(PROVEN + cues(theme="mailbox", pressure="threat"), "It is full.") == []


@pytest.mark.parametrize(
    "author",
    [
        "Customer Support <a@velmora.test>",
        "Tax Refund Service <a@velmora.test>",
        "訴訟管理センター <a@velmora.test>",
        "Kundenservice <a@velmora.test>",
        '"a@velmora.test" <a@velmora.test>',
    ],
)
def test_an_office_or_a_matter_is_no_name(author: str) -> None:
    """It says what the sender does, and not who it is."""
    assert "from_nobody" in found(PROVEN + THREAT, author=author)


@pytest.mark.parametrize(
    "text",
    [
        "株式会社小春堂",
        "(株)小春堂",
        "小春堂株式会社",
        "Fern Hollow Ltd",
        "Fern Software GmbH",
        "Fern Hollow Corporation",
        "하늘마을아파트 관리사무소",
        "Fern Tennis Club",
        "© 2026 Fern Hollow",
        "電話 03-0000-0000",
        "Call us at (555) 010-2233.",
        "Your Velmora account is at risk.",
        "ひなた工房",
        "-----\nひなた工房\nhttps://velmora.test/",
    ],
)
def test_what_says_who_the_sender_is(text: str) -> None:
    """A company, a telephone number, the domain's own name in the text, a name under it."""
    assert found(PROVEN + THREAT, f"{LIMITED}\n\n{text}") == []


@pytest.mark.parametrize("text", ["〒920-0001 石川県", "東京都港区例示1-2-3"])
def test_a_postal_address_alone_names_nobody(text: str) -> None:
    """Whoever copies a brand's page has its address, too."""
    assert "from_nobody" in found(PROVEN + THREAT, f"{LIMITED}\n\n{text}")


@pytest.mark.parametrize(
    "text",
    [
        "We have limited your account.",
        "© 2026 All rights reserved",
        "お問い合わせ先",
        "サポートセンター",
        "詳しくはこちら",
        "Card Services Ltd",
        "고객센터 드림",
        "Harlan Pruett",
        "株式会社",
        "証拠の確認\nhttps://velmora.test/",
        "お客様の電話番号 090-0000-0000 様",
    ],
)
def test_what_does_not(text: str) -> None:
    """Words of every such mail, and what is the reader's."""
    assert "from_nobody" in found(PROVEN + THREAT, f"{LIMITED}\n\n{text}")


def test_a_long_text_is_read_at_both_ends() -> None:
    """A long quotation of terms does not hide that there is no name, nor does it hide one."""
    padded = f"{LIMITED}\n\n" + "terms and conditions. " * 2_000
    assert "from_nobody" in found(PROVEN + THREAT, padded)
    assert found(PROVEN + THREAT, f"{padded}\n\nTEL 03-0000-0000") == []


def test_a_named_sender_is_somebody() -> None:
    """A name before the address, a signature that the registry knows, a proven brand."""
    assert found(PROVEN + THREAT, author="Ann Smith <a@velmora.test>") == []
    signed = Evidence(claims=(Claim("shop", Place.SIGNATURE, "Shop"),))
    assert found(PROVEN + THREAT + signed) == []
    assert found(replace(PROVEN, proofs=(Proof("velmora.test", "dkim", True, "shop"),)) + THREAT) == []


def test_the_readers_own_organisation() -> None:
    """It may write of its own mailboxes as it likes, if it is proven."""
    assert found(PROVEN + THREAT, rcpt="b@velmora.test") == []
    assert found(UNPROVEN + THREAT, rcpt="b@velmora.test") != []


def test_an_office_of_a_town() -> None:
    """Mail that leads to an office's site alone is the office's, whoever sends it."""
    office = cues(action="confirm") + Evidence(cues=(Cue("theme", "subsidy", "x", Place.SUBJECT),))
    assert found(PROVEN + office) == ["from_nobody"]
    assert found(PROVEN + office, "https://www.city.hokuto.lg.jp/") == []


def test_a_parcel_alone() -> None:
    """Any shop writes that parcels go back; who wants a fee, or sets a period, says who it is."""
    parcel = cues(theme="delivery", pressure="threat", action="confirm")
    assert found(PROVEN + parcel) == []
    assert found(PROVEN + parcel + cues(action="pay")) != []
    assert found(PROVEN + parcel, f"Within 48 hours. {LIMITED}") != []


def test_the_readers_own_number_is_no_way_to_reach_the_sender() -> None:
    """It stands in the subject or in the text to frighten the reader, and is told."""
    asked = {"subject": "080-0000-0000 様"}
    assert "from_nobody" in found(PROVEN + PAY, f"080-0000-0000\n\n{BILL}", **asked)
    assert found(PROVEN + PAY, f"080-0000-0000\n\n{BILL}\n\n03-0000-0001", **asked) == []
    shown = found(PROVEN + PAY, f"例示花子 様\n東京都港区例示1-2-3\n\n{BILL}")
    assert shown == ["from_nobody", "shows_readers_data"]


def test_an_order_of_somebody_else() -> None:
    """`If you did not order`, with the reader's address, and nobody who sells."""
    order = cues(theme="card_use", action="stop")
    text = "お届け先: 東京都港区例示1-2-3\n\nhttps://velmora.test/"
    assert found(PROVEN + order, text) == ["from_nobody", "shows_readers_data"]
    assert found(PROVEN + order) == []


def test_two_deadlines() -> None:
    """Two periods that differ; the same one twice is one."""
    assert "two_deadlines" in found(PROVEN + THREAT, f"24時間以内に。72時間以内に。\n\n{LIMITED}")
    assert "two_deadlines" not in found(PROVEN + THREAT, f"within 24 hours, within 1 day.\n\n{LIMITED}")


def test_a_greeting_of_nobody() -> None:
    """It counts once: not where the style of the text tells it already."""
    assert "greets_nobody" in found(PROVEN + THREAT, f"Dear customer,\n\n{LIMITED}")


BLACKMAIL = cues(theme="sextortion", action="coins", pressure="deadline")


def test_blackmail() -> None:
    """It is nobody's whatever its name, unless the sender is at home where it leads, or asks about what it got."""
    asked = {"author": "Marvin Doyle <m@velmora.test>"}
    assert found(PROVEN + BLACKMAIL, "Send bitcoin.", **asked) == ["extorts"]
    assert found(PROVEN + BLACKMAIL, "Read more: https://velmora.test/", **asked) == []
    assert found(PROVEN + BLACKMAIL, "Do not pay.\n\nTEL 03-0000-0000", **asked) == []
    assert found(PROVEN + BLACKMAIL, "Send bitcoin.", rcpt="b@velmora.test", **asked) == []
    assert found(PROVEN + cues(theme="sextortion", pressure="deadline"), "Hello.", **asked) == []
    quoted = "Is this real?\n\n-----Original Message-----\nI filmed you. Send bitcoin."
    assert found(PROVEN + BLACKMAIL, quoted, **asked) == []


def test_the_themes_that_are_weighed_exist() -> None:
    """A flag that no theme has would silently stop to count."""
    assert {"prize", "unpaid"} <= nobody.MONEY
    assert {"court", "subsidy", "tax", "pension"} == nobody.AUTHORITY


FULL = "Pay by Friday. Otherwise your card is blocked.\n\nhttps://velmora.test/pay"


def test_a_demand_in_full() -> None:
    """What is at stake, by when, what happens otherwise. A sender that greets its reader by name knows it."""
    assert found(PROVEN, FULL, subject="Your card") == [
        "from_nobody", "demand_by_form", "nobody_threatens", "demand_in_full",
    ]  # fmt: skip
    assert "demand_in_full" not in found(PROVEN, f"Dear Ms Owen,\n\n{FULL}", subject="Your card")
    assert "demand_in_full" in found(PROVEN, f"Dear b,\n\n{FULL}", subject="Your card")
    assert "demand_in_full" in found(PROVEN, f"Dear customer,\n\n{FULL}", subject="Your card")


def test_a_telephone_is_no_name_of_an_authority() -> None:
    """An office of a court needs the name of the court."""
    text = f"{FULL}\n\n電話 03-0000-0000"
    assert found(PROVEN, text, author="Desk <a@velmora.test>", subject="Your card") == []
    assert "from_nobody" in found(
        PROVEN, text, author="Clerk of the Court <a@velmora.test>", subject="Your card"
    )


def test_a_picture_says_the_senders_name() -> None:
    """A logo has it where it is not shown."""
    read = message(
        b"From: Support <a@velmora.test>\r\nSubject: Your card\r\nContent-Type: text/html\r\n\r\n"
        b"<img src='l.png' alt='Velmora'><p>Pay by Friday. Otherwise your card is blocked.</p>"
        b"<a href='https://velmora.test/pay'>Pay</a>"
    )
    at = context()
    assert nobody.check(read, led(read, at) + PROVEN, at).doubts == ()
