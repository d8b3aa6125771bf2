"""Compiles the lists into what checks and brands use: patterns, sets, and the distinctive words of a name."""

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

MAX_NAME_CHARS = 300  # of a name; the rest is not examined
MAX_REMEMBERED_NAMES = 4096
WORD = re.compile(r"[^\W_]{2,}")


@dataclass(frozen=True, slots=True)
class BrandWords:
    """The words that are looked for together with the names of brands. `companions` turn an ordinary word beside them
    into a brand's name."""

    phrases: LurePhrases = field(default_factory=LurePhrases)
    companions: tuple[str, ...] = ()
    trade: frozenset[str] = frozenset()
    """Labels that forgers put beside a brand's name in a domain."""
    strong: frozenset[str] = frozenset()
    """The trade words that turn an ordinary word beside them into a brand's name."""
    calming: frozenset[str] = frozenset()
    """Words that forgers put beside a brand's name to calm their readers."""


def for_brands(lists: WordLists, phrases: LurePhrases) -> BrandWords:
    """The words that the registry of brands needs."""
    trade = frozenset(lists.trade_words)
    return BrandWords(
        phrases,
        lists.companions,
        trade,
        trade.difference(lists.weak_trade_words),
        frozenset(lists.calming_words),
    )


def for_checks(lists: WordLists) -> Vocabulary:
    """The words that the checks need."""
    return Vocabulary(
        distinctive=remembered(MAX_REMEMBERED_NAMES)(distinctive_words(lists.common_words)),
        proper=remembered(MAX_REMEMBERED_NAMES)(
            distinctive_words((*lists.common_words, *lists.headline_words, *lists.name_particles))
        ),
        **_in_names(lists),
        quotations=patterns.quotations(lists.quotation_words, lists.quotation_lines, lists.quotation_fields),
        quotation_hints=patterns.hints(lists.quotation_words, lists.quotation_lines, lists.quotation_fields),
        warning_words=lists.warning_words,
        assurances=patterns.assurances(lists.assuring_words, lists.warning_words, lists.assuring_endings),
        complaint_mailboxes=anywhere(lists.complaint_mailboxes),
        forbidding_words=anywhere(lists.forbidding_words),
        **_around_names(lists),
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
        unsubscribe_words=anywhere(lists.unsubscribe_words),
        document_pages=patterns.pages(lists.document_pages),
        redirect_parameters=frozenset(lists.redirect_parameters),
        open_redirects=frozenset(lists.open_redirects),
        translators=lists.translators,
        suspicious_suffixes=frozenset(lists.suspicious_suffixes),
        file_suffixes=frozenset(lists.file_suffixes),
        page_endings=frozenset(lists.page_endings),
        program_endings=frozenset(lists.program_endings),
        document_endings=frozenset(lists.document_endings),
    )


def _in_names(lists: WordLists) -> dict[str, re.Pattern[str]]:
    """What is looked for in names, and what tells how a company is reached, by field of the vocabulary."""
    return dict(
        office_words=anywhere(lists.office_words),
        headline_words=anywhere(lists.headline_words),
        delegate_words=anywhere(lists.delegate_words),
        organisation_words=anywhere(lists.organisation_words),
        go_between_words=anywhere(lists.go_between_words),
        speaking_for=patterns.before_name(lists.speaking_for),
        officer_titles=anywhere(lists.officer_titles),
        chief_titles=anywhere(lists.chief_titles),
        contact_words=anywhere(lists.contact_words),
    )


def _around_names(lists: WordLists) -> dict[str, re.Pattern[str]]:
    """What stands before, behind and below a name, by field of the vocabulary."""
    return dict(
        before_name=patterns.before_name(lists.before_name),
        after_name=patterns.after_name(lists.after_name, lists.company_forms),
        writer_before_name=patterns.before_name(lists.writer_before_name),
        writer_after_name=patterns.after_name(lists.writer_after_name, lists.company_forms),
        introductions=patterns.introduction(lists.introductions),
        thanks_for=patterns.thanks(lists.thanks_for),
        below_name=patterns.below_name(lists.below_name),
        badge_words=anywhere(lists.badge_words),
    )


def _retired(entry: str) -> tuple[str, int]:
    """`outlook express 2014` as a name and a year."""
    name, _, year = entry.rpartition(" ")
    return name, int(year)


def distinctive_words(common: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """A function that gives the words that distinguish a name from others: each once, in lower case and one width,
    without the `common` ones, numbers and single letters. Japanese has no spaces between words, so common Japanese
    words are removed wherever they stand."""
    folded = [unicodedata.normalize("NFKC", word).casefold() for word in common]
    words = frozenset(word for word in folded if max(word) < patterns.FIRST_JAPANESE)
    within = re.compile(patterns.plain(re.escape(word) for word in folded if word not in words))

    def distinctive(name: str) -> tuple[str, ...]:
        plain = within.sub(" ", unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS]).casefold())
        found = (word for word in WORD.findall(plain) if word not in words and not word.isdigit())
        return tuple(dict.fromkeys(found))

    return distinctive
