"""An author whose mail should always be proven, while the look-ups that would prove it fail.

Unknown is neither a pass nor a fail. But whoever can hurt our resolver could send in the name of such a domain and be
delivered unmarked for as long, so its mail is marked until DNS answers again: the genuine mail of the domain, too,
and never more than marked by this alone. Mail of all other domains is untouched.

Such domains are the recipient's own and the site's, those that the registry marks `strict`, and those whose
DMARC record asked for quarantine or reject when it was last seen.

It cannot see a domain whose policy nobody has met yet. Where several people share a domain (mail providers), the
recipient's own is nobody's own.
"""

from __future__ import annotations

from types import MappingProxyType

from sekisho.checks.identity.destinations import organisation
from sekisho.checks.identity.site import vouched
from sekisho.evidence import NOTHING, AuthorStatus, Evidence, Finding, FindingKind, Role, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult

UNKNOWN = FindingKind(
    "brand.own_domain_unknown",
    5,  # the tag alone: genuine mail of the domain gets it too
    "Mail of {domain} should be proven ({why_en}), but the look-ups that could prove it failed.",
    "{domain} のメールは送信元を認証できるはずですが({why_ja})、DNS の照会に失敗したため確認できませんでした。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.AUTHOR_UNDECIDED}),
)
KINDS = (UNKNOWN,)

OWN = ("it is your own organisation's domain", "自組織のドメイン")
LISTED = ("it is known to authenticate all its mail", "すべてのメールに送信ドメイン認証を施しているドメイン")
NOTED = (
    "its DMARC policy, seen {days} days ago, asks for that",
    "{days} 日前に確認した DMARC ポリシーによる",
)
METHODS = ("spf", "dkim", "dmarc")
DAY = 86_400.0  # seconds


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding at most."""
    author = message.author.domain
    if author is None or not _unknown(seen) or context.own(message.envelope.client):
        return NOTHING
    why = why_strict(author, message, seen, context)
    if why is None:
        return NOTHING
    facts = {"domain": author, "why_en": why[0], "why_ja": why[1]}
    return Evidence(findings=(Finding(UNKNOWN, MappingProxyType(facts), context.registry.owner(author)),))


def _unknown(seen: Evidence) -> bool:
    """True if nothing proves the author, and a temporary error is all that keeps us from saying that nothing can.
    Where nobody looked (no DNS at all), there is no temporary error."""
    failed = any(each.result is AuthResult.TEMPERROR for each in seen.results if each.method in METHODS)
    return failed and seen.author_status is AuthorStatus.UNKNOWN


def why_strict(author: str, message: Message, seen: Evidence, context: Context) -> tuple[str, str] | None:
    """Why the author's mail should be proven, in English and Japanese; None if nothing says so."""
    if _own(author, message, context) and not vouched(message, seen, context):
        return OWN
    if context.registry.strict(author):
        return LISTED
    age = context.policies.age(author) if context.policies is not None else None
    if age is None:
        return None
    days = max(0, round(age / DAY))
    return NOTED[0].format(days=days), NOTED[1].format(days=days)


def _own(author: str, message: Message, context: Context) -> bool:
    """The author's organisation is a recipient's, and not one that strangers share; or it is the site's."""
    if context.site is not None and context.site.owns(author):
        return True
    if context.providers.kind(author) is not None:
        return False
    own = organisation(author)
    return any(organisation(each.domain) == own for each in message.envelope.recipients if each.domain)
