"""An office that names no firm, speaks to staff as from within, asks for something, and writes from outside.

What is asked for does not matter: a list, a login, a code, a photograph, an answer. An office within a firm needs no
firm's name, and it writes from the firm's domain. Who writes to the staff of others (an outsourcer, a payroll service,
an auditor, an association) says who it is: a firm, a telephone number, the name of its domain.

It cannot tell a group's office that writes from the group's domain without any name; such mail is worth a question.
"""

from __future__ import annotations

import re
import unicodedata

from sekisho.checks.facts.inside import is_own_label, reader_domains
from sekisho.checks.facts.links import is_digest
from sekisho.checks.facts.names import is_nameless
from sekisho.checks.facts.nobody import bears_service_words
from sekisho.checks.facts.requests import (
    is_a_known_firms,
    keeps_off_the_telephone,
    letter,
    says_a_firm,
    speaks_to_staff,
)
from sekisho.checks.facts.throwaway import passing_signs
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

OFFICE = FindingKind(
    "recipient.staff_office",
    6,
    "It writes to staff as an office ({name}), names no firm, asks for something, and comes from outside: {author}. "
    "Ask that office by a number that you know.",
    "会社名を示さない部署（「{name}」）として社員に宛てて何かを求めていますが、外部の {author} から届いています。"
    "知っている番号で担当部署に確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE, Signal.HARMS_BY_ANSWER}),
)
PRESSES = FindingKind(
    "recipient.staff_office_presses",
    2,
    "It gives no time or way to ask anybody, wants a password, or has a domain that is made for it.",
    "確認する時間や手段を与えない、パスワードを求める、または用件に合わせて作られたドメインを使っています。",
)
KINDS = (OFFICE, PRESSES)

MAX_NAME_CHARS = 100  # of a display name
MAX_PERSONS_WORDS = 2  # beside an office, as in `HR - Ann Smith`
PERSON = re.compile("[一-鿿々]{1,4}[ぁ-ゖ]{0,4}")  # a Japanese name
JAPANESE_OFFICE = re.compile(r"[一-鿿ァ-ヺーA-Za-z・]{1,8}(?:部門|[部課室係])(?!長)")
NOT_OFFICES = re.compile(r"倶楽部|教室|美容室|図書室|相談室|診察室|本部屋")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most two findings, where an office without a firm asks staff for something from outside."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None or is_digest(seen) or is_a_known_firms(message, seen, context):
        return NOTHING
    if not _is_an_office(mailbox.name, words) or not speaks_to_staff(message, words):
        return NOTHING
    domains = reader_domains(message, seen, context)
    if not domains or is_own_label(mailbox.domain or "", domains, context):
        return NOTHING
    if not _asks(message, seen, words) or says_a_firm(message, context):
        return NOTHING
    found = OFFICE.found(name=mailbox.name, author=mailbox.address)
    return Evidence(findings=(found, PRESSES.found()) if _presses(message, words) else (found,))


def _is_an_office(name: str, words: Vocabulary) -> bool:
    """True for a name that is an office and no firm: `HR Department`, 本社 人事部. The name of a person may stand
    beside one that each firm has for its own people (総務部 佐藤)."""
    plain = unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS])
    if not plain.strip() or "@" in plain or _says_a_form(plain, words):
        return False
    if is_nameless(plain, words):
        return True
    rest = words.requests.departments.sub(" ", words.inside.offices.sub(" ", plain))
    if NOT_OFFICES.search(plain) is None:
        rest = JAPANESE_OFFICE.sub(" ", rest)
    left = words.names.proper(rest)
    if not left:
        return True
    return words.inside.telling_offices.search(plain) is not None and _is_a_person(left)


def _says_a_form(name: str, words: Vocabulary) -> bool:
    """True for a name with the form of a company or an organisation, whose office it then is."""
    forms = words.names.contact_words, words.names.organisation_words
    return any(each.search(name) is not None for each in forms)


def _is_a_person(left: tuple[str, ...]) -> bool:
    """True if no more than the name of a person may be left of a name."""
    if "".join(left).isascii():
        return len(left) == MAX_PERSONS_WORDS
    return PERSON.fullmatch("".join(left)) is not None


def _asks(message: Message, seen: Evidence, words: Vocabulary) -> bool:
    """True if there is something to follow or to open, or an answer is wanted."""
    if seen.destinations or any(page.attached for page in message.pages):
        return True
    return words.requests.returned.search(letter(message, words)) is not None


def _presses(message: Message, words: Vocabulary) -> bool:
    text, domain = letter(message, words), message.author.domain or ""
    if keeps_off_the_telephone(message, words) or words.inside.secrecy.search(text) is not None:
        return True
    if words.files.password_words.search(text) is not None:
        return True
    if bears_service_words(domain, words) or passing_signs(domain, words):
        return True
    asked = words.requests
    return asked.at_once.search(text) is not None and asked.returned.search(text) is not None
