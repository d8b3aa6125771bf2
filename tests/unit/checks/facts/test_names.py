"""Facts of names: whether a name says who somebody is, and what a domain has to do with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import WORDS, Owners, context

from sekisho.checks.facts import names
from sekisho.evidence import Claim, Evidence, Strength
from sekisho.known import Lookalike, Mention


@pytest.mark.parametrize(
    ("name", "nameless"),
    [("Customer Support", True), ("重要なお知らせ", True), ("Acme Customer Support", False), ("", False)],
)
def test_a_name_that_could_be_anybodys(name: str, nameless: bool) -> None:
    """It says what the sender does; no name at all says nothing."""
    assert names.is_nameless(name, WORDS.checks) is nameless


@pytest.mark.parametrize(
    ("words", "domain", "expected"),
    [
        (("acme", "tools"), "mail.acme.example", True),  # a word
        (("acme", "tools"), "acmetools.example", True),  # all of it
        (("great", "northern", "railway"), "gnr.example", True),  # initials
        (("acme", "tools"), "stranger.example", False),
        (("山田", "商店"), "stranger.example", True),  # domains are seldom written so
        (("my", "box"), "my-box.example", True),
    ],
)
def test_what_a_domain_has_to_do_with_a_name(words: tuple[str, ...], domain: str, expected: bool) -> None:
    """A word of the name, all of it or its initials."""
    assert names.related(words, {domain}) is expected


@dataclass(frozen=True)
class Near(Owners):
    """A registry in which every domain is one edit away from two brands."""

    def lookalike(self, domain: str) -> Lookalike | None:
        return Lookalike("dhl", "dhl.com", "edit", rivals=(Lookalike("rakuten", "rakuten.co.jp", "edit"),))


@pytest.mark.parametrize(("claimed", "brand"), [(None, "rakuten"), ("dhl", "dhl"), ("other", "rakuten")])
def test_a_short_name_is_imitated_only_where_it_is_claimed(claimed: str | None, brand: str) -> None:
    """Short names are one letter apart by chance."""
    claims = (Claim(claimed, "display_name", "x"),) if claimed else ()
    found = names.imitated("dhk.com", Evidence(claims=claims), replace(context(), registry=Near()))
    assert found is not None
    assert found.brand == brand


def test_a_brand_is_mentioned_once() -> None:
    """The mention that takes up most of the text is the one that counts."""
    least, most = Mention("a", "A", 0, 1, 0.1, True), Mention("a", "A Ltd", 5, 10, 0.5, True)
    other = Mention("b", "B", 2, 3, 0.1, True)
    assert list(names.best_mentions((least, other, most))) == [most, other]


@dataclass(frozen=True)
class Known(Owners):
    """A registry that finds one brand in every text."""

    def mentions(self, text: str) -> tuple[Mention, ...]:
        return (Mention("a", "A", 0, 1, 0.1, True),)


def test_a_mention_is_a_weak_claim() -> None:
    """It says the place and the name."""
    claims = list(names.mentioned("A shop", "reply_to", replace(context(), registry=Known())))
    assert claims == [Claim("a", "reply_to", "A", Strength.WEAK)]
