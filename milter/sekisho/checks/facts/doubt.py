"""Whether there is reason to doubt the author: what weak evidence may lean on.

Honest people greet everybody alike, write with odd programs and have wrong clocks. Such traces say something only of a
message whose author is in doubt already; of all others they are not looked for.
"""

from __future__ import annotations

from sekisho.evidence import Evidence

FAMILIES = ("brand.", "lookalike.", "organisation.", "display_name.", "site.")
# A brand that is only spoken of: mail about companies is not mail in their name.
MENTIONS = frozenset({"brand.content", "brand.name_mentioned", "brand.subject", "brand.topic"})
# Unknown is no doubt: the genuine mail of such a domain has it in an outage, and must not be held for its words.
UNKNOWN = frozenset({"brand.own_domain_unknown"})
NO_DOUBT = MENTIONS | UNKNOWN


def impersonates(seen: Evidence) -> bool:
    """True if the message speaks in a name that nothing of it bears out."""
    ids = (finding.kind.id for finding in seen.findings)
    return any(each.startswith(FAMILIES) and each not in NO_DOUBT for each in ids)


def doubted(seen: Evidence) -> bool:
    """True if the message impersonates, or nobody vouches for its author where somebody could."""
    return impersonates(seen) or seen.unauthenticated
