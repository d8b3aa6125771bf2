"""Facts of notices of a brand that somebody else passes on, or writes about the brand to those who asked for it.

Links to the brand's real site prove nothing about a sender that is not the brand: the way out may be an answer, a
telephone number or a file. Only where there is no such way, the brand itself answers whoever follows the message.

It cannot see whether its reader asked for it.
"""

from __future__ import annotations

from sekisho.address import addresses_in
from sekisho.checks.facts.links import leads_to_brand
from sekisho.checks.facts.payload import MAX_SCANNED_CHARS, has_payload, is_file
from sekisho.checks.facts.sender import home_domains, organisation
from sekisho.checks.facts.telephones import TELEPHONE
from sekisho.checks.facts.texts import plain_text
from sekisho.checks.facts.ways_out import serves_brand
from sekisho.checks.facts.wishes import wants_something
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context

MIN_REPORT_LINKS = 3  # to the brand, and two for each link elsewhere, in a notice about it


def is_relayed(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True for a notice that leads to the brand alone, and wants neither an answer nor a call and carries no file: it
    is of no use to an impostor."""
    if not serves_brand(brand, message, seen, context) or _wants_a_talk(seen):
        return False
    return not has_payload(message, seen, (), own=_others_shown(message, context), least=0)


def _others_shown(message: Message, context: Context) -> frozenset[str]:
    """The organisations whose addresses the text shows, as a notice does that names who asked for it (`ann@firm.example
    asks you to sign`). A free mailbox is none: an impostor has its answers sent there."""
    hosts = (each.rpartition("@")[2] for each in addresses_in(message.text[:MAX_SCANNED_CHARS]))
    return frozenset(organisation(host) for host in hosts if context.providers.kind(host) != "mailbox")


def reports_on(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True for a notice that wants nothing, with many links to the brand and few to its author: a service reports on
    the brand."""
    if seen.unauthenticated or wants_something(message, seen) or _wants_a_talk(seen):
        return False
    if any(map(is_file, message.parts)) or TELEPHONE.search(plain_text(message)) is not None:
        return False
    home, found = home_domains(message, seen), seen.destinations
    away = [each for each in found if not leads_to_brand((each,), brand, context)]
    most = len(found) - len(away) >= max(MIN_REPORT_LINKS, 2 * len(away))
    return most and all(each.domain in home for each in away)


def _wants_a_talk(seen: Evidence) -> bool:
    """True if the message asks for an answer or a call."""
    return seen.has_cue("action", "answer", "call")
