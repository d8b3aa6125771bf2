"""The reader's own organisation as a mask: its name, its mail system, its help desk, its office for staff.

Nobody outside of an organisation is its help desk. A stranger that plays it takes the organisation's name or domain as
display name, names the domain in the text, or says no name at all but that of an office which each organisation has
(`IT Help Desk`, 人事部), and speaks of full mailboxes, expiring passwords, salary or rules of work.

Hosters and services that work for the organisation say their own name, which their domain carries, and lead home: their
name alone makes no finding. It cannot see a stranger under an invented name that its domain carries.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.checks.facts.inside import (
    OwnName,
    holds_label,
    is_inside_office,
    is_own_label,
    names_domain,
    own_name,
    reader_domains,
    says_another,
)
from sekisho.checks.facts.links import leads_home
from sekisho.checks.facts.names import related
from sekisho.checks.facts.nobody import is_known_by_domain, names_a_firm
from sekisho.checks.facts.sender import home_domains, organisation
from sekisho.checks.facts.wishes import wants_something
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

VERIFY_EN = "Ask your own administrators or your office, by a number that you know."
VERIFY_JA = "自組織の管理者や担当部署に、知っている番号で確認してください。"
OWN_NAME = FindingKind(
    "recipient.own_name",
    6,
    "The sender calls itself {name}, which is the reader's own organisation, and writes from {author}. "
    + VERIFY_EN,
    "差出人は「{name}」と受信者自身の組織を名乗っていますが、アドレスは {author} です。" + VERIFY_JA,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
OWN_OFFICE = FindingKind(
    "recipient.own_office",
    5.5,
    "It speaks as an office of the reader's own organisation ({name}), and comes from outside: {author}. "
    + VERIFY_EN,
    "受信者自身の組織の部署（「{name}」）のように書いていますが、外部の {author} から届いています。"
    + VERIFY_JA,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
OFFICE = FindingKind(
    "recipient.office",
    1,
    "It writes to staff as an office ({name}) that signs for a firm, and comes from outside: {author}. "
    + VERIFY_EN,
    "社員向けの部署（「{name}」）として署名に会社名を示していますが、外部の {author} から届いています。"
    + VERIFY_JA,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
PROVIDER = FindingKind(
    "recipient.own_provider",
    3,
    "It speaks as the mail service of the recipient's own domain {domain}, and comes from {author}.",
    "受信者自身のドメイン {domain} のメール管理者を装っていますが、差出人は {author} です。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
KINDS = (OWN_NAME, OWN_OFFICE, OFFICE, PROVIDER)

SHARED_THEMES = ("security", "account")
"""What an office for one's own people writes of, and a web service."""
BILLS = ("unpaid", "invoice", "payment")
"""What an office writes of to customers: 経理課 of a supplier."""
OWN_THEMES = ("mailbox", "staff", "errand")
"""What it alone writes of, and what a superior asks for."""
STAFF_THEMES = ("mailbox", "staff")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding: the name of the organisation tells more than that of an office, and that more than the
    text."""
    if not any(cue.aspect in ("theme", "action") for cue in seen.cues) or any(
        proof.brand for proof in seen.proofs
    ):
        return NOTHING
    domains = reader_domains(message, seen, context)
    if not domains or message.author.mailbox is None:
        return NOTHING
    found = next(_findings(domains, message, seen, context), None)
    return NOTHING if found is None else Evidence(findings=(found,))


def _findings(
    domains: tuple[str, ...], message: Message, seen: Evidence, context: Context
) -> Iterator[Finding]:
    mailbox, author = message.author.mailbox, message.author.domain or ""
    assert mailbox is not None
    wants, told = wants_something(message, seen), {"name": mailbox.name, "author": mailbox.address}
    if not is_own_label(author, domains, context):
        own = own_name(mailbox.name, mailbox.address, domains, context)
        if own is not None and (wants or seen.destinations) and _speaks_as(own, author, seen, context):
            yield OWN_NAME.found(**told)
        if (
            _writes_for_staff(message, seen)
            and is_inside_office(mailbox.name, context)
            and not _says_whose(domains, message, seen, context)
        ):
            if not names_a_firm(message, context.vocabulary):
                yield OWN_OFFICE.found(**told)
            elif seen.has_cue("theme", *OWN_THEMES):
                yield OFFICE.found(**told)
    if seen.has_cue("theme", "mailbox") and seen.destinations:
        text = mailbox.name
        if not _stood_behind(message, seen, context):
            text = f"{text}\n{message.subject}\n{message.text}"
        yield from (
            PROVIDER.found(domain=each, author=author) for each in domains if names_domain(text, each)
        )


def _writes_for_staff(message: Message, seen: Evidence) -> bool:
    """True for mail of such an office that wants something, and that has a link or a page for it."""
    led = bool(seen.destinations) or any(page.attached for page in message.pages)
    if not led or not wants_something(message, seen):
        return False
    shared = seen.has_cue("theme", *SHARED_THEMES) and not seen.has_cue("theme", *BILLS)
    return shared or seen.has_cue("theme", *STAFF_THEMES)


def _speaks_as(own: OwnName, author: str, seen: Evidence, context: Context) -> bool:
    """True if an office for staff stands beside the organisation's name, or nothing that tells of another name while
    the text is of what such offices write. A person or a shop may be called like a firm, and a service says for whom it
    writes."""
    words = context.vocabulary
    if says_another(own.rest, author, context):
        return False
    about = own.whole and seen.has_cue("theme", *OWN_THEMES)
    return words.inside.offices.search(own.rest) is not None or (
        about and not words.names.distinctive(own.rest)
    )


def _says_whose(domains: tuple[str, ...], message: Message, seen: Evidence, context: Context) -> bool:
    """True if the office says whose it is: the text calls it as the author's domain is called, and every link leads
    there and no page comes along, so that a forger of that address would gain nothing. Who passes for the reader's own
    organisation has that name in its domain as well."""
    author = message.author.domain or ""
    if any(each.domain != organisation(author) for each in seen.destinations):
        return False
    if any(page.attached for page in message.pages):
        return False
    return not holds_label(author, domains) and is_known_by_domain(message, seen, context)


def _stood_behind(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the author is proven, leads its readers to itself, and has a name of its own, which its domain carries
    (a name in Japanese cannot be compared)."""
    name = message.author.name
    words = context.vocabulary.names.distinctive(name)
    own = related(words, home_domains(message, seen)) if words else True
    return (
        seen.authenticated
        and own
        and not is_inside_office(name, context)
        and leads_home(message, seen, context)
    )
