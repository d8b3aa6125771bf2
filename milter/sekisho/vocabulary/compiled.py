"""Compiles the lists into what checks and brands use: patterns, sets, and the distinctive words of a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sekisho.bounded_cache import remembered
from sekisho.text import readings_of, skeleton
from sekisho.vocabulary import patterns
from sekisho.vocabulary.lists import WordLists
from sekisho.vocabulary.patterns import among_japanese, anywhere, pieces
from sekisho.vocabulary.phrases import LurePhrases
from sekisho.words import (
    CallWords,
    DemandWords,
    DomainWords,
    FileWords,
    GreetingWords,
    InsideWords,
    LinkWords,
    MailerWords,
    NameWords,
    QuoteWords,
    RequestWords,
    Vocabulary,
    VoiceWords,
)

MAX_NAME_CHARS = 300  # of a name; the rest is not examined
MAX_REMEMBERED_NAMES = 4096
MIN_LATIN_LETTERS = 5  # of a spelling of a lure that a word may begin with: `pay` begins names
MIN_COMPOUND_LETTERS = 3  # of each word of a compound; one more may join them (`sicherheitsabteilung`)
MAX_ENDING_LETTERS = 4  # behind it: `notific` is `notificacion`, too
MIN_JAPANESE_LETTERS = 2  # of a Japanese spelling, and of what is left of a name
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
    exchanged: tuple[tuple[str, ...], ...] = ()
    """Each a letter of names, and the forms that are written in its place."""
    near: tuple[str, ...] = ()
    """Words that are one letter away from a brand's name and mean something else."""


def for_brands(lists: WordLists, phrases: LurePhrases) -> BrandWords:
    """The words that the registry of brands needs."""
    trade = frozenset(lists.trade_words)
    return BrandWords(
        phrases,
        lists.companions,
        trade,
        trade.difference(lists.weak_trade_words),
        frozenset(lists.calming_words),
        tuple(tuple(entry.split(" ")) for entry in lists.exchanged_letters),
        lists.near_words,
    )


def for_checks(lists: WordLists, lures: Iterable[str] = ()) -> Vocabulary:
    """The words that the checks need. `lures` are the spellings of what mail wants of its reader: they name nobody."""
    return Vocabulary(
        names=_in_names(lists, lures),
        voices=_around_names(lists),
        inside=_inside(lists),
        quotes=_quotes(lists),
        calls=_calls(lists),
        demands=_demands(lists),
        requests=_requests(lists),
        greeting=_greeting(lists),
        mailers=_mailers(lists),
        links=_links(lists),
        domains=_of_domains(lists),
        files=_files(lists),
        reader_labels=anywhere(lists.reader_labels),
        sentence_ends=patterns.sentences(lists.sentence_marks, lists.sentence_endings),
        chinese_fonts=lists.chinese_fonts,
    )


def _calls(lists: WordLists) -> CallWords:
    return CallWords(
        call=anywhere(lists.call_words),
        undo=anywhere(lists.undo_words),
        denial=anywhere(lists.denial_words),
        charge=anywhere(lists.charge_words),
        telephone=anywhere(lists.telephone_words),
    )


def _demands(lists: WordLists) -> DemandWords:
    return DemandWords(
        stakes=anywhere(lists.stake_words),
        due=anywhere(lists.due_words),
        days=anywhere(lists.day_words),
        otherwise=anywhere(lists.otherwise_words),
        conditions=anywhere(lists.condition_words),
        consequences=anywhere(lists.consequence_words),
        dismissals=anywhere(lists.dismissal_words),
        frauds=anywhere(lists.fraud_words),
        negations=anywhere(lists.negation_words),
        means=among_japanese(lists.means_words),
    )


