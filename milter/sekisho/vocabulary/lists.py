"""The lists of words (`config/vocabulary`), and which entries each may have.

Each list stands in one of the files, where a comment says what it is for. It does not matter in which file.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from sekisho.data_files import DataFileError, FileModel, table_of, toml_files, validated

MAX_FORM_CHARS = 3  # of a letter, and of what is written in its place


class VocabularyFileError(DataFileError):
    """Vocabulary files cannot be loaded."""


def _word(text: str) -> str:
    """A word or a phrase: no blank around it, and a star at an end alone."""
    if text.strip() != text or not text.strip("*") or "*" in text[1:-1]:
        raise ValueError(f"{text!r} is no word: a blank at an end, a star within, or a star alone")
    return text


def _lower(text: str) -> str:
    """An entry that is compared in small letters."""
    if text.lower() != text:
        raise ValueError(f"{text!r} is not in small letters")
    return text


def _dated(text: str) -> str:
    """A name with the year since which a program is no longer available."""
    if re.fullmatch(r"\S.* \d{4}", text, re.ASCII) is None:
        raise ValueError(f"{text!r} does not end with a blank and a year")
    return text


def _exchange(text: str) -> str:
    """A letter of a name (up to three characters) and the forms that are written in its place."""
    letter, *forms = text.split(" ")
    if not forms or not all(0 < len(each) <= MAX_FORM_CHARS for each in (letter, *forms)):
        raise ValueError(f"{text!r} is no letter with its forms, of one to {MAX_FORM_CHARS} characters each")
    return text


def _readable(text: str) -> str:
    """One character and its readings in Latin letters."""
    character, *readings = text.split(" ")
    if len(character) != 1 or not readings or not all(re.fullmatch("[a-z]{1,12}", each) for each in readings):
        raise ValueError(f"{text!r} is no character with its readings, in small Latin letters")
    return text


def _translated(text: str) -> str:
    """A Japanese word and what domains say for it in small Latin letters."""
    word, *others = text.split(" ")
    if word.isascii() or not others or not all(re.fullmatch("[a-z]{2,16}", each) for each in others):
        raise ValueError(f"{text!r} is no Japanese word with words of domains in small Latin letters")
    return text


def _read_once(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Entries of which no two are for the same character or word."""
    twice = [
        each for each, number in Counter(entry.partition(" ")[0] for entry in entries).items() if number > 1
    ]
    if twice:
        raise ValueError(f"{' '.join(twice)}: stands in two entries")
    return entries


