"""Secrets that nobody asks for by mail."""

from __future__ import annotations

import pytest
from tests.auth_support import context, led, letter

from sekisho.checks.lure import secrets
from sekisho.evidence import Evidence, Proof

LINK = "\n\nhttps://page.test/x"


def found(text: str, *, proofs: tuple[Proof, ...] = ()) -> list[str]:
    at = context()
    read = letter("s", text, author="Service <a@firm.test>")
    seen = led(read, at) + Evidence(proofs=proofs)
    return [each.facts["secret"] for each in secrets.check(read, seen, at).doubts]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Have your card and PIN ready.", "PIN"),
        ("Enter your 12-word recovery phrase to go on.", "recovery phrase"),
        ("Halten Sie Karte und Geheimzahl bereit.", "Geheimzahl"),
        ("Munissez-vous de votre code confidentiel.", "code confidentiel"),
        ("口座番号と暗証番号をご用意ください。", "暗証番号"),
        ("乱数表の全ての数字を入力してください。", "乱数表"),
    ],
)
def test_a_secret_that_is_asked_for(text: str, secret: str) -> None:
    """The reader is to have it ready or to enter it."""
    assert found(text + LINK) == [secret]


@pytest.mark.parametrize(
    "text",
    [
        "Never enter your PIN on a page that a mail leads to.",
        "暗証番号をメールで入力していただくことはありません。絶対に入力しないでください。",
        "Your locker is B12. Enter PIN 4410 at the door.",
        "宅配ボックスの暗証番号：4410 を入力してください。",
        "You need your customer number and your password.",
        "We pin the map to your screen.",
        "The PIN has three digits too few.",
    ],
)
def test_a_secret_that_is_not_asked_for(text: str) -> None:
    """A warning, a code that is told, a password, another word, and a sentence that wants nothing."""
    assert found(text + LINK) == []


def test_who_may_speak_of_it() -> None:
    """Nothing against a brand that is proven, or where the reader can do nothing."""
    text = "Have your card and PIN ready."
    assert found(text) == []
    assert found(text + LINK, proofs=(Proof("parcelo.test", "dkim", aligned=True, brand="parcelo"),)) == []
