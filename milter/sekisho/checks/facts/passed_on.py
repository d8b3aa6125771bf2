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
from sekisho.known import PASS_ON
from sekisho.message import Message
from sekisho.ports import Context

WRITTEN_AT = re.compile(r" ?\((?:a|at)\) ?| at (?=[\w-]+\.)", re.IGNORECASE)  # for `@` in a display name
WRITTEN_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789._-"  # of a domain in a local part


def true_sender(message: Message, seen: Evidence, context: Context) -> str | None:
    """The domain of the sender for whom a proven service writes under an address of its own, as that address tells it;
    None if it tells none, or if the display name shows another.

    What a display name alone shows is nothing here: customers of such services write, too, and choose theirs.
    """
    mailbox, author = message.author.mailbox, message.author.domain
    if mailbox is None or author is None or not seen.authenticated:
        return None
    local, shown = mailbox.local.lower(), shown_addresses(mailbox.name)
    encoded = _encoded(local, shown) if _tells(local, author, context) else None
    others = {organisation(each.rpartition("@")[2]) for each in shown}
    return encoded if encoded is not None and others <= {organisation(encoded)} else None


def _tells(local: str, author: str, context: Context) -> bool:
    """True if the service, and not its customer, writes the local part. A list or a forwarder does so only if it is
    known to (people have addresses at others). Below an alias service's own name customers choose every address, and
    what tells is what is added to it: `shop+news=example.com@customer.anonaddy.com`.
    """
    kind = context.providers.kind(author)
    if kind not in PASS_ON:
        return False
    service = context.providers.forwarding(author)
    if kind == "forwarder" and (service is None or service.shows != "local_part"):
        return False
    chosen = context.providers.kind(author.partition(".")[2]) == kind
    added = local.rpartition("=")[0].rpartition("=")[2]
    return not chosen or "+" in added


def shown_addresses(name: str) -> tuple[str, ...]:
    """The addresses that a display name shows, also with `(a)` or ` at ` for the @."""
    return addresses_in(WRITTEN_AT.sub("@", name))


def _encoded(local: str, shown: tuple[str, ...]) -> str | None:
    """The domain in a local part. Some services write an underscore for each dot and hyphen, and all add letters of
    their own; what that was in the first case, the addresses that the display name shows (`shown`) may tell.

    A customer that chooses an address itself gets a dot and more letters behind its choice: that is none.
    """
    behind = _behind_at(local)
    if not behind or "_at_" in behind:
        return None
    written, _, added = behind.partition("_")
    if "." in added:
        return None
    if "." not in local:
        told = (each for each in shown if f"{local}_".startswith(f"{_flat(each)}_"))
        if (same := next(told, None)) is not None:
            return to_ascii(same.rpartition("@")[2])
    labels = (written if "." in written else behind.replace("_", ".")).split(".")
    least = len(labels) if "." in written else 2  # with dots, what stands behind the name is no addition
    names = (to_ascii(".".join(labels[:count])) for count in range(len(labels), least - 1, -1))
    return next((name for name in names if name and has_known_suffix(name) and registrable(name)), None)


def _behind_at(local: str) -> str:
    """What stands to the end behind the first sign for `@` (`_at_`, `=40`, `=`), if that is all like a domain."""
    head = local.rstrip(WRITTEN_LETTERS)
    tail = local[len(head) :]
    if "=" in head:
        return (tail.removeprefix("40") or tail) if head.find("=") == len(head) - 1 else ""
    return tail.partition("_at_")[2]


def _flat(address: str) -> str:
    """`news@example.com` as the services write it that keep letters and digits only."""
    return re.sub(r"[^a-z0-9_]", "_", address.replace("@", "_at_"))
