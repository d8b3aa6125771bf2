"""Whether there is reason to doubt the author: what weak evidence may lean on.

Honest people greet everybody alike, write with odd programs and have wrong clocks. Such traces say something only of a
message whose author is in doubt already; of all others they are not looked for.
"""

from __future__ import annotations

from sekisho.evidence import Evidence, Signal


def doubted(seen: Evidence) -> bool:
    """True if the message speaks in a name that it does not come from, or its author is not authenticated."""
    return seen.has_signal(Signal.IMPERSONATES) or seen.unauthenticated
