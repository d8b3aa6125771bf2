"""Carries out verdicts: one reply to the MTA for all recipients, the edits of the message, the copies in the store.

`carry_out` is the entry point; `settle` finds outcomes that fit into one reply, `headers` lists the edits, `replies`
makes the replies that are the same for all recipients.
"""

from sekisho.action.carry_out import Document, Output, carry_out, keep_unjudged
from sekisho.action.replies import defer, unjudged

__all__ = ["Document", "Output", "carry_out", "defer", "keep_unjudged", "unjudged"]
