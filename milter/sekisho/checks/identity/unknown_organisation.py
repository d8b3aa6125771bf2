"""An organisation outside the registry: the name is shown as the sender's, and nothing else in the message knows it.

A genuine sender's name, domain and links have something to do with each other. Here the display name speaks as an
organisation (it has a company form or an office in it, or the message signs with it), while neither the author's
domain, nor a proven domain, nor any destination carries the name. People are left out: their names stand in their own
addresses, they sign no pages, and a conversation from a private mailbox quotes the name of its owner again and again.

A Japanese name cannot be compared with a domain, and a domain of random letters cannot be related to any name. So where
the message speaks as an organisation (`facts.organisations`), it counts as well where it comes from and where it leads:
from or to a domain that is made to be thrown away, from under another country's suffix, from a private mailbox, from
nowhere that is proven.

It cannot see a genuine sender whose trading name, domain and links are all different; that is why it weighs less than
a claim that the registry knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from sekisho.checks.facts.links import is_digest, is_page, leads_home, outside
from sekisho.checks.facts.names import related, shows_a_brand
from sekisho.checks.facts.nobody import is_known_by_domain
from sekisho.checks.facts.organisations import Organisation, speaking_organisation
from sekisho.checks.facts.sender import home_domains, is_colleague
from sekisho.checks.facts.throwaway import MIN_PASSING_SIGNS, MIN_SURE_SIGNS, is_foreign, passing_signs
from sekisho.checks.facts.wishes import is_about_access_or_money
from sekisho.evidence import NOTHING, Claim, Evidence, FindingKind, Place, Role, Signal, Strength
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.text import is_japanese, skeleton

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
RANDOM = FindingKind(
    "organisation.random_domain",
    3.5,
    "The sender speaks as {name}, from a domain of random letters: {domain}.",
    "「{name}」を名乗っていますが、ドメイン {domain} は意味のない文字の並びです。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.DISPOSABLE_DOMAIN}),
)
PASSING = FindingKind(
    "organisation.passing_domain",
    2,
    "The sender speaks as {name}, and its domain {domain} looks like one that is thrown away after use.",
    "「{name}」を名乗っていますが、ドメイン {domain} は使い捨てのものに見えます。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.DISPOSABLE_DOMAIN}),
)
PASSING_PAGE = FindingKind(
    "organisation.passing_page",
    3,
    "The sender speaks as {name}, and its links lead to {domain}, a domain of a kind that is mostly thrown away.",
    "「{name}」を名乗っていますが、リンク先 {domain} は使い捨てによく使われる種類のドメインです。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
FOREIGN = FindingKind(
    "organisation.foreign_domain",
    2,
    "In Japanese it speaks as {name}, from {domain}, a domain of another country.",
    "日本語で「{name}」を名乗っていますが、ドメイン {domain} は外国のものです。",
    role=Role.IDENTITY,
)
PRIVATE = FindingKind(
    "organisation.private_mailbox",
    1.5,
    "As {name} it sends a page from a private mailbox of {domain}, and leads away.",
    "「{name}」を名乗っていますが、フリーメール({domain})から送られ、リンクは別の場所に向かいます。",
    role=Role.IDENTITY,
)
UNPROVEN = FindingKind(
    "organisation.unproven",
    2,
    "As {name} it asks for a log-in or a payment. Nothing proves that {domain} sent it, and no link leads there.",
    "「{name}」を名乗ってログインや支払いを求めていますが、{domain} から送られた証明がなく、リンク先も別の場所です。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
KINDS = (UNRELATED, OFFICE, RANDOM, PASSING, PASSING_PAGE, FOREIGN, PRIVATE, UNPROVEN)

Suspicion = tuple[FindingKind, str, tuple[str, ...]]
"""A finding, the domain that it tells, and the domains of which none must carry the organisation's name."""

