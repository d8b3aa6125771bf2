"""Does a claim stand: does the message say that it is from somebody known, without a proof of that?

The flow asks this when time ran out before all checks had run: such a message must not be delivered because of it.

It cannot see a claim that no check found.
"""

from __future__ import annotations

from sekisho.checks.facts.sender import is_proven
from sekisho.checks.facts.strictness import why_strict
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context


def standing_claim(message: Message, seen: Evidence, context: Context) -> str | None:
    """The name on which an unproven claim stands: a brand's id, a domain or a person's name; None if there is none.

    In this order: a brand that is named and not proven; what the author's domain or name is made to look like; the
    author's domain, not authenticated, if it is a brand's, a recipient's, the site's, or one whose mail should always
    be authenticated.
    """
    brands = (claim.brand for claim in seen.claims if claim.brand)
    claimed = next((brand for brand in brands if not is_proven(brand, seen, context)), None)
    author = message.author.domain
    if claimed is not None or author is None:
        return claimed
    if (lookalike := _likeness(author, message, context)) is not None or seen.authenticated:
        return lookalike
    owned = context.registry.owner(author) is not None
    return author if owned or why_strict(author, message, seen, context) is not None else None


def _likeness(author: str, message: Message, context: Context) -> str | None:
    """What the author's domain or display name is made to look like: a brand, a domain of the site, or a person."""
    found = context.registry.lookalike(author)
    if found is not None:
        return found.brand
    mailbox, site = message.author.mailbox, context.site
    if mailbox is None or site is None or site.owns(author):
        return None
    ours = site.lookalike(author)
    return ours.of if ours is not None else site.person(mailbox.name, mailbox.address)
