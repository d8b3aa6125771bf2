"""The lists made into what checks and brands use: patterns, sets, and the distinctive words of a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sekisho.bounded_cache import remembered
from sekisho.vocabulary import patterns
from sekisho.vocabulary.lists import WordLists
from sekisho.vocabulary.patterns import anywhere, pieces
from sekisho.vocabulary.phrases import LurePhrases
from sekisho.words import Vocabulary

MAX_NAME_CHARS = 300  # of a name that are looked at
REMEMBERED_NAMES = 4096
WORD = re.compile(r"[^\W_]{2,}")


@dataclass(frozen=True, slots=True)
class BrandWords:
    """The words that are looked for together with the names of brands, and those that make brands of names."""

    phrases: LurePhrases = field(default_factory=LurePhrases)
    companions: tuple[str, ...] = ()
    trade: frozenset[str] = frozenset()
    """Labels of hosts that stand beside a brand's name in domains of forgers."""
    strong: frozenset[str] = frozenset()
    """Of these, the ones that make a brand of a word of everyday language."""


def for_brands(lists: WordLists, phrases: LurePhrases) -> BrandWords:
    """What the registry of brands needs."""
    trade = frozenset(lists.trade_words)
    return BrandWords(phrases, lists.companions, trade, trade.difference(lists.weak_trade_words))


def for_checks(lists: WordLists) -> Vocabulary:
    """What the checks need."""
    return Vocabulary(
        distinctive=remembered(REMEMBERED_NAMES)(distinctive_words(lists.common_words)),
        office_words=anywhere(lists.office_words),
        officer_titles=anywhere(lists.officer_titles),
        chief_titles=anywhere(lists.chief_titles),
        contact_words=anywhere(lists.contact_words),
        quotation_words=patterns.quotation(lists.quotation_words),
        before_name=patterns.before_name(lists.before_name),
        after_name=patterns.after_name(lists.after_name, lists.company_forms),
        below_name=patterns.below_name(lists.below_name),
        greetings=patterns.greeting(lists.greetings),
        readers=patterns.readers(lists.readers, lists.reader_adjectives),
        impersonal_greetings=patterns.impersonal(lists.impersonal_greetings, lists.impersonal_lines),
        nobody=patterns.nobody(lists.nobody_words, lists.nobody_endings),
        chinese_fonts=lists.chinese_fonts,
        personal_mailers=pieces(lists.personal_mailers),
        bulk_mailers=pieces(lists.bulk_mailers),
        mailer_words=pieces(lists.mailer_words),
        retired_mailers=tuple(map(_retired, lists.retired_mailers)),
        button_words=anywhere(lists.button_words),
        redirect_parameters=frozenset(lists.redirect_parameters),
        open_redirects=frozenset(lists.open_redirects),
        translators=lists.translators,
        suspicious_suffixes=frozenset(lists.suspicious_suffixes),
        file_suffixes=frozenset(lists.file_suffixes),
        page_endings=frozenset(lists.page_endings),
        program_endings=frozenset(lists.program_endings),
        document_endings=frozenset(lists.document_endings),
    )


def _retired(entry: str) -> tuple[str, int]:
    """`outlook express 2014` as a name and a year."""
    name, _, year = entry.rpartition(" ")
    return name, int(year)


def distinctive_words(common: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """A function that gives the words of a name that tell it from others: each once, in lower case and one width, none
    of the `common` ones, no numbers, no single letters. Japanese runs its words together, so the common ones of it are
    cut out wherever they stand."""
    folded = [unicodedata.normalize("NFKC", word).casefold() for word in common]
    words = frozenset(word for word in folded if max(word) < patterns.JAPANESE)
    within = re.compile(patterns.plain(re.escape(word) for word in folded if word not in words))

    def distinctive(name: str) -> tuple[str, ...]:
        plain = within.sub(" ", unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS]).casefold())
        found = (word for word in WORD.findall(plain) if word not in words and not word.isdigit())
        return tuple(dict.fromkeys(found))

    return distinctive
