"""Who the message says it is from, wherever a recipient is told.

A claim is a brand's name in a place that speaks for the sender: the display name, the author's domain, the
subject, the body. Strength says how plainly: a display name that consists of little but the name is strong, a subject
that mentions it is weak. A mention is not yet an accusation; `contradiction` compares claims with proofs.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.evidence import Claim, Evidence, Strength
from sekisho.message import Message
from sekisho.ports import Context, Mention

MOSTLY = 0.3  # share of a display name from which the brand is what the name says, not a word in it
BODY = 3_000  # characters of the body that are read for claims: who writes says so early


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Claims by place, the strong places first; a brand once per place."""
    return Evidence(claims=tuple(_claims(message, context)))


def _claims(message: Message, context: Context) -> Iterator[Claim]:
    mailbox = message.author.mailbox
    if mailbox is not None:
        yield from _named(mailbox.name, "display_name", context)
        yield from _local_part(mailbox.local, context)
        if (owner := context.registry.owner(mailbox.domain or "")) is not None:
            yield Claim(owner, "author_domain", mailbox.domain or "")
    yield from _mentioned(message.subject, "subject", context)
    yield from _mentioned(message.text[:BODY], "body", context)


def _named(name: str, where: str, context: Context) -> Iterator[Claim]:
    """Brands in a name that is shown as the sender. A disguised spelling is as strong as a whole name."""
    for mention in _once(context.registry.mentions(name)):
        strong = mention.alone >= MOSTLY or not mention.exact
        yield Claim(mention.brand, where, name, Strength.STRONG if strong else Strength.WEAK)


def _local_part(local: str, context: Context) -> Iterator[Claim]:
    """`viewsnet.jp@stranger.example`: a brand's domain standing before the @."""
    host = local.lower().strip('"').replace("_", ".")
    if "." in host and (owner := context.registry.owner(host)) is not None:
        yield Claim(owner, "local_part", local)


def _mentioned(text: str, where: str, context: Context) -> Iterator[Claim]:
    for mention in _once(context.registry.mentions(text)):
        yield Claim(mention.brand, where, mention.name, Strength.WEAK)


def _once(mentions: tuple[Mention, ...]) -> Iterator[Mention]:
    """The most telling mention of each brand."""
    best: dict[str, Mention] = {}
    for mention in mentions:
        if mention.brand not in best or mention.alone > best[mention.brand].alone:
            best[mention.brand] = mention
    yield from best.values()
