"""Facts of mail that a service writes for somebody else: an alias service, a help desk, a group, a calendar.

Alias services hide their customer, and most tell in the author's address who wrote to it:
`news_at_example.com_x7@duck.com`, `shop+news=example.com@me.anonaddy.com`.

It cannot see whether the service looked at who wrote to it.
"""

from __future__ import annotations

import re

from sekisho.address import addresses_in
from sekisho.checks.facts.sender import organisation
from sekisho.domains import has_known_suffix, registrable, to_ascii
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context

PASSING_KINDS = ("alias", "forwarder")
WRITTEN_AT = re.compile(r" ?\((?:a|at)\) ?| at (?=[\w-]+\.)", re.IGNORECASE)  # for `@` in a display name
IN_LOCAL_PART = re.compile(r"\A[^=]*?(?:_at_|=40|=)([a-z0-9._-]+)\Z")  # what stands for `@`, once


def true_sender(message: Message, seen: Evidence, context: Context) -> str | None:
    """The domain of the sender for whom a proven service writes under an address of its own, as that address tells it;
    None if it tells none, or if the display name shows another.

    What a display name alone shows is nothing here: customers of such services write, too, and choose theirs.
    """
    mailbox, author = message.author.mailbox, message.author.domain
    if mailbox is None or author is None or not seen.authenticated:
        return None
    if context.providers.kind(author) not in PASSING_KINDS:
        return None
    encoded = _encoded(mailbox.local.lower())
    shown = {organisation(each.rpartition("@")[2]) for each in shown_addresses(mailbox.name)}
    return encoded if encoded is not None and shown <= {organisation(encoded)} else None


def shown_addresses(name: str) -> tuple[str, ...]:
    """The addresses that a display name shows, also with `(a)` or ` at ` for the @."""
    return addresses_in(WRITTEN_AT.sub("@", name))


def _encoded(local: str) -> str | None:
    """The domain in a local part. Some services write an underscore for each dot, and all add letters of their own."""
    found = IN_LOCAL_PART.match(local)
    if found is None or "_at_" in found[1]:
        return None
    rest = found[1]
    labels = (rest.partition("_")[0] if "." in rest else rest.replace("_", ".")).split(".")
    names = (to_ascii(".".join(labels[:count])) for count in range(len(labels), 1, -1))
    return next((name for name in names if name and has_known_suffix(name) and registrable(name)), None)
