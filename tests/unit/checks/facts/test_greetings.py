"""Whom a letter greets."""

from __future__ import annotations

import pytest
from tests.auth_support import WORDS, letter

from sekisho.checks.facts.greetings import greets_somebody


@pytest.mark.parametrize(
    ("text", "greets"),
    [
        ("Dear Ms Owen,\n\nWe wait.", True),
        ("Hi Ana,", True),
        ("Sehr geehrte Frau Sander,", True),
        ("中村様\n\nお世話になっております。", True),
        ("北森商事 佐藤 太郎 様", True),
        ("Dear customer,", False),
        ("Hello,", False),
        ("Hello Your account was closed because of a rule.", False),
        ("Hi Hanako,", False),  # her address says it
        ("Dear hanako@example.jp,", False),
        ("お客様", False),
        ("お客様各位", False),
        ("We wait.", False),
    ],
)
def test_a_letter_greets_its_reader_by_name(text: str, greets: bool) -> None:
    """A name that the address does not give away: the sender knows its reader."""
    assert greets_somebody(letter("s", text), WORDS.checks) is greets


@pytest.mark.parametrize(
    "line",
    [
        "Dear Ms Ito,",
        "Hi Dana,",
        "Sehr geehrte Frau Kern,",
        "Beste mevrouw Ito,",
        "佐藤 恵 様",
        "小山さま",
        "Estimada Ana:",
    ],
)
def test_by_name(line: str) -> None:
    """A title or a greeting with a name behind it, or a name before 様."""
    assert greets_somebody(letter("s", f"Shop\n\n{line}\n\ntext"), WORDS.checks)


@pytest.mark.parametrize(
    "line",
    ["Dear Customer,", "Dear Tenant,", "Hello,", "Hi there,", "Caro cliente AquaNet,", "お客様", "会員各位", "皆様",
     "サービスをご利用の店舗様", "Sehr geehrte Kundin, sehr geehrter Kunde,", "Good news"],
)  # fmt: skip
def test_by_no_name(line: str) -> None:
    """What a reader is, or nothing."""
    assert not greets_somebody(letter("s", f"{line}\n\ntext"), WORDS.checks)


def test_a_name_further_below_is_no_greeting() -> None:
    """Letters greet in their first lines."""
    text = "\n".join(["one", "two", "three", "four", "five", "six", "Dear Ms Ito,"])
    assert not greets_somebody(letter("s", text), WORDS.checks)