def _requests(lists: WordLists) -> RequestWords:
    return RequestWords(
        staff=among_japanese(lists.staff_words),
        departments=among_japanese(lists.department_words),
        colleagues=among_japanese(lists.colleague_greetings),
        own_firm=among_japanese(lists.own_firm_words),
        returned=among_japanese(lists.return_words),
        opens=among_japanese(lists.open_words),
        signs_in=among_japanese(lists.sign_in_words),
        at_once=among_japanese(lists.at_once_words),
        secrets=among_japanese(lists.secret_words),
        needs=among_japanese(lists.need_words),
        messengers=among_japanese(lists.messenger_words),
        closed_telephone=among_japanese(lists.closed_telephone_words),
        open_telephone=among_japanese(lists.open_telephone_words),
        cards=among_japanese(lists.card_words),
        loans=among_japanese(lists.loan_words),
        buys=among_japanese(lists.buy_words),
        repays=among_japanese(lists.repay_words),
        unable=among_japanese(lists.unable_words),
        codes=among_japanese(lists.code_words),
        leaders=among_japanese(lists.leader_words),
        accounts=among_japanese(lists.account_words),
        changed_account=among_japanese(lists.changed_account_words),
        retired_account=among_japanese(lists.retired_account_words),
        receipts=among_japanese(lists.receipt_words),
        identity=among_japanese(lists.identity_words),
        work=among_japanese(lists.work_words),
        gains=among_japanese(lists.gain_words),
        joins=among_japanese(lists.join_words),
        wages=among_japanese(lists.wage_words),
        gifts=among_japanese(lists.gift_words),
        fees=among_japanese(lists.fee_words),
    )


def _inside(lists: WordLists) -> InsideWords:
    return InsideWords(
        offices=anywhere((*lists.inside_offices, *lists.inside_fillers)),
        telling_offices=anywhere(lists.inside_offices),
        speech=anywhere(lists.inside_words),
        secrecy=among_japanese(lists.secrecy_words),
        covert=among_japanese(lists.covert_words),
    )


def _of_domains(lists: WordLists) -> DomainWords:
    """An entry of `rare_pairs` is a letter, a blank, and the letters that do not follow it."""
    return DomainWords(
        suspicious_suffixes=frozenset(lists.suspicious_suffixes),
        worldwide_suffixes=frozenset(lists.worldwide_suffixes),
        organisations_suffixes=frozenset(lists.organisations_suffixes),
        reserved_suffixes=frozenset(lists.reserved_suffixes),
        rare_pairs=frozenset(f"{entry[0]}{letter}" for entry in lists.rare_pairs for letter in entry[2:]),
        service_words=frozenset(lists.service_words),
        government_suffixes=tuple(f".{each}" for each in lists.government_suffixes),
    )


def _in_names(lists: WordLists, lures: Iterable[str]) -> NameWords:
    """What is looked for in names, and what tells how a company is reached."""
    offices = (*lists.common_words, *lists.headline_words, *lists.name_particles)
    return NameWords(
        distinctive=_distinctive(lists.common_words),
        proper=_distinctive(offices),
        naming=_naming((*offices, *lists.field_words), lures),
        is_listed=frozenset((*lists.common_words, *lists.field_words, *lures)).__contains__,
        office_words=anywhere(lists.office_words),
        headline_words=anywhere(lists.headline_words),
        delegate_words=anywhere(lists.delegate_words),
        organisation_words=anywhere(lists.organisation_words),
        authority_words=anywhere(lists.authority_words),
        go_between_words=anywhere(lists.go_between_words),
        speaking_for=patterns.before_name(lists.speaking_for),
        officer_titles=anywhere(lists.officer_titles),
        chief_titles=anywhere(lists.chief_titles),
        contact_words=anywhere(lists.contact_words),
        readings=readings_of(lists.readings),
        translations=_translations(lists.translations),
    )


def _around_names(lists: WordLists) -> VoiceWords:
    """What stands before, behind and below a name."""
    return VoiceWords(
        before_name=patterns.before_name(lists.before_name),
        after_name=patterns.after_name(lists.after_name, lists.company_forms),
        writer_before_name=patterns.before_name(lists.writer_before_name),
        writer_after_name=patterns.after_name(lists.writer_after_name, lists.company_forms),
        introductions=patterns.introduction(lists.introductions),
        thanks_for=patterns.thanks(lists.thanks_for),
        thanks=anywhere(lists.thanks),
        below_name=patterns.below_name(lists.below_name),
        badge_words=anywhere(lists.badge_words),
    )


