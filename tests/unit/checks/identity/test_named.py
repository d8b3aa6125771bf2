"""Whom a message speaks as, and why: judged with the shipped registry and words."""

from __future__ import annotations

import functools
from email.header import Header
from pathlib import Path
from typing import Any

import pytest

from sekisho import cases
from sekisho.case_runner import judge
from sekisho.config import Config
from sekisho.evidence import Why

LONG = "Releases before 24.9 stop on Sunday. Please be quick, and open the page in time. " * 2


@functools.cache
def judged() -> Any:
    return judge(Config.model_validate({"mode": "enforce", "authserv_id": "mx.example.jp"}), ask_dns=False)


@pytest.fixture
def identity(tmp_path: Path) -> Any:
    """A function that gives the identity of a message from info@firm.example as JSON; None if it speaks as nobody."""

    def of(name: str, text: str, subject: str = "Notice", more: str = "") -> dict[str, str] | None:
        shown = f"{Header(name, 'utf-8').encode()} <info@firm.example>" if name else "info@firm.example"
        head = f"From: {shown}\n{more}Subject: {Header(subject, 'utf-8').encode()}\n"
        raw = f"{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
        mail = tmp_path / "a.eml"
        mail.write_bytes(raw.encode())
        found: dict[str, str] | None = judged()(cases.load(mail))["identity"]
        return found

    return of


@pytest.mark.parametrize(
    ("name", "text", "brand", "why"),
    [
        ("Monzo", "Hello.", "monzo", (Why.NAMED,)),
        ("お客様サポート", "七十七銀行をご利用いただき、ありがとうございます。", "77bank", (Why.NAMELESS, Why.SPEAKS)),
        ("重要なご連絡", "書類があります。\n\n発行:クラウドサイン", "cloudsign", (Why.NAMELESS, Why.SPEAKS)),
        ("", "Hello,\n\nyour card was declined.\n\nMonzo", "monzo", (Why.NAMELESS, Why.SPEAKS)),
        ("契約内容確認窓口", "お支払いください。\n\n日本放送協会", "nhk", (Why.NAMELESS, Why.SPEAKS)),
        ("【福岡銀行】口座確認班 村井", "福岡銀行の村井と申します。", "fukuoka-bank", (Why.NAMED, Why.AGREES)),
        ("Scotiabank Resolution Unit", "Scotiabank holds a transfer.", "scotiabank", (Why.NAMED,)),
        (
            "Docusign EU Region",
            "Legal sent you a document with Docusign.\nLog in with your password to read it: https://a.example/x",
            "docusign",
            (Why.NAMED, Why.NO_OTHER),
        ),
        (
            "長谷川 恵美（ソニー銀行）",
            "ソニー銀行 事務センターの長谷川です。\n口座を停止しました。本人確認はこちら https://a.example/x",
            "sony-bank",
            (Why.NAMED, Why.NO_OTHER),
        ),
        (
            "ポイント交換窓口",
            "交換はログインしてください。\n\nNTTドコモ dポイントクラブ",
            "docomo",
            (Why.NAMELESS, Why.SPEAKS),
        ),
        ("Phantom", LONG + "\n\nThe Phantom wallet team", "phantom-wallet", (Why.NAMED, Why.AGREES)),
    ],
)  # fmt: skip
def test_a_message_speaks_as_a_brand(
    identity: Any, name: str, text: str, brand: str, why: tuple[Why, ...]
) -> None:
    """By its name, or by its text where the name is empty, an office, a headline, or mentions the brand."""
    found = identity(name, text)
    assert found["brand"] == brand
    assert found["why_en"] == " ".join(each.en for each in why)
    assert found["why_ja"] == "".join(each.ja for each in why)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Harbour Notes", "Hello from Monzo!\n\nThanks for using Monzo\n\nMonzo"),
        ("みどりテニスクラブ 事務局", "いつも楽天銀行をご利用いただき、みどりテニスクラブです。"),
        (
            "損保ジャパン代理店 あおぞら保険",
            "損保ジャパン代理店 あおぞら保険です。\n\n損害保険ジャパン株式会社",
        ),
        ("ソフトバンクホークス事務局", "ソフトバンクをご利用いただき、ありがとうございます。"),
        (
            "Docusign Harbour Club",
            "The Harbour Club signs with Docusign. Log in: https://a.example/x",
        ),
        ("Erik Lind (Microsoft)", "See the page.\n\nErik Lind\nMicrosoft"),
    ],
)
def test_a_plain_name_is_its_own(identity: Any, name: str, text: str) -> None:
    """A sender under a name of its own only talks about brands, whatever it says of them."""
    found = identity(name, text)
    assert found["brand"] is None
    assert found["name"] == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("お知らせ", "会費は PayPay でも払えます。\n\n東町小学校PTA"),
        ("Support", "Monzo and Revolut and N26 are banks."),
        ("Support", "The weather is fine."),
        ("Support", "At Firm you pay with Monzo."),
    ],
)
def test_a_message_that_speaks_as_nobody(identity: Any, name: str, text: str) -> None:
    """Ways to pay are named by everybody; of several alike none is meant; and a sender may name itself in the text."""
    assert identity(name, text) is None


def test_a_returned_message_speaks_as_nobody(identity: Any, tmp_path: Path) -> None:
    """What a mail server returns is not its own word; one with a sender is no mail server."""
    text = "Your message could not be delivered.\n\n楽天カードからのお知らせです。"
    marked = "Auto-Submitted: auto-replied\n"
    assert identity("Mail Delivery System", text, more=marked)["brand"] == "rakuten-card"
    (tmp_path / "a.json").write_text('{"envelope_from": ""}')
    assert identity("Mail Delivery System", text, more=marked) is None
