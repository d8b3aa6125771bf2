"""Facts of a sender that speaks as a firm which no registry knows, and of what its domains have to do with its name.

`organisations` tells as whom the text speaks. Here the sender's name comes first, and its mailbox tells whether that is
a person's.

It cannot see a firm whose name is a picture, nor one that writes from a mailbox named after it.
"""

from __future__ import annotations

from sekisho.checks.facts.nobody import is_named
from sekisho.checks.facts.organisations import speaking_organisation
from sekisho.checks.facts.sender import home_domains, is_a_brands_own
from sekisho.checks.facts.texts import plain_text
from sekisho.checks.facts.told_names import tells_a_name
from sekisho.checks.facts.voices import subject_head
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

MAX_SIGNING_LINES, MAX_LINE_CHARS = 4, 80  # at the end of a text, one of which has the name
MIN_BEGINNING_LETTERS = 4  # of a person's name, in its mailbox


def firm_name(message: Message, words: Vocabulary) -> str:
    """The name under which it is written: the sender's, or, if that is an office, the one at the head of the subject;
    empty if neither names anybody."""
    if is_named(message, words):
        return message.author.name
    head = subject_head(message.subject)
    return head if words.names.naming(head) else ""


def speaks_as_a_firm(message: Message, context: Context) -> bool:
    """True if the name is an organisation's: it has a word of such, the message speaks as it, or its mailbox is that of
    an office (`billing`) or at least no person's of that name, and the text is signed with the name."""
    name, words, mailbox = message.author.name, context.vocabulary, message.author.mailbox
    if mailbox is None:
        return False
    if words.names.organisation_words.search(name) or words.names.office_words.search(name):
        return True
    named, local = words.names.naming(name), mailbox.local.lower()
    if any(each.isascii() and (each in local or _begins(each, local)) for each in named):
        return False  # a person's mailbox
    if not words.names.proper(local) or speaking_organisation(message, context) is not None:
        return True
    return all(each[0] != local[:1] for each in named) and _is_signed(named, message)


def uses_its_name(message: Message, words: Vocabulary) -> bool:
    """True if the sender's name is used as an organisation's: it has a word of such, or the subject says it, too, or,
    in Japanese, the text. A person's name stands in its signature alone."""
    name = message.author.name
    if words.names.office_words.search(name) or words.names.organisation_words.search(name):
        return True
    text = (message.subject if name.isascii() else f"{message.subject}\n{message.text}").casefold()
    return any(word in text for word in words.names.naming(name.partition(" via ")[0]))


def _begins(name: str, local: str) -> bool:
    return len(local) >= MIN_BEGINNING_LETTERS and name.startswith(local[:MIN_BEGINNING_LETTERS])


def _is_signed(named: tuple[str, ...], message: Message) -> bool:
    """True if one of the last lines has all words of the name."""
    lines = [line.casefold() for line in plain_text(message).splitlines() if line.strip()][
        -MAX_SIGNING_LINES:
    ]
    return any(len(line) <= MAX_LINE_CHARS and all(each in line for each in named) for line in lines)


def is_told(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a domain of the message has a name that the message tells, or belongs to a brand or a platform."""
    if any(is_a_brands_own(each.host, context) for each in seen.destinations):
        return True
    domains = dict.fromkeys((*home_domains(message, seen), *(each.domain for each in seen.destinations)))
    return tells_a_name(domains, message, context.vocabulary)
