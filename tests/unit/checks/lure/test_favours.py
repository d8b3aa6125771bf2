"""Favours for somebody who cannot be called."""

from __future__ import annotations

import pytest
from tests.auth_support import context, envelope, led, message

from sekisho.checks.lure import favours


def found(author: str, text: str) -> list[str]:
    head = f"From: {author}\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    read = message((head + text).encode(), envelope("a@stranger.test"))
    at = context(kinds={"free.test": "mailbox"})
    return [each.kind.id for each in favours.check(read, led(read, at), at).findings]


@pytest.mark.parametrize(
    ("author", "text", "ids"),
    [
        (
            "Rev. Thaddeus <revt1@free.test>",
            "I promised some Steam cards, but I am stuck in a meeting. I will reimburse you.",
            ["lure.favour"],
        ),
        (
            "Imam Yusuf <imam77@free.test>",
            "Could you buy two gift cards and send me a photo of the back of each? I'll pay you back.",
            ["lure.favour", "lure.favour_codes"],
        ),
        (
            "児玉 <a@firm.test>",
            "ギフトカードを買って、コードを教えてください。電話ができませんので、メールで。",
            ["lure.favour", "lure.favour_codes"],
        ),
        (
            "Ann <ann@free.test>",
            "We were robbed in Lisbon, my phone is gone. Can you lend me £900? I will pay you back.",
            ["lure.loan_for_a_friend"],
        ),
        (
            "Prof. Thune <a@free.test>",
            "Are you free? I can't take calls, reply with your number.",
            ["lure.leaders_task"],
        ),
    ],
)
def test_a_favour(author: str, text: str, ids: list[str]) -> None:
    """Cards, with their codes or for somebody with a title; a loan; a task."""
    assert found(author, text) == ids


@pytest.mark.parametrize(
    ("author", "text"),
    [
        (
            "Dora <d@free.test>",
            "Could you buy a gift card for Mum? My card was declined. I'll pay you back. Call me!",
        ),
        (
            "Gerald, Chair <g@free.test>",
            "Jan will buy two gift cards, and the treasurer will reimburse her. Reply.",
        ),
        ("Rev. Ann <a@free.test>", "I am in hospital on Sunday. Who can do the reading? Please reply."),
        ("Prof. Thune <a@univ.test>", "I can't take calls, reply with your number."),
        ("Shop <a@shop.test>", "Buy a gift card and get the code at once. Shop Ltd, Tel. 03-5550-0100"),
        ("Ann <ann@free.test>", "My phone is gone, write here. Can you water the tomatoes?"),
    ],
)
def test_people_who_ask(author: str, text: str) -> None:
    """Who wants to be called, what others buy, a pastor with a rota, a professor in the university, a shop, and a
    friend who wants no money."""
    assert found(author, text) == []
