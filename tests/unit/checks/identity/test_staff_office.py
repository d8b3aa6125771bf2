"""An office that says no firm and speaks to staff from outside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, led, message

from sekisho.checks.identity import staff_office
from sekisho.evidence import Evidence, Proof
from sekisho.message import Recipient

LETTER = "Dear colleagues,\r\n\r\nPlease send us the list of all staff.\r\n\r\nHR Department"
JAPANESE = "各支店 ご担当者様\r\n\r\nお疲れ様です。台帳をご返送ください。\r\n\r\n本社 経理部"


def found(
    author: str, text: str, seen: Evidence | None = None, rcpt: str = "hanako@kowa-shoji.test"
) -> list[str]:
    envelope_ = replace(envelope("bounce@stranger.test"), recipients=(Recipient(rcpt),))
    head = f"From: {author}\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    at = context(kinds={"free.test": "mailbox"})
    read = message((head + text).encode(), envelope_)
    return [
        each.kind.id for each in staff_office.check(read, led(read, at) + (seen or Evidence()), at).findings
    ]


@pytest.mark.parametrize(
    ("author", "text"),
    [
        ("HR Department <a@stranger.test>", LETTER),
        ("本社 経理部 <a@stranger.test>", JAPANESE),
        ("総務部 佐藤 <a@stranger.test>", JAPANESE),
        ("IT Helpdesk - Ann Smith <a@stranger.test>", LETTER),
        ("Payroll <a@free.test>", "All staff enter their account here: https://stranger.test/x"),
        ("情報システム課 <a@stranger.test>", "社員各位\r\n画面のコードをお送りください。"),
        ("IT-Abteilung <a@stranger.test>", "Liebe Kolleginnen und Kollegen,\r\n\r\nbitte antworten Sie."),
        ("Direction financière <a@stranger.test>", "Chers collaborateurs,\r\n\r\nmerci de répondre."),
    ],
)
def test_an_office_from_outside(author: str, text: str) -> None:
    """In several languages, whatever it asks for; the name of a person may stand beside the office."""
    assert found(author, text)[:1] == ["recipient.staff_office"]


@pytest.mark.parametrize(
    ("author", "text"),
    [
        ("HR Department <a@kowa-shoji.test>", LETTER),
        ("HR Department <a@kowa-shoji-group.test>", LETTER),
        ("HR Department <a@stranger.test>", f"{LETTER}\r\nFern Payroll Ltd"),
        ("HR Department <a@stranger.test>", f"{LETTER}\r\nTel. 03-5550-0100"),
        ("HR Department <a@fernpayroll.test>", f"{LETTER}\r\nYou get this from Fernpayroll."),
        ("HR Department <a@stranger.test>", f"{LETTER}\r\nDuddon Rowing Club"),
        ("Fern Payroll HR Services <a@stranger.test>", LETTER),
        ("北森フーズ株式会社 人事部 <a@stranger.test>", JAPANESE),
        ("全国保存連合 事務局 <a@stranger.test>", JAPANESE),
        ("Ann Smith <a@stranger.test>", LETTER),
        ("HR Department <a@stranger.test>", "Your application was received. Please send your certificates."),
        ("HR Department <a@stranger.test>", "Dear colleagues,\r\n\r\nthe canteen is closed."),
    ],
)
def test_who_is_no_such_office(author: str, text: str) -> None:
    """The firm's own domain, one that carries its label, a firm or a club that says its name, a person, an office that
    writes to others, and one that asks for nothing."""
    assert found(author, text) == []


def test_what_presses() -> None:
    """A closed telephone, a password, a domain that is made for it, or an answer that is wanted today."""
    office = "HR Department <a@stranger.test>"
    alone, pressed = ["recipient.staff_office"], ["recipient.staff_office", "recipient.staff_office_presses"]
    assert found(office, LETTER) == alone
    assert found(office, f"{LETTER}\r\nToday, please.") == pressed
    assert found(office, f"{LETTER}\r\nDo not call.") == pressed
    assert found(office, f"{LETTER}\r\nWrite your password, too.") == pressed
    assert found("HR Department <a@secure-login.test>", LETTER) == pressed


def test_whose_mail_is_spared() -> None:
    """A registered brand that is proven, and a reader at a provider, who has no such office."""
    assert (
        found(
            "HR Department <a@stranger.test>", LETTER, Evidence(proofs=(Proof("b.test", "dkim", True, "b"),))
        )
        == []
    )
    assert found("HR Department <a@stranger.test>", LETTER, rcpt="me@free.test") == []
