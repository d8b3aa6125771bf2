"""Does the message carry anything that could do harm: a link, an attachment, a telephone number, a way to pay or to
answer somebody else?

Asked only where a message speaks in a name that it does not come from. A code or a notice without any of these takes
nothing from its reader, so the policy does not hold it for a name alone. It is asked of authenticated senders: of the
others, nobody knows who gets the answer. Where the author's address is the brand's own, the brand gets it: such a
message may have lost its proof on the way, if a server with a name sends it, and links to the brand are no payload.

It cannot see what a picture shows, so a message that is a picture has a payload.
"""

from __future__ import annotations

from sekisho.checks.facts.calls import asks_to_call
from sekisho.checks.facts.payload import has_payload, serves_only, shows_host
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

NO_PAYLOAD = FindingKind(
    "lure.no_payload",
    0,
    "It has no link to a stranger, no attachment, no telephone number, and no way to pay or to answer somebody else.",
    "他者へのリンク、添付ファイル、電話番号がなく、支払いや別の宛先への返信も求めていません。",
)
KINDS = (NO_PAYLOAD,)

OWN_ADDRESS = "brand.own_domain_unproven"


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding, if a sender that speaks in a name that it does not come from wants nothing of its reader."""
    if not seen.has_signal(Signal.IMPERSONATES) or seen.has_signal(Signal.HARMS_BY_ANSWER):
        return NOTHING
    if seen.authenticated:
        harmless = not (
            has_payload(message, seen, message.links)
            or shows_host(message)
            or asks_to_call(message, context.vocabulary.calls)
        )
    else:
        harmless = _may_be_passed_on(message, seen, context)
    return Evidence(findings=(NO_PAYLOAD.found(),)) if harmless else NOTHING


def _may_be_passed_on(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the author's address is a brand's and not proven, and the message serves nobody but that brand."""
    if seen.has_signal(Signal.UNNAMED_SERVER):
        return False
    brands = [each.brand for each in seen.findings if each.kind.id == OWN_ADDRESS and each.brand]
    return bool(brands) and serves_only(brands[0], message, seen, context)
