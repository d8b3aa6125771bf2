"""Who is asking: what there is to doubt about a sender who wants something of his reader.

Most of it other checks have found; here it is weighed together, since what is harmless in a letter is not in a demand.
A proven sender is doubted only for two reasons at once, or for one that no proof can clear: that he calls himself by a
brand that is not his, wants money and names nobody, speaks for an organisation from a private mailbox, or has what is
answered sent to one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from sekisho.address import addresses_in
from sekisho.checks.authentication import iprev
from sekisho.checks.content import link_tricks, links
from sekisho.checks.facts.doubt import impersonates
from sekisho.checks.identity import impersonation, recipient, reply_to, sender_domain, unknown_organisation
from sekisho.checks.identity.destinations import organisation as organisation_of
from sekisho.evidence import Evidence, Finding, FindingKind
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.vocabulary import shipped_themes

UNPROVEN = FindingKind(
    "lure.unproven",
    0.7,
    "It wants this of its reader, and nothing proves who {author} is.",
    "そう求める差出人 {author} が本物であるという証明がありません。",
)
UNMET = FindingKind(
    "lure.in_a_name",
    0.7,
    "It wants this in the name of somebody that it does not come from.",
    "他者の名をかたって、そう求めています。",
)
AWAY = FindingKind(
    "lure.leads_away",
    0.7,
    "What it asks for leads away from its sender.",
    "求められた操作の行き先は、差出人とは別の場所です。",
)
PASSING = FindingKind(
    "lure.from_passing_domain",
    0.7,
    "It wants this from a domain of a kind that is mostly thrown away after use.",
    "使い捨てによく使われる種類のドメインから、そう求めています。",
)
UNNAMED = FindingKind(
    "lure.from_unnamed_server",
    0.7,
    "It wants this from a server that has no confirmed name.",
    "正引きと逆引きの一致しない送信サーバーから、そう求めています。",
)
NAMELESS = FindingKind(
    "lure.from_an_office",
    0.7,
    "It wants this as an office ({name}) and does not say whose.",
    "「{name}」とだけ名乗り、どの組織かを示さずに、そう求めています。",
)
PRIVATE = FindingKind(
    "lure.from_private_mailbox",
    3,
    "It speaks for an organisation from a private mailbox of {domain}.",
    "組織を名乗りながら、フリーメール({domain})から送られています。",
)
NOBODY = FindingKind(
    "lure.from_nobody",
    2.5,
    "It wants money, and says nowhere who wants it: no name, no company, no way to reach anybody.",
    "金銭を求めていますが、差出人名、会社名、連絡先のいずれもありません。",
)
TENANT = FindingKind(
    "lure.from_a_platform",
    0.7,
    "It wants this from {domain}, where anybody can open an account.",
    "だれでも利用できるサービス {domain} から、そう求めています。",
)
ANSWERED = FindingKind(
    "lure.answered_elsewhere",
    3.5,
    "It is about money, and has its answers sent to a private mailbox: {other}.",
    "金銭の話で、返信先がフリーメール({other})になっています。",
)
KINDS = (UNPROVEN, UNMET, AWAY, PASSING, UNNAMED, TENANT, NAMELESS, PRIVATE, NOBODY, ANSWERED)

# What no proof of the sender's own domain can clear.
ALONE = frozenset({PRIVATE, NOBODY, ANSWERED, impersonation.DISPLAY_NAME, recipient.LOOKALIKE})
# A brand's name in one host, or a bare address, says nothing of where the others lead.
LEADING_AWAY = frozenset({impersonation.AWAY, *links.KINDS, *link_tricks.KINDS}) - {
    links.BRAND_IN_HOST,
    links.ADDRESS,
}
THROWN_AWAY = frozenset({sender_domain.RANDOM, sender_domain.UNUSUAL_SUFFIX})
OFFICIAL = shipped_themes().named("official")
MONEY = shipped_themes().named("money")
ANSWERED_THEMES = shipped_themes().named("answered")
# Of whom a proof says only where the mail was written.
TENANTS = frozenset({"esp", "cloud"})
TELEPHONE = re.compile(r"(?<![\d-])0\d{1,4}-\d{1,4}-\d{3,4}(?![\d-])|\(\d{2,3}\) ?\d{3}")
WALLET = re.compile(
    r"\b(?:bc1[02-9ac-hj-np-z]{20,60}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b"
)  # where bitcoin goes
SHORT = 3_000  # characters of a text that is searched; who writes more than that says who he is
CLOSING = 200  # characters at the end of a text, in which it is signed


def doubts(message: Message, seen: Evidence, context: Context) -> tuple[Finding, ...]:
    """The reasons to doubt who is asking: none if there are too few of them for a sender who is proven."""
    leads_home = links.leads_home(message, seen, context)
    found = (
        *_of_the_sender(message, seen, context),
        *_of_the_way_out(seen, leads_home),
        *_of_the_demand(message, seen, context, leads_home),
    )
    alone = any(each.kind in ALONE for each in (*found, *seen.findings))
    return found if alone or len(found) > seen.authenticated else ()


def _of_the_sender(message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    """Who he is, what he is called, and where he comes from."""
    domain = message.author.domain or ""
    kinds = {finding.kind for finding in seen.findings}
    if seen.unauthenticated:
        yield _finding(UNPROVEN, author=message.author.text)
    elif iprev.NO_IPREV in kinds:
        yield _finding(UNNAMED)
    elif context.providers.kind(domain) in TENANTS and not _reachable(message.text[:SHORT], context):
        yield _finding(TENANT, domain=domain)
    if impersonates(seen) or kinds & {recipient.PROVIDER, recipient.LOOKALIKE}:
        yield _finding(UNMET)
    if kinds & THROWN_AWAY:
        yield _finding(PASSING)
    name = message.author.name
    if unknown_organisation.is_nameless(name, context.vocabulary):
        yield _finding(NAMELESS, name=name)


def _of_the_way_out(seen: Evidence, leads_home: bool) -> Iterator[Finding]:
    away = seen.destinations and not leads_home and not links.is_digest(seen)
    if away or any(finding.kind in LEADING_AWAY for finding in seen.findings):
        yield _finding(AWAY)


def _of_the_demand(message: Message, seen: Evidence, context: Context, leads_home: bool) -> Iterator[Finding]:
    """What such a sender has no business to ask for."""
    domain = message.author.domain or ""
    private = context.providers.kind(domain) == "mailbox" and not leads_home
    if (
        private
        and seen.has_cue("theme", *OFFICIAL)
        and (_official(message, seen, context) or seen.has_cue("action", "gift_cards", "channel"))
    ):
        yield _finding(PRIVATE, domain=domain)
    if (
        not leads_home
        and seen.has_cue("theme", *ANSWERED_THEMES)
        and (other := _answers_to(message, seen, context))
    ):
        yield _finding(ANSWERED, other=other)
    if _from_nobody(message, seen, context):
        yield _finding(NOBODY)


def _official(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the sender calls itself an office or an officer, or signs a short letter about business as a chief."""
    name, text, words = message.author.name, message.text, context.vocabulary
    if words.office_words.search(name) is not None or words.officer_titles.search(name) is not None:
        return True
    closing = text[-CLOSING:] if len(text) <= SHORT else ""
    return seen.has_cue("theme", "business") and words.chief_titles.search(closing) is not None


