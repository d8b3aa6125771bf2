"""Reasons to doubt a sender that wants something of its reader.

Most of them other checks have found; here they are weighed together, since what is harmless in a letter is not in a
demand. A proven sender is doubted only for two reasons at once, or for one that no proof can clear: it calls itself by
a brand that it is not, says nowhere who it is (`nobody`), speaks for an organisation from a private mailbox, or has
answers sent to one. `lure` makes findings of the doubts.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.address import addresses_in
from sekisho.checks.facts.authentication import author_is_undecided
from sekisho.checks.facts.links import is_digest, leads_home
from sekisho.checks.facts.names import is_nameless, related, says_nobody, shows_a_brand
from sekisho.checks.facts.nobody import FIRM_TELEPHONE, is_known_by_domain
from sekisho.checks.facts.sender import is_of_a_recipient
from sekisho.checks.facts.throwaway import is_surely_thrown_away
from sekisho.checks.facts.wishes import is_about_access_or_money, wants_something
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.known import TENANCY
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult
from sekisho.vocabulary import shipped_themes

UNPROVEN = FindingKind(
    "lure.unproven",
    0.5,
    "It wants this of its reader, and nothing proves who {author} is.",
    "そう求める差出人 {author} が本物であるという証明がありません。",
)
UNMET = FindingKind(
    "lure.in_a_name",
    0.5,
    "It wants this in the name of somebody that it does not come from.",
    "他者の名をかたって、そう求めています。",
)
AWAY = FindingKind(
    "lure.leads_away",
    0.5,
    "What it asks for leads away from its sender.",
    "求められた操作の行き先は、差出人とは別の場所です。",
)
PASSING = FindingKind(
    "lure.from_passing_domain",
    1.0,
    "It wants this from a domain of a kind that is mostly thrown away after use.",
    "使い捨てによく使われる種類のドメインから、そう求めています。",
)
THROWN = FindingKind(
    "lure.from_thrown_away",
    2,
    "It names nobody, and it wants this from {domain}, a domain that is made to be thrown away.",
    "誰であるかを示さず、使い捨てのドメイン {domain} から、そう求めています。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
UNNAMED = FindingKind(
    "lure.from_unnamed_server",
    1.0,
    "It wants this from a server that has no confirmed name.",
    "正引きと逆引きの一致しない送信サーバーから、そう求めています。",
)
NAMELESS = FindingKind(
    "lure.from_an_office",
    1.0,
    "It wants this as an office ({name}) and does not say whose.",
    "「{name}」とだけ名乗り、どの組織かを示さずに、そう求めています。",
)
PRIVATE = FindingKind(
    "lure.from_private_mailbox",
    3,
    "It speaks for an organisation from a private mailbox of {domain}.",
    "組織を名乗りながら、フリーメール({domain})から送られています。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
UNANSWERED = FindingKind(
    "lure.from_unanswered_domain",
    0.5,
    "It wants this of its reader, and the DNS of {domain} does not answer, while that of the sending server does.",
    "{domain} の DNS だけが応答せず差出人を確認できないのに（送信サーバーの名前は確認済み）、そう求めています。",
)
TENANT = FindingKind(
    "lure.from_a_platform",
    1.0,
    "It wants this from {domain}, where anybody can open an account.",
    "だれでも利用できるサービス {domain} から、そう求めています。",
)
ANSWERED = FindingKind(
    "lure.answered_elsewhere",
    3.5,
    "It is about money, and has its answers sent to a private mailbox: {other}.",
    "金銭の話で、返信先がフリーメール({other})になっています。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
KINDS = (UNPROVEN, UNMET, AWAY, PASSING, THROWN, UNNAMED, UNANSWERED, TENANT, NAMELESS, PRIVATE, ANSWERED)

OFFICIAL = shipped_themes().named("official")
ANSWERED_THEMES = shipped_themes().named("answered")
# Providers of which a proof says only where the mail was written.
OPEN_PLATFORMS = frozenset({"esp", TENANCY, "cloud"})
MAX_SCANNED_CHARS = 3_000  # of a text that are searched; a sender that writes more says who it is
MAX_CLOSING_CHARS = 200  # at the end of a text, where it is signed


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Doubts only, beside those of `nobody`: none if nothing is wanted, or too few of them for a sender that
    is proven."""
    if not wants_something(message, seen):
        return NOTHING
    at_home = leads_home(message, seen, context)
    found = (
        *_of_the_sender(message, seen, context),
        *_of_the_way_out(seen, at_home),
        *_of_the_demand(message, seen, context, at_home),
    )
    alone = any(Signal.STANDS_ALONE in each.kind.signals for each in (*found, *seen.findings, *seen.doubts))
    least = 2 if seen.authenticated else 1
    return Evidence(doubts=found) if alone or len(found) >= least else NOTHING


