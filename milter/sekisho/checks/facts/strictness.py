"""Whose mail should always be authenticated: the site's and the recipient's own, and that of strict domains.

Strict are the domains that the registry marks so, and those whose DMARC record asked for quarantine or reject when it
was last seen. Where several people share a domain (mail providers), the recipient's own domain is nobody's own.

It cannot see a domain whose policy nobody has met yet.
"""

from __future__ import annotations

from sekisho.checks.facts.sender import is_authorized_by_site, is_of_a_recipient
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context

OWN = ("it is your own organisation's domain", "自組織のドメイン")
LISTED = ("it is known to authenticate all its mail", "すべてのメールに送信ドメイン認証を施しているドメイン")
NOTED = (
    "its DMARC policy, seen {days} days ago, asks for that",
    "{days} 日前に確認した DMARC ポリシーによる",
)
DAY_SECONDS = 86_400.0


def why_strict(author: str, message: Message, seen: Evidence, context: Context) -> tuple[str, str] | None:
    """Why the author's mail should be proven, in English and Japanese; None if nothing says so. `author` is the
    author's domain."""
    if _is_own(author, message, context) and not is_authorized_by_site(message, seen, context):
        return OWN
    if context.registry.strict(author):
        return LISTED
    age = context.policies.age(author) if context.policies is not None else None
    if age is None:
        return None
    days = max(0, round(age / DAY_SECONDS))
    return NOTED[0].format(days=days), NOTED[1].format(days=days)


def _is_own(author: str, message: Message, context: Context) -> bool:
    """The author's organisation is a recipient's, and not one that strangers share; or it is the site's."""
    if context.site is not None and context.site.owns(author):
        return True
    return context.providers.kind(author) is None and is_of_a_recipient(author, message)
