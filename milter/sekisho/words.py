"""The words that checks look for, compiled. `vocabulary` makes them from `config/vocabulary`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallWords:
    """How a message tells of a charge and asks for a call: the lists `call_words`, `undo_words` …, to be searched."""

    call: re.Pattern[str]
    undo: re.Pattern[str]
    denial: re.Pattern[str]
    charge: re.Pattern[str]
    telephone: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class InsideWords:
    """How somebody speaks who passes for one of the reader's own organisation, to be searched in a text: the lists
    `inside_offices` with `inside_fillers`, `inside_offices` alone, `inside_words`, `secrecy_words`, `covert_words`."""

    offices: re.Pattern[str]
    telling_offices: re.Pattern[str]
    speech: re.Pattern[str]
    secrecy: re.Pattern[str]
    covert: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class RequestWords:
    """How a stranger asks for something in a letter, to be searched in a text with straight apostrophes: the lists of
    `requests.toml`."""

    staff: re.Pattern[str]
    departments: re.Pattern[str]
    colleagues: re.Pattern[str]
    own_firm: re.Pattern[str]
    returned: re.Pattern[str]
    opens: re.Pattern[str]
    signs_in: re.Pattern[str]
    at_once: re.Pattern[str]
    secrets: re.Pattern[str]
    needs: re.Pattern[str]
    messengers: re.Pattern[str]
    closed_telephone: re.Pattern[str]
    open_telephone: re.Pattern[str]
    cards: re.Pattern[str]
    loans: re.Pattern[str]
    buys: re.Pattern[str]
    repays: re.Pattern[str]
    unable: re.Pattern[str]
    codes: re.Pattern[str]
    leaders: re.Pattern[str]
    accounts: re.Pattern[str]
    changed_account: re.Pattern[str]
    retired_account: re.Pattern[str]
    receipts: re.Pattern[str]
    identity: re.Pattern[str]
    work: re.Pattern[str]
    gains: re.Pattern[str]
    joins: re.Pattern[str]
    wages: re.Pattern[str]
    gifts: re.Pattern[str]
    fees: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class DemandWords:
    """How a demand is built, to be searched in a text: the lists `stake_words`, `due_words`, `day_words`,
    `otherwise_words`, `condition_words`, `consequence_words`, `dismissal_words`, `fraud_words`,
    `negation_words` and `means_words`."""

    stakes: re.Pattern[str]
    due: re.Pattern[str]
    days: re.Pattern[str]
    otherwise: re.Pattern[str]
    conditions: re.Pattern[str]
    consequences: re.Pattern[str]
    dismissals: re.Pattern[str]
    frauds: re.Pattern[str]
    negations: re.Pattern[str]
    means: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class DomainWords:
    """What the name of a domain is made of, and where it was registered."""

    suspicious_suffixes: frozenset[str]
    worldwide_suffixes: frozenset[str]
    organisations_suffixes: frozenset[str]
    reserved_suffixes: frozenset[str]
    rare_pairs: frozenset[str]
    """Pairs of letters."""
    service_words: frozenset[str]
    government_suffixes: tuple[str, ...]
    """Each with a full stop before it."""


@dataclass(frozen=True, slots=True)
class NameWords:
    """What names are made of. The three functions give words of a name in lower case and one width, each once. Each
    leaves out what the one before it does, and more: the first is for comparing names with other words, the others for
    asking whether anybody is named."""

    distinctive: Callable[[str], tuple[str, ...]]
    """Gives the words that distinguish a name from others: `common_words` are left out."""
    proper: Callable[[str], tuple[str, ...]]
    """Without `headline_words` and `name_particles`, too: empty for an office or a notice, which beside a brand's name
    is one of that brand."""
    naming: Callable[[str], tuple[str, ...]]
    """Without `field_words` and the words of lures, too: empty for a name that only says what its bearer does or writes
    about, and for a host made of such words."""
    is_listed: Callable[[str], bool]
    """True for a word in small letters that one of these lists has as it is: `mailbox`, and not `photobox`."""
    office_words: re.Pattern[str]
    headline_words: re.Pattern[str]
    delegate_words: re.Pattern[str]
    organisation_words: re.Pattern[str]
    authority_words: re.Pattern[str]
    go_between_words: re.Pattern[str]
    speaking_for: re.Pattern[str]
    """Search it in what stands before a name in a display name."""
    officer_titles: re.Pattern[str]
    chief_titles: re.Pattern[str]
    contact_words: re.Pattern[str]
    readings: Mapping[str, tuple[str, ...]]
    """Of Chinese characters in names, for `text.SpokenRuns`."""
    translations: Mapping[str, tuple[str, ...]]
    """The Japanese words for what a part of a domain says."""


@dataclass(frozen=True, slots=True)
class VoiceWords:
    """What a text says beside a name, and what that tells of who writes."""

    before_name: re.Pattern[str]
    """Search it in the text before a name: it finds the words at the end."""
    after_name: re.Pattern[str]
    """Match it with the text behind a name; `company_forms` may stand behind a comma."""
    writer_before_name: re.Pattern[str]
    """As `before_name` and `after_name`, for words with which the owner of the name alone writes."""
    writer_after_name: re.Pattern[str]
    introductions: re.Pattern[str]
    """Match it with the text behind a name that begins a sentence."""
    thanks_for: re.Pattern[str]
    """Match it with the text behind a name."""
    thanks: re.Pattern[str]
    """Search it in the rest of that sentence."""
    below_name: re.Pattern[str]
    """Match it with the text behind a name: it matches the words in the next line."""
    badge_words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class QuoteWords:
    """How mail is quoted, and how its sender warns of it."""

    quotations: re.Pattern[str]
    """Search it in a text: it finds where quoted mail begins, which goes on to the end of the text. If the group `line`
    is set, only that line is quoted."""
    quotation_hints: tuple[str, ...]
    """In lower case, behind a line end. A text without any of them has no quotation; this is faster to find out."""
    warning_words: tuple[str, ...]
    """In lower case."""
    assurances: re.Pattern[str]
    """Search it in a text in lower case: it finds `warning_words` that are denied."""
    complaint_mailboxes: re.Pattern[str]
    """Match it with an address."""
    forbidding_words: re.Pattern[str]
    """Search it in a sentence."""


@dataclass(frozen=True, slots=True)
class GreetingWords:
    """Whom a letter greets."""

    greetings: re.Pattern[str]
    """Match it with a line: the match ends where the greeting ends."""
    readers: re.Pattern[str]
    """Match it with the text behind the greeting."""
    titles: re.Pattern[str]
    """Search it in a line: the name of a reader follows."""
    impersonal_greetings: re.Pattern[str]
    """Match it with a line; `impersonal_lines` must be the whole line."""
    nobody: re.Pattern[str]
    """Search it in the text before 様: it finds `nobody_words`, and `nobody_endings` or an address at the end."""


@dataclass(frozen=True, slots=True)
class MailerWords:
    """The programs that write mail. Search the patterns in a text in lower case."""

    personal_mailers: re.Pattern[str]
    bulk_mailers: re.Pattern[str]
    mailer_words: re.Pattern[str]
    retired_mailers: tuple[tuple[str, int], ...]
    """A name in lower case, and the year since which the program is no longer available."""


@dataclass(frozen=True, slots=True)
class LinkWords:
    """What links say, and where they lead."""

    button_words: re.Pattern[str]
    scan_words: re.Pattern[str]
    unsubscribe_words: re.Pattern[str]
    document_pages: re.Pattern[str]
    """Search it in a host with its path: it may be found in the path as well."""
    redirect_parameters: frozenset[str]
    open_redirects: frozenset[str]
    translators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileWords:
    """How the names of files end, and how a text gives the password of one."""

    page_endings: frozenset[str]
    program_endings: frozenset[str]
    document_endings: frozenset[str]
    file_suffixes: frozenset[str]
    secure_mail_hosts: tuple[str, ...]
    password_words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One object for each subject, with one field for each of its lists, mostly with the same name. The file of a list
    explains its words and how they are compared.

    Patterns are compiled once, when the files are loaded. The pattern of an empty list matches nothing.
    """

    names: NameWords
    voices: VoiceWords
    inside: InsideWords
    quotes: QuoteWords
    calls: CallWords
    demands: DemandWords
    requests: RequestWords
    greeting: GreetingWords
    mailers: MailerWords
    links: LinkWords
    domains: DomainWords
    files: FileWords

    reader_labels: re.Pattern[str]
    sentence_ends: re.Pattern[str]
    """Search it in a line without spaces around it: it finds `sentence_marks`, and `sentence_endings` at the end."""
    chinese_fonts: tuple[str, ...]
