"""The display name carries an address or a host, and it is not the author's.

Many programs show the display name alone, so `"support@brand.example" <x@stranger.example>` reads as mail from
the brand. It cannot see names without a dot; those are claims, if a brand is known by them.
"""

from __future__ import annotations

from types import MappingProxyType

from sekisho.address import addresses_in, hosts_in
from sekisho.domains import has_known_suffix, registrable, to_ascii
from sekisho.evidence import Evidence, Finding, FindingKind
from sekisho.message import Message
from sekisho.ports import Context

ADDRESS = FindingKind(
    "display_name.address",
    5,
    "The display name shows the address {shown}, but the sender is {author}.",
    "表示名にアドレス {shown} がありますが、実際の差出人は {author} です。",
)
HOST = FindingKind(
    "display_name.host",
    5,
    "The display name shows the host {shown}, but the sender is {author}.",
    "表示名に {shown} とありますが、実際の差出人は {author} です。",
)

KINDS = (ADDRESS, HOST)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind: the first address or host that is a stranger's."""
    mailbox = message.author.mailbox
    if mailbox is None or not mailbox.name or message.author.domain is None:
        return Evidence()
    own = registrable(message.author.domain) or message.author.domain
    found = []
    addresses = addresses_in(mailbox.name)
    if (
        shown := next((each for each in addresses if _strange(each.rpartition("@")[2], own)), None)
    ) is not None:
        found.append(_finding(ADDRESS, shown, mailbox.address))
    else:
        hosts = (each for each in hosts_in(mailbox.name) if not any(each in address for address in addresses))
        if (shown := next((each for each in hosts if _strange(each, own)), None)) is not None:
            found.append(_finding(HOST, shown, mailbox.address))
    return Evidence(findings=tuple(found))


def _strange(host: str, own: str) -> bool:
    """True for a host of another organisation, under a suffix that exists: `node.js` is no host."""
    name = to_ascii(host)
    return name is not None and has_known_suffix(name) and registrable(name) not in (None, own)


def _finding(kind: FindingKind, shown: str, author: str) -> Finding:
    return Finding(kind, MappingProxyType({"shown": shown, "author": author}))
