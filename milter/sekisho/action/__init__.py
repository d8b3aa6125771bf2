"""From verdicts to what the MTA is told: outcomes settled into one reply, the edits, the copy in the store.

`carry_out` is the way through; `settle` fits several recipients into one reply, `headers` lists the edits, `replies`
makes the answers that are one for all.
"""

from sekisho.action.carry_out import Document, Output, carry_out
from sekisho.action.replies import defer, unjudged

__all__ = ["Document", "Output", "carry_out", "defer", "unjudged"]
