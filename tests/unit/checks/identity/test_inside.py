"""A chief or a colleague who asks from outside for what is asked inside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, message

from sekisho.checks.identity import inside
from sekisho.evidence import AuthorStatus, Cue, Evidence, Proof
from sekisho.message import Recipient
from sekisho.ports import Context

ERRAND = Evidence(cues=(Cue("theme", "errand", "e", "text"),))
PROVEN = Evidence(proofs=(Proof("stranger.test", "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)


def found(
    author: str,
    text: str = "Please help.",
    seen: Evidence = ERRAND,
    rcpt: str = "hanako@example.jp",
    at: Context | None = None,
) -> list[str]:
    envelope_ = replace(envelope("bounce@stranger.test"), recipients=(Recipient(rcpt),))
    head = f"From: {author}\r\nSubject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    at = at or context(kinds={"free.test": "mailbox"})
    read = message((head + text).encode(), envelope_)
    return [each.kind.id for each in inside.check(read, seen, at).findings]


@pytest.mark.parametrize(
    ("author", "text"),
    [
        ("代表取締役 高田 <a@stranger.test>", "."),
        ("Ann Smith, CEO <a@free.test>", "."),
        ("社長 <a@stranger.test>", "."),
        ("President <a@stranger.test>", "."),
        ("ceo@stranger.test", "."),
        ("Ann Smith <a@stranger.test>", "Do it today.\r\n\r\nAnn Smith\r\nManaging Director"),
        ("高田 <a@stranger.test>", "お疲れ様です。\r\n社長の高田です。\r\nお願いします。"),
        ("Director Ann Smith <a@stranger.test>", "This is for our staff."),
        ("Example <a@stranger.test>", "."),
        ("Klaus Brenner, Geschäftsführer <a@stranger.test>", "."),
    ],
)
def test_a_chief_from_outside(author: str, text: str) -> None:
    """By the sender's name, its address, a signature or an introduction; proven or not."""
    assert found(author, text) == ["recipient.chief"]
    assert found(author, text, ERRAND + PROVEN) == ["recipient.chief"]


@pytest.mark.parametrize(
    ("author", "text", "ids"),
    [
        ("Naoko <a@free.test>", "給与の振込口座を変更したいです。", ["recipient.insider"]),
        ("Tom <a@free.test>", "It is a surprise for the staff.", ["recipient.insider"]),
        ("Tom <a@free.test>", "Can you get it for me?", []),
        ("Tom <a@free.test>", "The CEO will call you about it.", []),
        ("山岳会 代表 佐藤 <a@free.test>", "班のグループです。", []),
        ("Director Ann Smith <a@stranger.test>", "For the choir.", []),
    ],
)
def test_who_is_no_chief(author: str, text: str, ids: list[str]) -> None:
    """A colleague, a friend, somebody who speaks of a chief, and the heads of clubs and choirs."""
    assert found(author, text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Handle the wire discreetly.\r\n\r\nAnn Smith, CEO", ["recipient.chief"]),
        ("社内には公表しないで、振込をお願いします。\r\n\r\n代表取締役 高田", ["recipient.chief"]),
        ("Handle the wire today.\r\n\r\nAnn Smith, CEO", []),
        ("Keep this confidential.\r\n\r\nAnn Smith, CEO", []),
        ("Handle the wire discreetly.", []),
        ("Handle the wire discreetly. " + "And so on. " * 80 + "\r\n\r\nAnn Smith, CEO", []),
    ],
)
def test_secrecy_money_and_a_chief_agree(text: str, ids: list[str]) -> None:
    """Without a phrase of an errand all three are needed, in a short text."""
    assert found("Ann Smith <a@stranger.test>", text, Evidence()) == ids


def test_those_who_are_inside() -> None:
    """The reader's own domain and the names below it; a customer of a mail provider has no inside at all."""
    chief = "代表取締役 <a@{}>"
    assert found(chief.format("example.jp")) == []
    assert found(chief.format("mail.example.jp")) == []
    assert found(chief.format("free.test"), rcpt="b@free.test") == []
    owners = {"group.test": "g", "example.jp": "g"}
    assert found(chief.format("group.test"), at=context(owners=owners)) == []
    assert found("代表取締役 <a@stranger.test>", rcpt="postmaster") == []


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("Director, Example", ["recipient.chief"]),
        ("Dear Managing Director,", []),
        ("代表取締役 山田様", []),
        ("代表取締役 山田", ["recipient.chief"]),
    ],
)
def test_whom_a_line_with_a_title_names(line: str, ids: list[str]) -> None:
    """A signature names the writer, also as an officer of the reader's organisation; a greeting names the reader."""
    assert found("Ann <a@stranger.test>", f"{line}\r\n\r\nPlease help.") == ids


def test_an_errand_without_a_phrase_is_a_cue_for_the_lure() -> None:
    """What the agreement of secrecy, money and a chief shows is named like a phrase of an errand."""
    text = b"From: CEO <a@stranger.test>\r\nSubject: s\r\n\r\nHandle the wire discreetly."
    envelope_ = replace(envelope("bounce@stranger.test"), recipients=(Recipient("hanako@example.jp"),))
    evidence = inside.check(message(text, envelope_), Evidence(), context())
    assert [(cue.aspect, cue.name) for cue in evidence.cues] == [("theme", "errand")]


@pytest.mark.parametrize(
    ("author", "text", "ids"),
    [
        ("Ann, CEO <a@stranger.test>", "Send me the payment today. I can't take calls.", ["recipient.chief"]),
        (
            "深川 <a@free.test>",
            "お疲れ様です。\r\nLINEのグループを作り、コードを返してください。\r\n代表取締役",
            ["recipient.chief"],
        ),
        (
            "Corwin <a@stranger.test>",
            "A transfer has to leave today. Speak to nobody about it.",
            ["recipient.secret_payment"],
        ),
        ("Corwin <a@stranger.test>", "A transfer has to leave today. Speak to nobody about it. Call me.", []),
        ("Corwin <a@stranger.test>", "A transfer has to leave today.", []),
        ("Ann, CEO <a@stranger.test>", "Send me the payment today.", []),
        ("Ann, CEO <a@stranger.test>", "I can't take calls. Is the payment on its way?\r\nFern Ltd", []),
    ],
)
def test_what_closes_the_telephone(author: str, text: str, ids: list[str]) -> None:
    """Money or a channel, and nobody may be asked: by a chief, a colleague's greeting, or a secret deal. Firms that say
    their name and chiefs who can be called are none."""
    assert found(author, text, Evidence()) == ids
