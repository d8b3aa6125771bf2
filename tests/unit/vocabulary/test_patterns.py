"""Where a word of a list is met in a text, and where it is not."""

from __future__ import annotations

import time

import pytest
from tests.auth_support import WORDS

from sekisho.vocabulary import patterns

CHECKS = WORDS.checks


@pytest.mark.parametrize(
    ("entry", "text", "met"),
    [
        ("pay", "Pay now", True),
        ("pay", "payment", False),
        ("pay", "repay", False),
        ("pay*", "payments", True),
        ("*pay", "repay", True),
        ("*pay", "PayPal", False),
        ("help desk", "the HELP DESK of", True),
        ("help desk", "helpdesk", False),
        ("(c)", "x(c)y", True),
        ("©", "©2026", True),
        ("支払", "お支払い", True),
        ("ID", "会員ID", False),  # the machine sees one word
        ("*ID", "会員ID", True),
        ("a.b", "axb", False),
        ("été", "l'été", True),
        ("été", "étés", False),
    ],
)
def test_an_entry_is_a_whole_word_unless_it_has_a_star(entry: str, text: str, met: bool) -> None:
    """Letters of scripts that set words apart end where the word ends; anything else ends anywhere."""
    assert (patterns.anywhere([entry]).search(text) is not None) is met


def test_a_list_without_words_matches_nothing() -> None:
    """A site may remove every word of a list."""
    for made in (
        patterns.anywhere([]),
        patterns.pieces([]),
        patterns.before_name([]),
        patterns.after_name([], []),
        patterns.below_name([]),
        patterns.greeting([]),
        patterns.readers([], []),
        patterns.impersonal([], []),
    ):
        assert all(made.search(text) is None for text in ("", " ", "x", "\n", "お客様"))


def test_the_longer_of_two_words_is_taken() -> None:
    """Else `help` would leave `desk` of `help desk` behind."""
    assert patterns.anywhere(["help", "help desk"]).sub("", "help desk") == ""


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("our most valued customer", True),
        ("accountholder,", True),
        ("account holders", True),
        ("PayPal user", True),
        ("webmail user", True),
        ("Mr Smith", False),
        ("customership", False),
    ],
)
def test_readers_who_are_nobody(text: str, met: bool) -> None:
    """A space may be left out, adjectives and the name of a service may stand before."""
    assert (CHECKS.greeting.readers.match(text) is not None) is met


def test_what_is_behind_a_name() -> None:
    """A company's form may stand behind a comma, nothing else may; below it only an office speaks."""
    assert CHECKS.voices.after_name.match(", Inc.")
    assert CHECKS.voices.after_name.match(" Support")
    assert not CHECKS.voices.after_name.match(", Support")
    assert not CHECKS.voices.after_name.match(" Supper")
    assert CHECKS.voices.below_name.match("\nCustomer Service")
    assert not CHECKS.voices.below_name.match("\nSupport")


HOSTILE = ("a", " ", "お客様", "dear ", "valued customer ", "カスタマー", "wrote", "@", "株式会社", "-", "\n")


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_long(piece: str) -> None:
    """20,000 characters of anything cost milliseconds in each pattern: no list makes a pattern that backtracks."""
    text = (piece * (20_000 // len(piece) + 1))[:20_000]
    for name in CHECKS.__slots__:
        pattern = getattr(CHECKS, name)
        if hasattr(pattern, "search"):
            begun = time.process_time()
            pattern.search(text)
            assert time.process_time() - begun < 0.5, name


def test_latin_words_among_japanese() -> None:
    """A Latin word is whole between Japanese letters, and not within a Latin word."""
    line = patterns.among_japanese(["line", "send*", "内密"])
    assert all(
        line.search(text)
        for text in ("LINEのグループ", "新しいLINE", "on line", "sending", "内密に", "Sendください")
    )
    assert not any(line.search(text) for text in ("online", "lines", "line_up", "resend"))
    assert patterns.among_japanese([]).search("line") is None
