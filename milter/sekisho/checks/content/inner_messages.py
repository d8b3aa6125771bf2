"""A message inside the message that is not judged as the sender's own: it is reported or returned.

Its reader may still follow its links. So it weighs a little where it has any, and the finding says what was left out.

It cannot see whether the sender tells the truth about it (see `checks.facts.inner`).
"""

from __future__ import annotations

from sekisho.checks.facts.links import FOLLOWED_KINDS
from sekisho.evidence import NOTHING, Evidence, FindingKind
from sekisho.message import Message
from sekisho.ports import Context

APART = FindingKind(
    "inner.kept_apart",
    0.5,
    "It reports or returns another message ({subject}), whose links were not judged as the sender's own.",
    "別のメール({subject})を報告または返送しています。その中のリンクは、差出人によるものとしては判定していません。",
)
KINDS = (APART,)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding, for the first such message with a link."""
    for each in message.inner:
        if any(link.kind in FOLLOWED_KINDS and link.host for link in each.shown.links):
            return Evidence(findings=(APART.found(subject=each.subject or each.author or "-"),))
    return NOTHING
