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

from sekisho.checks.facts.strictness import why_strict
from sekisho.evidence import NOTHING, AuthorStatus, Evidence, FindingKind, Role, Signal
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

AUTHOR_METHODS = ("spf", "dkim", "dmarc")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding at most."""
    author = message.author.domain
    if author is None or not _unknown(seen) or context.own(message.envelope.client):
        return NOTHING
    why = why_strict(author, message, seen, context)
    if why is None:
        return NOTHING
    owner = context.registry.owner(author)
    return Evidence(findings=(UNKNOWN.found(brand=owner, domain=author, why_en=why[0], why_ja=why[1]),))


def _unknown(seen: Evidence) -> bool:
    """True if nothing proves the author, and a temporary error is all that keeps us from saying that nothing can.
    Where nobody looked (no DNS at all), there is no temporary error."""
    failed = any(
        each.result is AuthResult.TEMPERROR for each in seen.results if each.method in AUTHOR_METHODS
    )
    return failed and seen.author_status is AuthorStatus.UNKNOWN
