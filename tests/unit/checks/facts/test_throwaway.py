"""Which domains look like letters at random."""

from __future__ import annotations

import pytest
from tests.auth_support import WORDS

from sekisho.checks.facts.throwaway import (
    cannot_exist,
    host_inside,
    is_made_of,
    passing_signs,
    random_looking,
)


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
        ("formsprout.example", False),
        ("handstring.example", False),
        ("brtnmsk.example", True),
        ("kzpwrd.example", True),
        ("dhl-news.com", False),
    ],
)
def test_words_joined_are_not_letters_at_random(domain: str, random: bool) -> None:
    """Where two words meet many consonants stand together, but each belongs to a sound."""
    assert random_looking(domain) is random


@pytest.mark.parametrize(
    ("host", "signs"),
    [
        ("mail.xqwvzt.example", 3),
        ("kzpwrd8821.top", 6),
        ("umikaze-bone.tokyo", 1),
        ("expo2026.online", 1),
        ("hdfcbank.com", 1),
        ("greenfield-f.example", 0),
        ("xqwvzt.co.jp", 0),
        ("www.xqwvztco.jp", 3),
    ],
)
def test_signs_of_a_domain_that_is_thrown_away_are_counted(host: str, signs: int) -> None:
    """Random letters have several kinds of signs; a suffix for organisations has none, and is no end of a label."""
    assert passing_signs(host, WORDS.checks) == signs


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("kotori-bank.co.jp.oshirase.example", "kotori-bank.co.jp"),
        ("shop.com.login.example", "shop.com"),
        ("shop-com.login.example", "shop-com"),
        ("kotori-co-jp.example", "kotori-co-jp"),
        ("psn.jp.kotori.com", None),
        ("tele-com.de", None),
        ("mail.kotori.co.jp", None),
    ],
)
def test_a_host_before_a_strangers_domain_is_found(host: str, inside: str | None) -> None:
    """A whole address in front of the registered domain is one; a branch or a department is none."""
    assert host_inside(host) == inside


@pytest.mark.parametrize(
    ("domain", "cannot"),
    [("anzen-kakunin", True), ("mail.kakunin-zz", True), ("nas.local", False), ("kotori.co.jp", False)],
)
def test_a_domain_that_cannot_exist(domain: str, cannot: bool) -> None:
    """Without a dot or under no known suffix; the names inside of networks are spared."""
    assert cannot_exist(domain, WORDS.checks) is cannot


def test_a_domain_of_words_that_calm_a_reader() -> None:
    """All of its pieces are such words; with a name beside them it is somebody's."""
    words = WORDS.checks.domains.service_words
    assert is_made_of("kaiin-kakunin-anzen.example", words)
    assert not is_made_of("kotori-kakunin.example", words)
    assert not is_made_of("login.example", words)