MAX_SCANNED_CHARS = 20_000  # of the text, in which a name is counted
MIN_NAME_USES = 2  # in a text that is signed with the name
MAX_NAMES = 4  # of a person, of which an address may be made
MIN_BEGINNING_LETTERS = 3  # of a name, in an address that is made of the beginnings of two
MIN_PRIVATE_NAME_USES = 4  # the same from a private mailbox, whose owner may take any name


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """A claim without a brand, and the findings that nothing supports it."""
    if message.author.mailbox is None or message.author.domain is None or shows_a_brand(seen):
        return NOTHING
    if is_colleague(message, seen, context):  # an office of the reader's own organisation
        return NOTHING
    named = _by_name(message, seen, context)
    suspected = () if _is_known(seen) else tuple(_suspicions(message, seen, context))
    organisation = speaking_organisation(message, context) if suspected else None
    if organisation is None:
        return named
    found = (
        kind.found(name=organisation.name, domain=told)
        for kind, told, hosts in suspected
        if not _bears(organisation, hosts)
    )
    return named + Evidence(findings=tuple(found))


def _by_name(message: Message, seen: Evidence, context: Context) -> Evidence:
    """What a name in Latin letters shows beside the sender's domain and links."""
    mailbox, domain = message.author.mailbox, message.author.domain or ""
    if mailbox is None or not mailbox.name:
        return NOTHING
    words = context.vocabulary.names.distinctive(mailbox.name)
    if not words or related(words, {domain, *home_domains(message, seen)}):
        return NOTHING
    claim = Claim(None, Place.DISPLAY_NAME, mailbox.name, Strength.WEAK)
    findings = []
    if _is_an_office(mailbox.name, message, seen, context):
        findings.append(OFFICE.found(name=mailbox.name, domain=domain))
    if not is_person(words, mailbox.local) and _unsupported(message, words, seen, context):
        findings.append(UNRELATED.found(name=mailbox.name, domain=domain))
    return Evidence(claims=(claim,), findings=tuple(findings)) if findings else NOTHING


def _is_an_office(name: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True for the name of an office, unless the text says whose it is, by the name that its domain has: a `Resident
    Services` is a part of that firm, and no other organisation."""
    is_office = context.vocabulary.names.office_words.search(name) is not None
    return is_office and not is_known_by_domain(message, seen, context)


def _suspicions(message: Message, seen: Evidence, context: Context) -> Iterator[Suspicion]:
    """What of the ways in and out of a message tells against it, if it speaks as an organisation."""
    domain = message.author.domain or ""
    kind = context.providers.kind(domain)
    signs = 0 if kind is not None else passing_signs(domain, context.vocabulary)
    if signs >= MIN_PASSING_SIGNS:
        yield (RANDOM if signs >= MIN_SURE_SIGNS else PASSING), domain, (domain,)
    if kind is None and is_foreign(domain, context.vocabulary) and is_japanese(message.subject):
        yield FOREIGN, domain, ()
    away = _ways_out(message, seen, context)
    passing = next((each for each in away if _is_passing(each, context)), None)
    if passing is not None:
        yield PASSING_PAGE, passing, (passing,)
    if kind == "mailbox" and away and is_page(message):
        yield PRIVATE, domain, away
    if seen.unauthenticated and away and is_about_access_or_money(message, seen):
        yield UNPROVEN, domain, ()


def _is_passing(host: str, context: Context) -> bool:
    return passing_signs(host, context.vocabulary) >= MIN_PASSING_SIGNS


def _bears(organisation: Organisation, domains: tuple[str, ...]) -> bool:
    """True if a domain carries the organisation's name in Latin letters."""
    return "".join(organisation.words).isascii() and related(organisation.words, domains)


def _ways_out(message: Message, seen: Evidence, context: Context) -> tuple[str, ...]:
    """The hosts that the message leads to, if it never leads home: strangers that are no platforms."""
    hosts = tuple(dict.fromkeys(each.host for each in outside(message, seen, context)))
    return () if not hosts or is_digest(seen) or leads_home(message, seen, context) else hosts


def _is_known(seen: Evidence) -> bool:
    """True if a registered brand is proven, or speaks in subject or text: `impersonation` weighs that."""
    if any(proof.brand for proof in seen.proofs):
        return True
    return any(claim.brand and claim.strength is Strength.STRONG for claim in seen.claims)


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
        and context.vocabulary.quotes.quotations.search(message.text[:MAX_SCANNED_CHARS])
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
