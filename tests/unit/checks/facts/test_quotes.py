"""Facts of quoted text: what a sender quotes, and when it may."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import WORDS, Owners, context, message

from sekisho.checks.facts.quotes import Quotes, only_in, own_text
from sekisho.evidence import AuthorStatus, Cue, Evidence
from sekisho.known import Reading
from sekisho.message import Message


@dataclass(frozen=True)
class Asking(Owners):
    """A registry that finds one phrase that asks to open something."""

    def read(self, text: str, after: str = "") -> Reading:
        return Reading((), (Cue("action", "open", "open"),) if "open the attached" in text else ())


AT = replace(context(), registry=Asking())
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)


def mail(text: str, kind: str = "plain") -> Message:
    head = f"From: a@shop.example\nContent-Type: text/{kind}; charset=utf-8\n\n"
    return message((head + text).replace("\n", "\r\n").encode())


def quotes(text: str, seen: Evidence | None = None) -> bool:
    """True if the word LURE of a text is quoted."""
    read = mail(text)
    return Quotes(read, seen or Evidence(), AT).have(read.text.index("LURE"))


@pytest.mark.parametrize(
    "mark",
    [
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "---------- 転送メッセージ ----------",
        "-----元のメッセージ-----",
        "-----Ursprüngliche Nachricht-----",
        "-----Message d'origine-----",
        "------ This is a copy of the message, including all the headers. ------",
        "--- Below this line is a copy of the message.",
        "On Mon, 9 Nov 2026, Jane <j@x.example> wrote:",
        "Am 10.11.2026 schrieb Max Muster <m@x.example>:",
        "From: Jane <j@x.example>",
        "差出人：Jane <j@x.example>",
        "De : Jane <j@x.example>",
    ],
)
def test_below_the_mark_of_a_mail_program_everything_is_quoted(mark: str) -> None:
    """The marks of several programs and languages are known, and the words above are the sender's own."""
    assert quotes(f"see you\n\n{mark}\n\nLURE\nmore\n")
    assert own_text(mail(f"see you\n{mark}\nLURE\n"), WORDS.checks).strip() == "see you"


@pytest.mark.parametrize(
    "text",
    [
        "my original message was lost\nLURE",
        "We wrote to you. LURE",
        "From: the team\nLURE",
        "a > b\nLURE",
    ],
)
def test_words_in_a_sentence_are_no_mark(text: str) -> None:
    """A sentence that has the words of a mark, and a comparison, quote nothing."""
    assert not quotes(text)


@pytest.mark.parametrize(
    "text",
    [
        "-----Original Message-----\nLURE",
        "...\n-----Original Message-----\nLURE",
        "> LURE",
        "Please open the attached mail.\n> LURE",
    ],
)
def test_who_has_no_words_or_asks_does_not_quote(text: str) -> None:
    """A mark at the top, dots above it, every line quoted, a request above it: the sender speaks by what it quotes."""
    assert not quotes(text)


def test_only_the_lines_with_the_mark_are_quoted() -> None:
    """What stands between and below lines that begin with `>` is the sender's own."""
    assert quotes("yes\n> LURE\nno")
    assert not quotes("yes\n> asked\nLURE")


def test_who_warns_may_ask_and_quote() -> None:
    """A sender that calls mail suspicious quotes, although it asks for something, too."""
    assert quotes("If you get a phishing mail like this, open the attached guide.\n> LURE")


def test_an_unproven_sender_does_not_quote() -> None:
    """A sender that is known not to be proven cannot clear itself by a mark."""
    assert not quotes("see you\n> LURE", UNPROVEN)


def test_each_text_part_has_its_own_words() -> None:
    """Words in the plain text do not account for a mark in the page beside it."""
    raw = (
        'From: a@shop.example\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n'
        "--b\r\n\r\nown words\r\n> quoted\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>&gt; LURE</p>\r\n--b--\r\n"
    )
    read = message(raw.encode())
    assert not Quotes(read, Evidence(), AT).have(read.text.index("LURE"))
    assert Quotes(read, Evidence(), AT).have(read.text.index("quoted"))


def test_a_text_is_only_in_ranges_if_every_place_is() -> None:
    """One place outside, no place at all, and too many places to look at: it is not only there."""
    assert only_in("ab", "ab x ab", ((0, 2), (5, 7)))
    assert not only_in("ab", "ab x ab", ((0, 2),))
    assert not only_in("cd", "ab", ((0, 2),))
    assert not only_in("a", "a" * 1_000, ((0, 1_000),))
