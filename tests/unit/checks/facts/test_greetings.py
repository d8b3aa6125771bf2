"""Whether a letter greets its reader by name."""

from __future__ import annotations

import pytest
from tests.auth_support import context, letter

from sekisho.checks.facts.greetings import greets_by_name

WORDS = context().vocabulary


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
    assert greets_by_name(letter("s", f"Shop\n\n{line}\n\ntext"), WORDS)


@pytest.mark.parametrize(
    "line",
    ["Dear Customer,", "Dear Tenant,", "Hello,", "Hi there,", "Caro cliente AquaNet,", "お客様", "会員各位", "皆様",
     "サービスをご利用の店舗様", "Sehr geehrte Kundin, sehr geehrter Kunde,", "Good news"],
)  # fmt: skip
def test_by_no_name(line: str) -> None:
    """What a reader is, or nothing."""
    assert not greets_by_name(letter("s", f"{line}\n\ntext"), WORDS)


def test_a_name_further_below_is_no_greeting() -> None:
    """Letters greet in their first lines."""
    text = "\n".join(["one", "two", "three", "four", "five", "six", "Dear Ms Ito,"])
    assert not greets_by_name(letter("s", text), WORDS)
