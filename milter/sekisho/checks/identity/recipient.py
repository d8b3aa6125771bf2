"""What the message knows of its recipient, and whether its domain is made to look like the recipient's own.

A sender that has bought a list of addresses shows what it knows: the recipient's address, telephone number or postal
address stands in the subject, where no genuine sender needs it. A sender that speaks as a colleague uses a domain that
is easily read as the recipient's own.

It knows only what the envelope says of the recipient; a name alone is no evidence, since genuine mail uses it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.address import without_extension
from sekisho.bounded_cache import remembered
from sekisho.checks.facts.personal_data import personal_data
from sekisho.domains import registrable, to_unicode
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message, Recipient
from sekisho.ports import Context
from sekisho.text import skeleton

ADDRESS = FindingKind(
    "recipient.address_in_subject",
    1.5,
    "The subject holds the recipient's own address.",
    "件名に受信者自身のメールアドレスが入っています。",
)
DATA = FindingKind(
    "recipient.data_in_subject",
    2,
    "The subject holds somebody's telephone number or postal address: {data}.",
    "件名に電話番号または住所が入っています({data})。",
)
LOOKALIKE = FindingKind(
    "recipient.lookalike",
    3.5,  # a company may own a second name that differs by a hyphen
    "The author's domain {domain} is written to be taken for the recipient's own {of}.",
    "差出人のドメイン {domain} は受信者自身の {of} と見間違えるように書かれています。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
KINDS = (ADDRESS, DATA, LOOKALIKE)

MAX_RECIPIENTS = 5  # that are looked at: a sender with more of them knows none


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind."""
    findings = (
        *_in_subject(message, context),
        *_as_colleague(message, context),
    )
    return Evidence(findings=findings) if findings else NOTHING


def _in_subject(message: Message, context: Context) -> Iterator[Finding]:
    """The recipient's data in the subject. An invitation names whom it invites, and a report on somebody's own mail
    (a bounce, without a sender) names that person: these are left out."""
    if not message.envelope.sender or any(part.media == "text/calendar" for part in message.parts):
        return
    names = (name for each in _few(message) for name in _names(each, context.recipient_delimiter))
    if any(_stands(name, message.subject) for name in names):
        yield ADDRESS.found()
    if (data := personal_data(message.subject)) is not None:
        yield DATA.found(data=data)


def _names(recipient: Recipient, delimiters: str) -> set[str]:
    """The address as the sender gave it, and without its extension."""
    local, _, domain = recipient.address.rpartition("@")
    return {recipient.address, f"{without_extension(local, delimiters)}@{domain}"}


def _stands(name: str, text: str) -> bool:
    """An address or a domain, and not the end or the beginning of a longer one: `home.example` is not `me.example`."""
    name, text = name.lower(), text.lower()
    inside = "a-z0-9_+.%-" if "@" in name else "a-z0-9-"
    return name in text and re.search(rf"(?<![{inside}]){re.escape(name)}(?![a-z0-9])", text) is not None


def _few(message: Message) -> tuple[Recipient, ...]:
    return tuple(each for each in message.envelope.recipients[:MAX_RECIPIENTS] if "@" in each.address)


def _as_colleague(message: Message, context: Context) -> Iterator[Finding]:
    """`kaisha-co.example` writes to `kaisha.co.example`.

    Domains of mail providers are left out: all their customers would be colleagues, and their imitations are found as
    those of brands. Our own site's are left out: `site` finds them and knows the exceptions. A brand may own both
    spellings.
    """
    author = message.author.domain
    base = registrable(author) if author else None
    if base is None or context.own(message.envelope.client):
        return
    for recipient in _few(message):
        own = registrable(recipient.domain or "")
        if own is None or own == base or (context.site is not None and context.site.guards(own)):
            continue
        alike = _at_a_glance(own) == _at_a_glance(base)
        if alike and context.providers.kind(own) is None and not _of_one_owner(own, base, context):
            yield LOOKALIKE.found(domain=author, of=own)
            return


def _of_one_owner(one: str, other: str, context: Context) -> bool:
    """True if both are the site's own, or domains of one brand or its affiliates."""
    if context.site is not None and context.site.owns(one) and context.site.owns(other):
        return True
    brand = context.registry.owner(one)
    return brand is not None and context.registry.owner(other) in context.registry.affiliates(brand)


@remembered(8192)
def _at_a_glance(domain: str) -> str:
    """The domain as it looks to a quick reader: the skeleton of UTS 39."""
    return skeleton(to_unicode(domain))
