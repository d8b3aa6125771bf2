"""An author whose mail should always be proven, while the look-ups that would prove it fail.

Unknown is neither a pass nor a fail. But an attacker that can disturb our resolver could send in the name of such a
domain, and its mail would be delivered unmarked. So mail of the domain is marked until DNS answers again: the genuine
mail, too, and this alone never does more than mark it. Mail of all other domains is untouched.

Which domains these are, `facts.strictness` says. It cannot see a domain whose policy nobody has met yet.
"""

from __future__ import annotations

from sekisho.checks.facts.authentication import author_is_undecided
from sekisho.checks.facts.strictness import why_strict
from sekisho.evidence import NOTHING, Evidence, FindingKind, Role
from sekisho.message import Message
from sekisho.ports import Context

UNKNOWN = FindingKind(
    "brand.own_domain_unknown",
    5,  # the tag alone: genuine mail of the domain gets it too
    "Mail of {domain} should be proven ({why_en}), but the look-ups that could prove it failed.",
    "{domain} のメールは送信元を認証できるはずですが({why_ja})、DNS の照会に失敗したため確認できませんでした。",
    role=Role.IDENTITY,
)
KINDS = (UNKNOWN,)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding at most."""
    author = message.author.domain
    if author is None or not author_is_undecided(seen) or context.own(message.envelope.client):
        return NOTHING
    why = why_strict(author, message, seen, context)
    if why is None:
        return NOTHING
    owner = context.registry.owner(author)
    return Evidence(findings=(UNKNOWN.found(brand=owner, domain=author, why_en=why[0], why_ja=why[1]),))
