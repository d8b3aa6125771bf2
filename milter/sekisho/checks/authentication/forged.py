"""Did another host write authentication results in our own name? (RFC 8601 section 5)

Results that carry our authserv-id and came from outside were not written by us. They are removed before the message is
delivered; the finding tells that they were there. Its points are few: mail that went out and came back by a list or a
forwarder can carry honest results of ours. A message that a relay of ours handed over may carry results that the relay
wrote in our name, so nothing is said of it. Nor is anything said of the results of an earlier filter at the same MTA
(`trust.earlier_filters`). Results in other hosts' names stand in most mail and mean nothing here.

It cannot see who wrote the field.
"""

from __future__ import annotations

from sekisho.auth import authres, earlier_filters
from sekisho.evidence import NOTHING, Evidence, FindingKind
from sekisho.message import Message
from sekisho.ports import Context

FORGED = FindingKind(
    "auth.forged_results",
    2,
    "Somebody wrote authentication results in our own name; they were removed ({count}).",
    "当方の名をかたる認証結果のヘッダーが付いていました(削除済み、{count} 件)。",
)
KINDS = (FORGED,)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding, whatever their number."""
    fields = message.headers.all("authentication-results")
    client = message.envelope.client
    theirs = earlier_filters.results(
        message.headers.fields, context.earlier_filters, message.envelope.queue_id
    )
    if not fields or client.relayed or context.own(client):
        return NOTHING
    # What they say is not repeated: it would reach the recipient in our own headers.
    ours = [field for field in fields if authres.claims(field, context.authserv_id)]
    forged = [field for field in ours if not any(field is each for each in theirs)]
    if not forged:
        return NOTHING
    return Evidence(findings=(FORGED.found(count=len(forged)),))
