"""Facts of the ways by which a message can lead its reader to somebody else than the brand that it names.

Links to the brand's real site prove nothing about a sender who is not the brand: whoever asks for an answer, shows a
telephone number or an address, or sends a file, has another way to its reader. A message has no way out only if every
link leads to the brand and nothing else in it could do harm. Such a message is of no use to an impostor.

It cannot see what a picture shows.
"""

from __future__ import annotations

from sekisho.address import addresses_in
from sekisho.checks.facts.links import counter_of, is_digest, is_letter, leads_to_brand, signed_brands
from sekisho.checks.facts.payload import (
    INVITATIONS,
    MAX_SCANNED_CHARS,
    MIN_TOLD_CHARS,
    TEXTS,
    asks_for_more,
    has_payload,
)
from sekisho.checks.facts.sender import organisation, writes_for_others
from sekisho.domains import to_ascii
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context


def may_lead_away(message: Message, seen: Evidence, home: frozenset[str], context: Context) -> bool:
    """True where links that lead away from the sender say nothing of it: in a digest, in a letter, in a newsletter
    whose clicks are counted, and in a notice that leads nowhere but to the brand that it speaks as."""
    return (
        is_digest(seen)
        or is_letter(message, seen, context)
        or leads_to_claimed(message, seen, context)
        or counter_of(message, seen, home, context) is not None
    )


def leads_to_claimed(message: Message, seen: Evidence, context: Context) -> bool:
    """True for `serves_brand` of a brand that the message names as its sender."""
    return any(serves_brand(brand, message, seen, context) for brand in signed_brands(seen))


def serves_brand(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if every link leads to the brand, and there is no other way out: then the brand itself answers whoever
    follows it. It excuses nothing where the author is not authenticated."""
    if seen.unauthenticated or not leads_to_brand(seen.destinations, brand, context):
        return False
    return not has_way_out(brand, message, seen, context)


def leads_out(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if a link leads to somebody else than the brand, other than to a social network, or there is another way
    out."""
    kind = context.providers.kind
    return any(
        kind(each.host) != "social" and not leads_to_brand((each,), brand, context)
        for each in seen.destinations
    ) or has_way_out(brand, message, seen, context)


def has_way_out(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if a sender who is not the brand can reach its reader by something else than a link: answers go to another
    address, or it asks for an answer; a telephone number to call, an address or an account in the text; a file.

    Addresses of the brand and of the recipients lead to nobody else. The author's own stands below any letter, as a
    telephone number does: it counts where the message is about what lures are about, or asks for a call. A platform
    that writes for the brand under contract asks for an answer to the brand.
    """
    asks = seen.has_cue("action", "answer") and not writes_for_others(brand, message, seen, context)
    if message.reply_to or asks:
        return True
    if any(link.target[:7].lower() == "mailto:" for link in message.links):
        return True
    text = f"{message.subject}\n{message.text[:MAX_SCANNED_CHARS]}"
    shown = {organisation(to_ascii(each.rpartition("@")[2]) or "") for each in addresses_in(text)}
    more = asks_for_more(seen)
    own = frozenset(each for each in shown if _is_home(each, brand, context))
    if more and organisation(message.author.domain or "") in shown - own:
        return True
    if not more:  # a firm's address tells who sends a document; a free mailbox is for an answer
        own |= {each for each in shown if context.providers.kind(each) != "mailbox"}
    pictured = any(page.pictures for page in message.pages)
    least = MIN_TOLD_CHARS if pictured else 1
    media = TEXTS | INVITATIONS  # an invitation leads where the mail that brings it leads
    return has_payload(message, seen, (), own=own, media=media, calls=more, least=least)


def _is_home(domain: str, brand: str, context: Context) -> bool:
    return context.providers.kind(domain) is None and context.registry.could_own(domain, brand)
