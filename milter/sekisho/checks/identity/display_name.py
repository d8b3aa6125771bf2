"""The display name carries an address or a host, and it is not the author's.

Many programs show the display name alone, so `"support@brand.example" <x@stranger.example>` reads as mail from
the brand. Four cases are left out: another domain of the brand that the author's belongs to, the same name under
another suffix (`Example.com` from example.co.jp), what the recipient's own organisation, when it is proven,
passes on (`'somebody@example.com' via sales`), and the sender that an alias service tells (`facts.passed_on`).

Help desks, groups and calendars show the address of the person for whom they write. That is a mention where the author
is proven, says that it writes for somebody (`via`) or has the answers sent to that very address, and where the message
can do no harm: it leads home, carries nothing and wants nothing. An address of a brand, of the recipient or of the site
is shown so only by a service whose own brand is proven.

A host that is no brand's, no recipient's and not the site's weighs less than one that is.

It cannot see names without a dot; those are claims, if a brand is known by them.
"""

from __future__ import annotations

from sekisho.address import addresses_in, hosts_in
from sekisho.checks.facts.passed_on import true_sender
from sekisho.checks.facts.payload import INVITATIONS, MIN_TOLD_CHARS, TEXTS, asks_for_more, has_payload
from sekisho.checks.facts.sender import home_domains, is_of_a_recipient, organisation
from sekisho.checks.facts.wishes import wants_something
from sekisho.domains import has_known_suffix, registrable, to_ascii
from sekisho.evidence import NOTHING, Evidence, FindingKind, ProofScope, Role, Signal
from sekisho.known import PASS_ON
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
WRITES_FOR = FindingKind(
    "display_name.writes_for",
    1,
    "The display name shows {shown}, and {author} says that it writes for that address.",
    "表示名に {shown} とありますが、{author} が代理で送信していることを明示しています。",
    role=Role.MENTION,
)
UNKNOWN_HOST = FindingKind(
    "display_name.unknown_host",
    2,
    "The display name is the host {shown} of an unknown organisation, and the sender is {author}.",
    "表示名は {shown} ですが、差出人は {author} です（{shown} は登録された組織のものではありません）。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
KINDS = (ADDRESS, HOST, HOST_INSIDE, WRITES_FOR, UNKNOWN_HOST)
MIN_HOST_SHARE = 0.6  # of the name's letters; a name with less of a host in it only mentions the host


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding: the first address that is a stranger's, else the first such host."""
    mailbox, author = message.author.mailbox, message.author.domain
    if mailbox is None or not mailbox.name or author is None:
        return NOTHING
    addresses, hosts = addresses_in(mailbox.name), hosts_in(mailbox.name)
    if not (addresses or hosts) or _from_home(message, seen):
        return NOTHING
    known = true_sender(message, seen, context)
    apart = [each for each in (author, known) if each is not None]
    for shown in addresses:
        if _strange(shown.rpartition("@")[2], apart, context):
            kind = WRITES_FOR if _writes_for(shown, message, seen, context) else ADDRESS
            return Evidence(findings=(kind.found(shown=shown, author=mailbox.address),))
    for shown in hosts:
        if not any(shown in address for address in addresses) and _strange(shown, apart, context):
            whole = len(shown) >= MIN_HOST_SHARE * len(mailbox.name.strip())
            known_host = _is_known(to_ascii(shown) or shown, message, context)
            kind = (HOST if known_host else UNKNOWN_HOST) if whole else HOST_INSIDE
            return Evidence(findings=(kind.found(shown=shown, author=mailbox.address),))
    return NOTHING


def _writes_for(shown: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the author is proven and says, without being able to do harm, that it writes for an address."""
    host = to_ascii(shown.rpartition("@")[2]) or ""
    if ProofScope.DOMAIN not in seen.author_scopes or not _says_so(shown, message, context):
        return False
    of_a_brand = any(proof.brand for proof in seen.proofs)
    if not of_a_brand and _is_known(host, message, context) and not _leads_only_to(host, seen):
        return False
    return not _can_harm(host, message, seen) and not wants_something(message, seen)


def _can_harm(host: str, message: Message, seen: Evidence) -> bool:
    """True if the message leads anywhere but to its author or to the organisation of the host, or carries what could do
    harm. People who write through a service write short, and an answer to an invitation is attached."""
    own = organisation(host)
    home = home_domains(message, seen) | {own}
    away = [each.link for each in seen.destinations if each.domain not in home]
    pictured = any(page.pictures for page in message.pages)
    return has_payload(
        message,
        seen,
        away,
        own=frozenset({own}),
        media=TEXTS | INVITATIONS,
        calls=asks_for_more(seen),
        least=MIN_TOLD_CHARS if pictured else 1,
    )


def _says_so(shown: str, message: Message, context: Context) -> bool:
    """True if answers go to the address, if a word says that another writes, or if the author's domain exists for
    passing mail on."""
    if any(each.address.lower() == shown for each in message.reply_to):
        return True
    passes_on = context.providers.kind(message.author.domain or "") in PASS_ON
    return passes_on or context.vocabulary.names.go_between_words.search(message.author.name) is not None


def _is_known(host: str, message: Message, context: Context) -> bool:
    """True for a host of a brand, of a recipient's organisation or of the site."""
    ours = context.site is not None and context.site.owns(host)
    return ours or context.registry.owner(host) is not None or is_of_a_recipient(host, message)


def _leads_only_to(host: str, seen: Evidence) -> bool:
    """True if there are links, and all of them lead to the organisation of the host."""
    own = organisation(host)
    return bool(seen.destinations) and all(each.domain == own for each in seen.destinations)


def _from_home(message: Message, seen: Evidence) -> bool:
    """True if the author's domain is proven and every recipient's: their own group or help desk."""
    own = _base(message.author.domain or "")
    recipients = message.envelope.recipients
    return (
        bool(recipients)
        and ProofScope.DOMAIN in seen.author_scopes
        and all(_base(each.address.rpartition("@")[2]) == own for each in recipients)
    )


def _strange(host: str, apart: list[str], context: Context) -> bool:
    """True for a host of another organisation than those of the domains `apart`, under a suffix that exists: `node.js`
    is no host."""
    name = to_ascii(host)
    base = registrable(name) if name and has_known_suffix(name) else None
    if name is None or base is None or base.index(".") < 2:  # `R.Hughes` is a person
        return False
    if any(base.partition(".")[0] == _base(each).partition(".")[0] for each in apart):
        return False
    brand = context.registry.owner(name)
    return brand is None or not any(context.registry.could_own(each, brand) for each in apart)


def _base(domain: str) -> str:
    return organisation(to_ascii(domain) or domain)
