"""Words of several alphabets in the text: many speak for themselves, one only where the author is in doubt."""

from __future__ import annotations

import pytest
from tests.auth_support import context, message

from sekisho.checks.content import obfuscation
from sekisho.checks.identity import impersonation
from sekisho.evidence import Evidence

CLAIMED = Evidence(findings=(impersonation.DISPLAY_NAME.found(),))


def found(text: str, seen: Evidence) -> list[str]:
    raw = f"From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
    return [each.kind.id for each in obfuscation.check(message(raw), seen, context()).findings]


@pytest.mark.parametrize("word", ["Nеtflix", "Αmazon", "соm"])
def test_one_word_counts_only_in_doubt(word: str) -> None:
    """A letter of another alphabet stands in honest words too."""
    assert found(f"The {word} is over.", Evidence()) == []
    assert found(f"The {word} is over.", CLAIMED) == ["disguise.word"]


def test_many_words_are_one_finding() -> None:
    """Where the whole text is disguised, the one word is not counted again."""
    text = "Yоur accоunt has bеen clоsed."
    assert found(text, Evidence()) == ["disguise.text"]
    assert found(text, CLAIMED) == ["disguise.text"]


@pytest.mark.parametrize("text", ["Plain.", "β版", "3 μsec", "Москва и London", "Δt and 5 Ω"])
def test_words_of_one_alphabet_are_none(text: str) -> None:
    """Several alphabets side by side are how languages are quoted."""
    assert found(text, CLAIMED) == []