def _of_the_sender(message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    """Who the sender is, what it is called, and where it comes from."""
    domain = message.author.domain or ""
    if seen.unauthenticated:
        yield UNPROVEN.found(author=message.author.text)
    elif seen.has_signal(Signal.UNNAMED_SERVER):
        yield UNNAMED.found()
    elif context.providers.kind(domain) in OPEN_PLATFORMS and not _reachable(
        message.text[:MAX_SCANNED_CHARS], context
    ):
        yield TENANT.found(domain=domain)
    if _is_unanswered(domain, seen, context):
        yield UNANSWERED.found(domain=domain)
    if seen.has_signal(Signal.IMPERSONATES):
        yield UNMET.found()
    if seen.has_signal(Signal.DISPOSABLE_DOMAIN):
        yield PASSING.found()
    if (
        says_nobody(message, context.vocabulary)
        and is_surely_thrown_away(domain, context.vocabulary)
        and is_about_access_or_money(message, seen)
    ):
        yield THROWN.found(domain=domain)
    name = message.author.name
    nameless = is_nameless(name, context.vocabulary) and not shows_a_brand(seen)
    if nameless and not is_known_by_domain(message, seen, context):
        yield NAMELESS.found(name=name)


def _is_unanswered(domain: str, seen: Evidence, context: Context) -> bool:
    """True if the look-ups that could prove the author failed, while the name of the sending server was confirmed: our
    own DNS works. A domain of a brand, or one that is known to be strict, has its own finding (`strict`)."""
    if not author_is_undecided(seen) or seen.result("iprev") is not AuthResult.PASS:
        return False
    return context.registry.owner(domain) is None and not seen.has("brand.own_domain_unknown")


def _of_the_way_out(seen: Evidence, at_home: bool) -> Iterator[Finding]:
    away = seen.destinations and not at_home and not is_digest(seen)
    if away or seen.has_signal(Signal.LEADS_AWAY):
        yield AWAY.found()


def _of_the_demand(message: Message, seen: Evidence, context: Context, at_home: bool) -> Iterator[Finding]:
    """What this sender has no reason to ask for."""
    domain = message.author.domain or ""
    private = context.providers.kind(domain) == "mailbox" and not at_home
    if (
        private
        and seen.has_cue("theme", *OFFICIAL)
        and (
            _official(message, seen, context) or seen.has_cue("action", "channel") or seen.has("lure.favour")
        )
    ):
        yield PRIVATE.found(domain=domain)
    if (
        not at_home
        and seen.has_cue("theme", *ANSWERED_THEMES)
        and (other := _answers_to(message, seen, context))
    ):
        yield ANSWERED.found(other=other)


def _official(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the sender calls itself an office or an officer, or signs a short letter about business as a chief."""
    name, text, words = message.author.name, message.text, context.vocabulary
    if (
        words.names.office_words.search(name) is not None
        or words.names.officer_titles.search(name) is not None
    ):
        return True
    closing = text[-MAX_CLOSING_CHARS:] if len(text) <= MAX_SCANNED_CHARS else ""
    return seen.has_cue("theme", "business") and words.names.chief_titles.search(closing) is not None


def _answers_to(message: Message, seen: Evidence, context: Context) -> str | None:
    """The private mailbox that answers go to, while the sender writes from elsewhere."""
    author = message.author.domain or ""
    if seen.authenticated and _is_passed_on(author, message, context):
        return None
    other = _reply_to(seen) or _answered_in_text(author, message, seen, context)
    return None if other is None or (seen.authenticated and _named_after(other, author, context)) else other


def _is_passed_on(author: str, message: Message, context: Context) -> bool:
    """True for mail from a web form, a platform's or one of the reader's own site: answers go to the person who filled
    it in."""
    kind = context.providers.kind(author)
    return kind in ("esp", TENANCY) or (kind is None and is_of_a_recipient(author, message))


def _named_after(other: str, author: str, context: Context) -> bool:
    """True for `alumni.office@free.example` beside `alumni.example`: a small society's own mailbox."""
    words = context.vocabulary.names.distinctive(other.partition("@")[0])
    return bool(words) and related(words, (author,))


def _reply_to(seen: Evidence) -> str | None:
    elsewhere = (each for each in seen.findings if Signal.ANSWERS_TO_MAILBOX in each.kind.signals)
    return next((str(each.facts.get("other", "")) for each in elsewhere), None)


def _answered_in_text(author: str, message: Message, seen: Evidence, context: Context) -> str | None:
    kind = context.providers.kind
    if (
        not seen.has_cue("action", "answer")
        or kind(author) == "mailbox"
        or _reachable(message.text[:MAX_SCANNED_CHARS], context)
    ):
        return None
    named = addresses_in(message.text[:MAX_SCANNED_CHARS])
    return next((each for each in named if kind(each.rpartition("@")[2]) == "mailbox"), None)


def _reachable(text: str, context: Context) -> bool:
    """True if a text says what a company says of itself, or shows a telephone number."""
    return (
        context.vocabulary.names.contact_words.search(text) is not None
        or FIRM_TELEPHONE.search(text) is not None
    )