def _unambiguous(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Entries of which no form stands for two letters, or is itself a letter that others stand for."""
    letters = Counter(entry.partition(" ")[0] for entry in entries)
    forms = Counter(form for entry in entries for form in entry.split(" ")[1:])
    twice = [each for each in (*letters, *forms) if letters[each] + forms[each] > 1]
    if twice:
        raise ValueError(f"{' '.join(dict.fromkeys(twice))}: stands in two entries")
    return entries


Word = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_word)]
Piece = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Small = Annotated[Piece, AfterValidator(_lower)]
Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,63}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{3,253}$")]
Dated = Annotated[Small, AfterValidator(_dated)]
Exchange = Annotated[Piece, AfterValidator(_exchange)]
Reading = Annotated[Piece, AfterValidator(_readable)]

# TOML has arrays, and a frozen model holds tuples.
Words = Annotated[tuple[Word, ...], Field(strict=False)]
Pieces = Annotated[tuple[Piece, ...], Field(strict=False)]
SmallPieces = Annotated[tuple[Small, ...], Field(strict=False)]
Labels = Annotated[tuple[Label, ...], Field(strict=False)]
Hosts = Annotated[tuple[Host, ...], Field(strict=False)]
DatedNames = Annotated[tuple[Dated, ...], Field(strict=False)]
Translation = Annotated[Piece, AfterValidator(_translated)]
Translations = Annotated[tuple[Translation, ...], Field(strict=False), AfterValidator(_read_once)]
Readings = Annotated[tuple[Reading, ...], Field(strict=False), AfterValidator(_read_once)]
Exchanges = Annotated[tuple[Exchange, ...], Field(strict=False), AfterValidator(_unambiguous)]


class WordLists(FileModel):
    """All lists by name. A list that is not given is empty."""

    office_words: Words = ()
    common_words: Words = ()
    field_words: Words = ()
    headline_words: Words = ()
    name_particles: Words = ()
    delegate_words: Words = ()
    organisation_words: Words = ()
    authority_words: Words = ()
    go_between_words: Words = ()
    speaking_for: Words = ()
    officer_titles: Words = ()
    chief_titles: Words = ()
    inside_offices: Words = ()
    inside_fillers: Words = ()
    inside_words: Words = ()
    secrecy_words: Words = ()
    covert_words: Words = ()
    contact_words: Words = ()
    reader_labels: Words = ()
    sentence_marks: Pieces = ()
    sentence_endings: Pieces = ()

    before_name: Words = ()
    after_name: Words = ()
    company_forms: Words = ()
    writer_before_name: Words = ()
    writer_after_name: Words = ()
    introductions: Words = ()
    thanks_for: Words = ()
    thanks: Words = ()
    below_name: Words = ()
    badge_words: Words = ()

    greetings: Words = ()
    readers: Words = ()
    reader_titles: Words = ()
    reader_adjectives: Words = ()
    impersonal_greetings: Words = ()
    impersonal_lines: Words = ()
    nobody_words: Words = ()
    nobody_endings: Words = ()
    chinese_fonts: Pieces = ()

    quotation_words: Words = ()
    quotation_lines: Words = ()
    quotation_fields: Words = ()
    warning_words: SmallPieces = ()
    complaint_mailboxes: Words = ()
    assuring_words: SmallPieces = ()
    assuring_endings: SmallPieces = ()
    forbidding_words: Words = ()

    personal_mailers: SmallPieces = ()
    bulk_mailers: SmallPieces = ()
    retired_mailers: DatedNames = ()
    mailer_words: SmallPieces = ()

    button_words: Words = ()
    scan_words: Words = ()
    unsubscribe_words: Words = ()
    document_pages: SmallPieces = ()
    redirect_parameters: Labels = ()
    open_redirects: Labels = ()
    translators: Hosts = ()
    suspicious_suffixes: Labels = ()
    government_suffixes: Hosts = ()
    worldwide_suffixes: Labels = ()
    organisations_suffixes: Words = ()
    reserved_suffixes: Labels = ()
    rare_pairs: Words = ()
    service_words: Labels = ()

    password_words: Words = ()
    page_endings: Labels = ()
    program_endings: Labels = ()
    document_endings: Labels = ()
    file_suffixes: Labels = ()
    secure_mail_hosts: Hosts = ()

    call_words: Words = ()
    undo_words: Words = ()
    denial_words: Words = ()
    charge_words: Words = ()
    telephone_words: Words = ()

    stake_words: Words = ()
    due_words: Words = ()
    day_words: Words = ()
    otherwise_words: Words = ()
    condition_words: Words = ()
    consequence_words: Words = ()
    dismissal_words: Words = ()
    fraud_words: Words = ()
    negation_words: Words = ()
    means_words: Words = ()

    staff_words: Words = ()
    department_words: Words = ()
    colleague_greetings: Words = ()
    own_firm_words: Words = ()
    return_words: Words = ()
    open_words: Words = ()
    sign_in_words: Words = ()
    at_once_words: Words = ()
    secret_words: Words = ()
    need_words: Words = ()
    messenger_words: Words = ()
    closed_telephone_words: Words = ()
    open_telephone_words: Words = ()
    card_words: Words = ()
    loan_words: Words = ()
    buy_words: Words = ()
    repay_words: Words = ()
    unable_words: Words = ()
    code_words: Words = ()
    leader_words: Words = ()
    account_words: Words = ()
    changed_account_words: Words = ()
    retired_account_words: Words = ()
    receipt_words: Words = ()
    identity_words: Words = ()
    work_words: Words = ()
    gain_words: Words = ()
    join_words: Words = ()
    wage_words: Words = ()
    gift_words: Words = ()
    fee_words: Words = ()

    companions: Words = ()
    trade_words: Labels = ()
    weak_trade_words: Labels = ()
    calming_words: Labels = ()
    exchanged_letters: Exchanges = ()
    readings: Readings = ()
    translations: Translations = ()
    near_words: Words = ()


def read(folder: Path, faults: list[str]) -> WordLists:
    """The lists of a folder. Each list must be there exactly once; errors are added to `faults`."""
    found: dict[str, object] = {}
    sound = True
    for file in toml_files(folder, faults):
        content = table_of(file, faults)
        lists = None if content is None else validated(WordLists, content, file, faults)
        if content is None or lists is None:
            sound = False
            continue
        faults += [f"{file}: {name}: stands in another file, too" for name in content if name in found]
        found |= {name: getattr(lists, name) for name in content}
    if sound:
        faults += [f"{folder}: {name}: is missing" for name in WordLists.model_fields if name not in found]
    return WordLists.model_validate(found)