def _quotes(lists: WordLists) -> QuoteWords:
    return QuoteWords(
        quotations=patterns.quotations(lists.quotation_words, lists.quotation_lines, lists.quotation_fields),
        quotation_hints=patterns.hints(lists.quotation_words, lists.quotation_lines, lists.quotation_fields),
        warning_words=lists.warning_words,
        assurances=patterns.assurances(lists.assuring_words, lists.warning_words, lists.assuring_endings),
        complaint_mailboxes=anywhere(lists.complaint_mailboxes),
        forbidding_words=anywhere(lists.forbidding_words),
    )


def _greeting(lists: WordLists) -> GreetingWords:
    return GreetingWords(
        greetings=patterns.greeting(lists.greetings),
        readers=patterns.readers(lists.readers, lists.reader_adjectives),
        titles=patterns.titles(lists.reader_titles),
        impersonal_greetings=patterns.impersonal(lists.impersonal_greetings, lists.impersonal_lines),
        nobody=patterns.nobody(lists.nobody_words, lists.nobody_endings),
    )


def _mailers(lists: WordLists) -> MailerWords:
    return MailerWords(
        personal_mailers=pieces(lists.personal_mailers),
        bulk_mailers=pieces(lists.bulk_mailers),
        mailer_words=pieces(lists.mailer_words),
        retired_mailers=tuple(map(_retired, lists.retired_mailers)),
    )


def _links(lists: WordLists) -> LinkWords:
    return LinkWords(
        button_words=anywhere(lists.button_words),
        scan_words=anywhere(lists.scan_words),
        unsubscribe_words=anywhere(lists.unsubscribe_words),
        document_pages=patterns.pages(lists.document_pages),
        redirect_parameters=frozenset(lists.redirect_parameters),
        open_redirects=frozenset(lists.open_redirects),
        translators=lists.translators,
    )


def _files(lists: WordLists) -> FileWords:
    return FileWords(
        page_endings=frozenset(lists.page_endings),
        program_endings=frozenset(lists.program_endings),
        document_endings=frozenset(lists.document_endings),
        file_suffixes=frozenset(lists.file_suffixes),
        secure_mail_hosts=lists.secure_mail_hosts,
        password_words=anywhere(lists.password_words),
    )


def _translations(entries: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`薬局 pharmacy drug` by the words of domains."""
    table: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        word, *others = entry.split(" ")
        table |= {each: (*table.get(each, ()), word) for each in others}
    return table


def _retired(entry: str) -> tuple[str, int]:
    """`outlook express 2014` as a name and a year."""
    name, _, year = entry.rpartition(" ")
    return name, int(year)


def _distinctive(common: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    return remembered(MAX_REMEMBERED_NAMES)(distinctive_words(common))


def _naming(common: Iterable[str], lures: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    return remembered(MAX_REMEMBERED_NAMES)(naming_words(common, lures))


def naming_words(common: Iterable[str], lures: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """A function that gives the words that say who somebody is: the distinctive ones, without the spellings of lures,
    their other forms (`wallets`) and what is made of two such words (`pakketdienst`). Japanese words are removed where
    they stand (納税), also as Chinese writes them."""
    common = tuple(common)
    plain = frozenset(map(skeleton, common))
    stems = frozenset(key for key in map(skeleton, lures) if key.isascii() and len(key) >= MIN_LATIN_LETTERS)
    others = (key for key in map(skeleton, (*lures, *common)) if not key.isascii())
    japanese = re.compile(
        patterns.plain(re.escape(key) for key in others if len(key) >= MIN_JAPANESE_LETTERS)
    )
    distinctive = distinctive_words(common)

    def is_common(key: str) -> bool:
        shortest = max(MIN_LATIN_LETTERS, len(key) - MAX_ENDING_LETTERS)
        return key in plain or any(key[:end] in stems for end in range(shortest, len(key) + 1))

    def names(word: str) -> bool:
        key = skeleton(word)
        if not key.isascii():
            return any(len(rest) >= MIN_JAPANESE_LETTERS for rest in japanese.split(key))
        ends = range(MIN_COMPOUND_LETTERS, len(key) - MIN_COMPOUND_LETTERS + 1)
        return not (
            is_common(key)
            or any(is_common(key[end:]) and (is_common(key[:end]) or key[: end - 1] in plain) for end in ends)
        )

    return lambda name: tuple(filter(names, distinctive(name)))


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
