"""A bank account from a private mailbox, held by a person, or with a forged sender that is answered elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, message

from sekisho.checks.lure import new_account
from sekisho.evidence import AuthorStatus, Cue, Evidence
from sekisho.message import Recipient

BUSINESS = Evidence(cues=(Cue("theme", "business", "b", "text"),))
ACCOUNT = "みずほ銀行 普通 1234567"


def found(author: str, text: str, seen: Evidence = BUSINESS) -> list[str]:
    head = f"From: {author}\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    read = message((head + text).encode(), envelope("a@stranger.test"))
    return [
        each.kind.id
        for each in new_account.check(read, seen, context(kinds={"free.test": "mailbox"})).findings
    ]


@pytest.mark.parametrize(
    ("author", "text", "ids"),
    [
        ("A <a@free.test>", ACCOUNT, ["lure.account_from_private_mailbox"]),
        ("A <a@free.test>", "IBAN DE44 5001 0517 5407 3249 31", ["lure.account_from_private_mailbox"]),
        ("A <a@firm.test>", ACCOUNT, []),
        ("A <a@free.test>", "The number follows.", []),
        ("株式会社A <a@firm.test>", f"{ACCOUNT}\n口座名義　タナカ　ユウジ\n", ["lure.account_of_a_person"]),
        ("A <a@firm.test>", f"{ACCOUNT}\n名義：ﾀﾅｶ ﾕｳｼﾞ\n有限会社A", ["lure.account_of_a_person"]),
        ("株式会社A <a@firm.test>", f"{ACCOUNT}\n口座名義　カ）ミナト\n", []),
        ("木村 <a@firm.test>", f"{ACCOUNT}\n名義　キムラ　サトシ\n", []),
    ],
)
def test_a_new_account(author: str, text: str, ids: list[str]) -> None:
    """From a private mailbox; or of a firm, held by a person: not of a firm in its name, nor of a person."""
    assert found(author, text) == ids
    assert found(author, text, Evidence()) == []


PRESSED = "Our new bank account: IBAN DE44 5001 0517 5407 3249 31."


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (f"{PRESSED} The old one is closed. Pay today.", ["lure.account_pressed"]),
        (
            f"{PRESSED} Do not use the old one. Send us the receipt today, no calls.",
            ["lure.account_pressed", "lure.account_pressed_strongly"],
        ),
        (
            "口座が監査で使えないため、新しい口座 普通 1234567 へ本日お振込みください。",
            ["lure.account_pressed"],
        ),
        (PRESSED, []),
        (f"{PRESSED} The old one is closed. Pay today, or ring us.", []),
        (f"{PRESSED} The old one is closed. Pay today.\r\nTel. 03-5550-0100", []),
        ("Our bank account: IBAN DE44 5001 0517 5407 3249 31. Pay today and send us the receipt.", []),
    ],
)
def test_an_account_that_is_pressed(text: str, ids: list[str]) -> None:
    """Two things that press, and no way to ask; one alone, a telephone, or an account that is not new are everyday."""
    assert found("A <a@firm.test>", text, Evidence()) == ids


def test_an_account_that_is_announced() -> None:
    """The old account cannot be used, and an answer is wanted for the new one; an auditor's question is none."""
    text = "Our account with the bank is being audited. Reply today for our new bank details."
    assert found("A <a@firm.test>", text, Evidence()) == ["lure.account_announced"]
    assert found("A <a@firm.test>", f"{text} Or call us.", Evidence()) == []
    assert found("A <a@firm.test>", "Please reply today with the balance of your account.", Evidence()) == []


@pytest.mark.parametrize(
    ("answers", "ids"),
    [
        ("a@other.test", ["lure.account_and_answers_elsewhere"]),
        ("a@free.test", ["lure.account_and_answers_elsewhere"]),
        ("a@mail.firm.test", []),
        ("t-1@desk.test", []),
        ("a@example.jp", []),
    ],
)
def test_answers_of_a_forged_sender(answers: str, ids: list[str]) -> None:
    """They go to another organisation: not to its own, to a platform of tickets, nor to the reader's own."""
    head = f"From: A <a@firm.test>\r\nReply-To: {answers}\r\nSubject: s\r\n\r\n"
    to = replace(envelope(), recipients=(Recipient("b@example.jp"),))
    at = context(kinds={"free.test": "mailbox", "desk.test": "tenancy"})
    for status, expected in ((AuthorStatus.UNAUTHENTICATED, ids), (AuthorStatus.AUTHENTICATED, [])):
        for text, told in (("IBAN DE44 5001 0517 5407 3249 31", expected), ("no number", [])):
            read = message((head + text).encode(), to)
            findings = new_account.check(read, Evidence(author_status=status), at).findings
            assert [each.kind.id for each in findings] == told
