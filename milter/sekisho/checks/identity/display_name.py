"""The display name carries an address or a host, and it is not the author's.

Many programs show the display name alone, so `"support@brand.example" <x@stranger.example>` reads as mail from
the brand. Three cases are left out: another domain of the brand that the author's belongs to, the same name under
another suffix (`Example.com` from example.co.jp), and what the recipient's own organisation, when it is proven,
passes on (`'somebody@example.com' via sales`).

It cannot see names without a dot; those are claims, if a brand is known by them.
"""

from __future__ import annotations

from sekisho.address import addresses_in, hosts_in
from sekisho.checks.facts.sender import organisation
from sekisho.domains import has_known_suffix, registrable, to_ascii
from sekisho.evidence import NOTHING, Evidence, FindingKind, ProofScope, Role, Signal
from sekisho.message import Message
from sekisho.ports import Context

ADDRESS = FindingKind(
    "display_name.address",
    5,
    "The display name shows the address {shown}, but the sender is {author}.",
    "表示名にアドレス {shown} がありますが、実際の差出人は {author} です。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
HOST = FindingKind(
    "display_name.host",
    4,
    "The display name is the host {shown}, but the sender is {author}.",
    "表示名は {shown} ですが、実際の差出人は {author} です。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
HOST_INSIDE = FindingKind(
    "display_name.host_inside",
    0,
    "The display name mentions the host {shown}, but the sender is {author}.",
    "表示名に {shown} とありますが、実際の差出人は {author} です。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)

KINDS = (ADDRESS, HOST, HOST_INSIDE)
MIN_HOST_SHARE = 0.6  # of the name's letters; a name with less of a host in it only mentions the host


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding: the first address that is a stranger's, else the first such host."""
    mailbox, author = message.author.mailbox, message.author.domain
    if mailbox is None or not mailbox.name or author is None:
        return NOTHING
    addresses, hosts = addresses_in(mailbox.name), hosts_in(mailbox.name)
    if not (addresses or hosts) or _from_home(message, seen):
        return NOTHING
    for shown in addresses:
        if _strange(shown.rpartition("@")[2], author, context):
            return Evidence(findings=(ADDRESS.found(shown=shown, author=mailbox.address),))
    for shown in hosts:
        if not any(shown in address for address in addresses) and _strange(shown, author, context):
            whole = len(shown) >= MIN_HOST_SHARE * len(mailbox.name.strip())
            kind = HOST if whole else HOST_INSIDE
            return Evidence(findings=(kind.found(shown=shown, author=mailbox.address),))
    return NOTHING


def _from_home(message: Message, seen: Evidence) -> bool:
    """True if the author's domain is proven and every recipient's: their own group or help desk."""
    own = _base(message.author.domain or "")
    recipients = message.envelope.recipients
    return (
        bool(recipients)
        and ProofScope.DOMAIN in seen.author_scopes
        and all(_base(each.address.rpartition("@")[2]) == own for each in recipients)
    )


def _strange(host: str, author: str, context: Context) -> bool:
    """True for a host of another organisation, under a suffix that exists: `node.js` is no host."""
    name = to_ascii(host)
    base = registrable(name) if name and has_known_suffix(name) else None
    if name is None or base is None or base.index(".") < 2:  # `R.Hughes` is a person
        return False
    if base.partition(".")[0] == _base(author).partition(".")[0]:
        return False
    brand = context.registry.owner(name)
    return brand is None or not context.registry.could_own(author, brand)


def _base(domain: str) -> str:
    return organisation(to_ascii(domain) or domain)
