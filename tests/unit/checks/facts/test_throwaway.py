"""Which domains look like letters at random."""

from __future__ import annotations

import pytest

from sekisho.checks.facts.throwaway import random_looking


@pytest.mark.parametrize(
    ("domain", "random"),
    [
        ("park4night.example", False),
        ("ab4cd5ef.example", True),
        ("nkvwqe.cn", True),
        ("vkgldm.com", True),
        ("rnjcrh.com", True),
        ("northbridge-paper.com", False),
        ("knightsbridge.co.uk", False),
        ("birthplace.example", False),
        ("dhl-news.com", False),
    ],
)
def test_words_joined_are_not_letters_at_random(domain: str, random: bool) -> None:
    """Where two words meet many consonants stand together, but each belongs to a sound."""
    assert random_looking(domain) is random
