"""Whether a message says its sender's own name, and whether a name beside a brand's is its sender's."""

from __future__ import annotations

import pytest
from tests.auth_support import WORDS, context, letter

from sekisho.checks.facts.senders_name import (
    NameStanding,
    knows_words,
    name_standing,
    says_domain,
    says_words,
)
from sekisho.evidence import NOTHING, AuthorStatus, Evidence

PROVEN = Evidence(author_status=AuthorStatus.AUTHENTICATED)


@pytest.mark.parametrize(
    ("domain", "text", "says"),
    [
        ("tasklark.example", "your Tasklark account", True),
        ("mail.tasklark.example", "Task Lark Ltd", True),  # as several words
        ("lark-soaps.example", "we at Larksoap", True),  # most of it
        ("koharu-do.example", "コハル 運営部", True),  # as it sounds
        ("tasklark.example", "see https://tasklark.example/x or help@tasklark.example", False),
        ("tasklarkers.example", "a task for you", False),  # less than half of it
        ("secure-login.example", "a secure login", False),  # names nobody
        ("abc.example", "abc", False),
    ],
)
def test_a_text_that_calls_its_sender_as_its_domain_is_called(domain: str, text: str, says: bool) -> None:
    """Addresses are no words, and neither a short part of a domain nor words of lures are its name."""
    assert says_domain(letter("Hello", text, author=f"Info <info@{domain}>"), WORDS.checks) is says


def test_the_words_of_a_name() -> None:
    """A message says them in words; it knows them also where its domain has them."""
    mail = letter("Hello", "ＡＣＭＥ greets you", author="A <a@tasklark.example>")
    assert says_words(["acme"], mail)
    assert not says_words(["tasklark"], mail)
    assert knows_words(["tasklark"], mail)
    assert not knows_words(["stranger"], mail)


@pytest.mark.parametrize(
    ("author", "text", "seen", "standing"),
    [
        ("cloudpenny.example", "Cloudpenny reads your bill", PROVEN, NameStanding.PROVEN),
        ("cloudpenny.example", "your bill", PROVEN, NameStanding.TOLD),
        ("cloudpenny.example", "Cloudpenny reads your bill", NOTHING, NameStanding.TOLD),
        ("stranger.example", "© Cloudpenny Inc", PROVEN, NameStanding.TOLD),
        ("stranger.example", "Cloudpenny reads your bill", PROVEN, NameStanding.UNKNOWN),
        ("cloudpenny.test", "Cloudpenny reads your bill", PROVEN, NameStanding.UNKNOWN),  # another brand's
    ],
)
def test_a_name_beside_a_brands(author: str, text: str, seen: Evidence, standing: NameStanding) -> None:
    """A proven domain with the name and a text that says it are more than either of them."""
    mail = letter("Your bill", text, author=f"Bills <bills@{author}>")
    at = context(owners={"cloudpenny.test": "cloudpenny"})
    assert name_standing("Your bill by Cloudpenny", mail, seen, at) is standing
