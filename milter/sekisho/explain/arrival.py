"""What the quarantine keeps so that a message can be judged again as it was: what the stored evidence and the envelope
of the held copies do not say. `review.case` makes a case of it. Pure.

It cannot say what else changed the judgement: the configuration and lists of that moment, the memory of DMARC policies
(used only while DNS fails), and time that ran out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sekisho.explain.document import stored_document
from sekisho.judgement import Judgement
from sekisho.resolver import case_records
from sekisho.verdict import Outcome

MAX_DNS_CHARS = 65_536
"""Of the DNS answers as JSON. A message of the mail that we know has 1,000 to 6,000. A sender can make a message ask
for more; it is then judged again with the recorded results only."""


def held_document(judgement: Judgement, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """`stored_document` of the copies that are held, with how the message arrived (`arrival`)."""
    return {
        **stored_document(judgement.evidence, judgement.weights, outcomes),
        "arrival": arrival(judgement, outcomes),
    }


def arrival(judgement: Judgement, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """`dns`: the answers as the `dns` list of a case; it is missing if DNS was not asked, or if it is too long. `rcpt`:
    all recipients of the envelope, if not all of their copies are held. `relayed`: a relay of ours was in between."""
    examined, envelope = judgement.examined, judgement.message.envelope
    found: dict[str, Any] = {}
    if examined.asked is not None:
        records = case_records(examined.asked)
        if len(json.dumps(records)) <= MAX_DNS_CHARS:
            found["dns"] = records
    if {each.recipient for each in outcomes} != set(envelope.recipients):
        found["rcpt"] = [each.address for each in envelope.recipients]
    if envelope.client.relayed:
        found["relayed"] = True
    return found
