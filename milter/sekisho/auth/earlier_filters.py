"""The Authentication-Results of filters that stand before us at the same MTA: which fields of a message are theirs.

Postfix shows a filter what the filters before it added, above the fields of the sender and without its own Received
field between them. So the place of a field tells nothing, and neither does its authserv-id: a sender can write both.
But OpenDKIM and OpenDMARC can write the queue id behind the authserv-id (`AuthservIDWithJobID yes`:
`mx.example.jp/4jdbtN4Qj6zP0JP`), and nobody knows that id before Postfix has made it for this very message.

A sender may guess. So if a message has a field with another queue id in one of these names, none of its fields is
believed to be theirs: there is one guess a message.

It cannot see results without a queue id, as those of rspamd and amavis. These need a name that is not ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sekisho.auth.authres import claimed_id, comparable
from sekisho.message import Field

RESULTS = b"authentication-results"


def job_of(value: bytes, earlier: Collection[str]) -> str | None:
    """The queue id behind the authserv-id of a value, if that is one of `earlier`; None if there is none."""
    if not earlier or b"/" not in value:
        return None
    name, slash, job = (claimed_id(value.decode("utf-8", "replace")) or "").partition("/")
    theirs = slash and any(comparable(name) == comparable(each) for each in earlier)
    return job if theirs else None


def added(jobs: Iterable[str], queue_id: str | None) -> bool:
    """True if fields with these queue ids were added for the message that has `queue_id`."""
    return queue_id is not None and set(jobs) == {queue_id}


def results(fields: Iterable[Field], earlier: Collection[str], queue_id: str | None) -> tuple[Field, ...]:
    """The Authentication-Results fields of the filters before us."""
    if not earlier:
        return ()
    theirs: list[Field] = []
    jobs: list[str] = []
    for field in fields:
        if field.name.rstrip().lower() == RESULTS and (job := job_of(field.value, earlier)) is not None:
            theirs.append(field)
            jobs.append(job)
    return tuple(theirs) if added(jobs, queue_id) else ()