def _answers_to(message: Message, seen: Evidence, context: Context) -> str | None:
    """The private mailbox that answers go to, while the sender writes from elsewhere."""
    author = message.author.domain or ""
    if seen.authenticated and _is_passed_on(author, message, context):
        return None
    other = _reply_to(seen) or _answered_in_text(author, message, seen, context)
    return None if other is None or (seen.authenticated and _named_after(other, author, context)) else other


def _is_passed_on(author: str, message: Message, context: Context) -> bool:
    """True for what a form hands on, a platform's or one of the reader's own site: whoever filled it in is answered."""
    kind = context.providers.kind(author)
    readers = {organisation_of(each.domain) for each in message.envelope.recipients if each.domain}
    return kind == "esp" or (kind is None and organisation_of(author) in readers)


def _named_after(other: str, author: str, context: Context) -> bool:
    """True for `alumni.office@free.example` beside `alumni.example`: a small society's own mailbox."""
    words = context.vocabulary.distinctive(other.partition("@")[0])
    return bool(words) and unknown_organisation.related(words, (author,))


def _reply_to(seen: Evidence) -> str | None:
    kind = reply_to.REPLY_TO_MAILBOX
    return next((str(each.facts.get("other", "")) for each in seen.findings if each.kind is kind), None)


def _answered_in_text(author: str, message: Message, seen: Evidence, context: Context) -> str | None:
    kind = context.providers.kind
    if (
        not seen.has_cue("action", "answer")
        or kind(author) == "mailbox"
        or _reachable(message.text[:SHORT], context)
    ):
        return None
    named = addresses_in(message.text[:SHORT])
    return next((each for each in named if kind(each.rpartition("@")[2]) == "mailbox"), None)


def _from_nobody(message: Message, seen: Evidence, context: Context) -> bool:
    """Money is wanted, a way to pay it is shown, and nobody is named: not as the sender, nor in the text."""
    mailbox = message.author.mailbox
    if not seen.has_cue("theme", *MONEY) or mailbox is None or len(message.text) > SHORT:
        return False
    if not message.links and WALLET.search(message.text) is None:
        return False
    if context.vocabulary.distinctive(mailbox.name) or any(
        claim.where == "signature" for claim in seen.claims
    ):
        return False
    text = f"{mailbox.name}\n{message.text}"
    if (data := recipient.personal(message.subject)) is not None:
        text = text.replace(data, "")  # the reader's own number is no way to reach the sender
    return not _reachable(text, context)


def _reachable(text: str, context: Context) -> bool:
    """True if a text says what a company says of itself, or shows a telephone number."""
    return context.vocabulary.contact_words.search(text) is not None or TELEPHONE.search(text) is not None


def _finding(kind: FindingKind, **facts: str) -> Finding:
    return Finding(kind, MappingProxyType(facts))
