"""Whether a text calls its sender as the sender's domain is called."""

from __future__ import annotations

import pytest
from tests.auth_support import WORDS

from sekisho.checks.facts.domain_names import is_called_as, is_called_by_name, is_known_by_its_domain


@pytest.mark.parametrize(
    ("domain", "text", "called"),
    [
        ("tasklark.example", "your tasklark account", True),
        ("livecobaltheights.example", "Office of Cobalt Heights Apartments", True),
        ("wickandbloom.example", "Wick & Bloom candles", True),
        ("weaverspensions.example", "Weavers' Retirement Benefit Scheme", True),
        ("photobox.example", "Your Photobox order", True),
        ("photobox.example", "Your photo box order", False),
        ("mailbox.example", "Your Mailbox is full", False),
        ("securelogin.example", "The Securelogin team", False),
        ("sv-hoshizora.example", "ほしぞらサーバー サポート", True),
        ("minori-farm-fund.example", "みのりファーム合同会社", True),
        ("minori-farm-fund.example", "ひまわりファーム合同会社", False),
        ("tax-refund-service.example", "Tax Refund Service", False),
        ("", "Tasklark", False),
    ],
)
def test_a_text_calls_its_sender_by_the_name_of_its_domain(domain: str, text: str, called: bool) -> None:
    """By most of its letters, by several words, by a coined word or by its sound; words of such mail name nobody."""
    assert is_called_as(domain, text, WORDS.checks) is called


@pytest.mark.parametrize(
    ("domain", "text", "known"),
    [
        ("tidebook.example", "Your Tidebook plan", True),
        ("tidebook-login.example", "Your Tidebook plan", False),
        ("tidebooksecure.example", "Your Tidebook plan", False),
        ("tidebook.top", "Your Tidebook plan", False),
        ("billet-rembourse.example", "on vous rembourse demain", False),
    ],
)
def test_a_domain_that_was_made_for_it_makes_nobody_known(domain: str, text: str, known: bool) -> None:
    """Words that calm a reader, a suffix that is thrown away, and a word that is no name."""
    assert is_known_by_its_domain(domain, text, WORDS.checks) is known


@pytest.mark.parametrize(
    ("domain", "text", "called"),
    [
        ("signification-dossier.example", "Signification d'un acte", False),
        ("rinnovo-profilo.example", "il rinnovo del tuo abbonamento", False),
        ("ville-montcalm.example", "Ville de Montcalm - Service du stationnement", True),
        ("fern-hollow.example", "the Fern Hollow club", True),
        ("tasklark.example", "your tasklark account", True),  # without a hyphen a label is one word
    ],
)
def test_one_word_of_a_domain_may_be_the_matter(domain: str, text: str, called: bool) -> None:
    """Domains that are made for a lure have words of what it is about between hyphens."""
    assert is_called_by_name(domain, text, WORDS.checks) is called
