"""Does the message carry anything that could do harm: a link, an attachment, a telephone number, a way to pay or to
answer somebody else?

Asked only where a message speaks in a name that it does not come from. A code or a notice without any of these takes
nothing from its reader, so the policy does not hold it for a name alone. It is asked of authenticated senders: of the
others, nobody knows who gets the answer.

It cannot see what a picture shows, so a message that is a picture has a payload.
"""

from __future__ import annotations

import re

from sekisho.address import addresses_in
from sekisho.checks.facts.sender import organisation
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message, Part
from sekisho.ports import Context

NO_PAYLOAD = FindingKind(
    "lure.no_payload",
    0,
    "It holds no link, attachment or telephone number, and no way to pay or to answer somebody else.",
    "リンク、添付ファイル、電話番号がなく、支払いや別の宛先への返信も求めていません。",
)
KINDS = (NO_PAYLOAD,)

MAX_SCANNED_CHARS = (
    20_000  # of the text that are searched; a longer one is not looked through, and has a payload
)
MIN_TOLD_CHARS = 40  # of a text; with less, what the message says is in a picture
TELEPHONE = re.compile(
    r"(?<![\w-])(?:\+\d{1,3}[-. ]?)?\(?0?\d{1,4}\)?[-. ]\d{1,4}[-. ]\d{3,4}(?![\w-])|(?<!\d)0[1-9]\d{8,9}(?!\d)",
    re.ASCII,
)
ACCOUNT = re.compile(
    r"(?:普通|当座|口座番号|account (?:no|number))\D{0,12}\d{6,}|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"
    r"|\b(?:bc1[02-9ac-hj-np-z]{20,60}|0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b",
    re.IGNORECASE,
)
PAYS = ("gift_cards", "coins", "channel", "card")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding, if an authenticated sender that speaks in another's name wants nothing of its reader."""
    if not seen.authenticated or not seen.has_signal(Signal.IMPERSONATES):
        return NOTHING
    return NOTHING if _has_payload(message, seen) else Evidence(findings=(NO_PAYLOAD.found(),))


def _has_payload(message: Message, seen: Evidence) -> bool:
    text = message.text.strip()
    if message.links or seen.has_cue("action", *PAYS) or len(text) > MAX_SCANNED_CHARS:
        return True
    if len(text) < MIN_TOLD_CHARS or any(_is_carried(part) for part in message.parts):
        return True
    told = f"{message.subject}\n{text}"
    if TELEPHONE.search(told) or ACCOUNT.search(told):
        return True
    own = organisation(message.author.domain or "")
    others = (*addresses_in(told), *(each.address for each in message.reply_to))
    return any(organisation(each.rpartition("@")[2].lower()) != own for each in others)


def _is_carried(part: Part) -> bool:
    """True for an attachment, and for a part that is no text."""
    return part.disposition == "attachment" or part.media not in ("text/plain", "text/html")
