"""An organisation outside the registry: the name is shown as the sender's, and nothing else in the message knows it.

A genuine sender's name, domain and links have something to do with each other. Here the display name speaks as an
organisation (it has a company form or an office in it, or the message signs with it), while neither the author's
domain, nor a proven domain, nor any destination carries the name. People are left out: their names stand in their own
addresses, they sign no pages, and a conversation from a private mailbox quotes the name of its owner again and again.

It cannot see a genuine sender whose trading name, domain and links are all different; that is why it weighs less than
a claim that the registry knows.
"""

from __future__ import annotations

import re
from itertools import permutations

from sekisho.checks.facts.links import is_digest, is_page
from sekisho.checks.facts.names import related
from sekisho.checks.facts.sender import home_domains
from sekisho.evidence import NOTHING, Claim, Evidence, FindingKind, Place, Role, Signal, Strength
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.text import skeleton

UNRELATED = FindingKind(
    "organisation.unrelated",
    4,
    "The sender calls itself {name}, but neither its domain {domain} nor any link has to do with that name.",
    "差出人は「{name}」と名乗っていますが、ドメイン {domain} もリンク先もその名前と関係がありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
OFFICE = FindingKind(
    "organisation.office",
    2,
    "The display name speaks as an office ({name}), but the domain {domain} does not carry that name.",
    "表示名は組織の窓口(「{name}」)ですが、ドメイン {domain} にその名前はありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)

KINDS = (UNRELATED, OFFICE)

MAX_SCANNED_CHARS = 20_000  # of the text, in which a name is counted
MIN_NAME_USES = 2  # in a text that is signed with the name
MAX_NAMES = 4  # of a person, of which an address may be made
MIN_BEGINNING_LETTERS = 3  # of a name, in an address that is made of the beginnings of two
MIN_PRIVATE_NAME_USES = 4  # the same from a private mailbox, whose owner may take any name


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """A claim without a brand, and the finding that nothing supports it."""
    mailbox, domain = message.author.mailbox, message.author.domain
    if mailbox is None or domain is None or not mailbox.name or _claimed(seen):
        return NOTHING
    words = context.vocabulary.distinctive(mailbox.name)
    if not words or related(words, {domain, *home_domains(message, seen)}):
        return NOTHING
    claim = Claim(None, Place.DISPLAY_NAME, mailbox.name, Strength.WEAK)
    findings = []
    if context.vocabulary.office_words.search(mailbox.name):
        findings.append(OFFICE.found(name=mailbox.name, domain=domain))
    if not is_person(words, mailbox.local) and _unsupported(message, words, seen, context):
        findings.append(UNRELATED.found(name=mailbox.name, domain=domain))
    return Evidence(claims=(claim,), findings=tuple(findings)) if findings else NOTHING


def _claimed(seen: Evidence) -> bool:
    """True if the registry knows the name: `impersonation` speaks of it."""
    return any(claim.brand and claim.where == "display_name" for claim in seen.claims)


def _unsupported(message: Message, words: tuple[str, ...], seen: Evidence, context: Context) -> bool:
    """The message is signed with the name, lays out a page, and leads to places that do not know it."""
    places = {each.domain for each in seen.destinations}
    if not places or is_digest(seen) or home_domains(message, seen) & places or related(words, places):
        return False
    if not is_page(message):
        return False
    private = context.providers.kind(message.author.domain or "") in ("mailbox", "carrier")
    if (
        private
        and not seen.unauthenticated
        and context.vocabulary.quotations.search(message.text[:MAX_SCANNED_CHARS])
    ):
        return False
    return _used(message, words) >= (MIN_PRIVATE_NAME_USES if private else MIN_NAME_USES)


def is_person(words: tuple[str, ...], local: str) -> bool:
    """True for a first and last name in the own address (`j.smith`, `jane.doe`, `jdoe`, `epapad`): two names, not one
    word alone."""
    named = [word for word in words if len(word) >= 3 and word in local.lower()]
    two_names = re.fullmatch(r"[^\W\d_]+[._-][^\W\d_]+", local) is not None
    return (bool(named) and (len(words) > 1 or two_names)) or is_shortened(words, local)


def is_shortened(words: tuple[str, ...], local: str) -> bool:
    """True for an address made of the beginnings of two names, in any order, with three letters of one: `epapad` of
    Evangelia Papadimitriou."""
    letters = "".join(filter(str.isalpha, local.lower()))
    cuts = range(1, len(letters))
    return any(
        max(cut, len(letters) - cut) >= MIN_BEGINNING_LETTERS
        and first.startswith(letters[:cut])
        and last.startswith(letters[cut:])
        for first, last in permutations(words[:MAX_NAMES], 2)
        for cut in cuts
    )


def _used(message: Message, words: tuple[str, ...]) -> int:
    """How often subject, title and text use the name."""
    text = skeleton(f"{message.subject}\n{message.title}\n{message.text[:MAX_SCANNED_CHARS]}")
    return text.count(skeleton(" ".join(words)))
