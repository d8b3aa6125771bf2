"""Does a claim stand: does the message say that it is from somebody known, without a proof of that?

For the flow, when time ran out before all checks had run: such a message must not be delivered for it.

It cannot see a claim that no check found.
"""

from __future__ import annotations

from sekisho.checks.strict import why_strict
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context


def standing_claim(message: Message, seen: Evidence, context: Context) -> str | None:
    """A brand's id or a domain: a brand that is named and not proven, else the author's domain, unproven, of somebody
    known (a brand, a recipient, the site, or one whose mail is always authenticated). None for mail of our own."""
    if context.own(message.envelope.client):
        return None
    proven = {kin for proof in seen.proofs if proof.brand for kin in context.registry.kin(proof.brand)}
    claimed = next((claim.brand for claim in seen.claims if claim.brand and claim.brand not in proven), None)
    if claimed is not None or seen.authenticated:
        return claimed
    author = message.author.domain
    if author is None:
        return None
    owned = context.registry.owner(author) is not None
    return author if owned or why_strict(author, message, seen, context) is not None else None
