"""The Authentication-Results of filters that stand before us at the same MTA: which fields of a message are theirs.

Postfix writes its own Received field before any filter is asked. OpenDKIM and OpenDMARC put their results above it, and
all that the sender wrote stands below it. So results above it were added inside our border. It is known by the queue id
in it, which nobody knows before Postfix has made it: an address or a host name the sender could write too. Only the
topmost Received field that we see counts, so a sender that tries to guess the id has one guess a message.

Postfix shows no filter the topmost field of a message. That is its own Received field, or, if filters before us added
fields, the last of these. So the last one can neither be read nor removed by us.

It cannot see results that an earlier filter put below the Received field, as rspamd does: there a sender can write too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from sekisho.auth.authres import claimed_id, comparable
from sekisho.message import Field

RECEIVED = b"received"
RESULTS = b"authentication-results"
MAX_FIELDS = 100
"""Fields at the top of a message among which the MTA's own Received field is looked for."""
_MAX_TRACE_BYTES = 4_000  # the HELO of at most 2 kB stands before the queue id
_QUEUE_ID = re.compile(rb"\sby\s[^\s;]+\s\([^()]*\)\s+with\s+\S+\s+id\s+([A-Za-z0-9]+)")


def is_trace_of(received: bytes, queue_id: str | None) -> bool:
    """True if a Received value is the one that the MTA wrote for the message with this queue id."""
    found = _QUEUE_ID.search(received[:_MAX_TRACE_BYTES])
    return found is not None and queue_id is not None and found[1] == queue_id.encode("utf-8", "replace")


def names_of(value: bytes, earlier: Collection[str], queue_id: str | None) -> bool:
    """True if results are in the name of one of the authserv-ids `earlier`, which may have the queue id of this message
    behind a slash (OpenDKIM's `AuthservIDWithJobID`)."""
    claimed = claimed_id(value.decode("utf-8", "replace"))
    if claimed is None:
        return False
    name = comparable(claimed.removesuffix(f"/{queue_id}"))
    return any(name == comparable(each) for each in earlier)


def added(fields: Sequence[Field], queue_id: str | None) -> Sequence[Field]:
    """The fields that filters before us put above the MTA's own Received field; none if that is not there."""
    for place, field in enumerate(fields[:MAX_FIELDS]):
        if field.name.rstrip().lower() == RECEIVED:
            return fields[:place] if is_trace_of(field.value, queue_id) else ()
    return ()


def results(fields: Sequence[Field], earlier: Collection[str], queue_id: str | None) -> Iterable[Field]:
    """The Authentication-Results fields of the filters before us."""
    if not earlier:
        return ()
    return tuple(
        each
        for each in added(fields, queue_id)
        if each.name.rstrip().lower() == RESULTS and names_of(each.value, earlier, queue_id)
    )
