"""Block and allow lists, asked for one recipient at a time. Allow wins over block, whatever the scopes of the entries.

Addresses and domains are compared with the author's and with the envelope sender's, networks with the SMTP
client. An allow entry may ask for more: `authenticated` that the author's domain is proven by an aligned
proof which no stranger shares, `dkim` that a domain has signed. Then the envelope sender, which anybody
types, does not count for `authenticated`.

Pure: the time is handed in, so that the same message and entries give the same answer. How entries are
written stands in `entries`. A look-up costs the same however many entries there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from pydantic import Field, field_validator

from sekisho.domains import IpNetwork, parse_ip, to_ascii, within
from sekisho.evidence import Evidence, ProofScope
from sekisho.message import Message, Recipient
from sekisho.options import Options
from sekisho.policy.entries import ListEntry, key_of, parse_entry, widening

Groups = Mapping[str, Iterable[str]]
NO_GROUPS: Groups = {}


class ListOptions(Options):
    """Block and allow entries; those made with `sekisho list` are added to them."""

    allow: tuple[ListEntry, ...] = Field(
        (),
        description="What is always accepted, whatever its score and whatever the block list says. Entries: "
        "user@example.jp, example.jp (that domain alone), .example.jp (and all below it), 192.0.2.0/24; or a table "
        'as {entry = "example.jp", scope = "hanako@example.jp", expires = "2026-12-31", comment = "why", '
        'author = "who", authenticated = true, dkim = "example.net"}. scope: a recipient, a recipient domain or '
        "a group; authenticated: only if the author's domain is proven; dkim: only if that domain has signed.",
    )
    block: tuple[ListEntry, ...] = Field(
        (),
        description="What is always treated as `block_action` says. Entries as in `allow`, without "
        "authenticated and dkim.",
    )
    block_action: Literal["tag", "quarantine", "reject"] = Field(
        "quarantine", description="What a block entry decides."
    )

    @field_validator("block")
    @classmethod
    def _unconditional(cls, entries: tuple[ListEntry, ...]) -> tuple[ListEntry, ...]:
        for each in entries:
            if each.authenticated or each.dkim:
                raise ValueError(f"{each.entry}: authenticated and dkim are for allow entries")
        return entries


def list_faults(options: ListOptions, groups: Groups) -> Iterator[tuple[str, str]]:
    """`(list, reason)` for scopes that are no recipient, no domain and no group."""
    for name, entries in (("allow", options.allow), ("block", options.block)):
        for each in entries:
            if _is_word(each.scope) and each.scope not in groups:
                yield name, f"{each.entry}: scope {each.scope!r} is neither a group, a domain nor an address"


def _is_word(scope: str) -> bool:
    return bool(scope) and "." not in scope and "@" not in scope and scope != "localhost"


@dataclass(frozen=True, slots=True)
class Sender:
    """What of a message the entries are compared with, taken out once for all recipients.

    `proven`: the author's domain has an aligned proof that is not shared with strangers. `signers`: domains
    with a valid signature. `now`: when the message is judged, in seconds of Unix time.
    """

    author: str | None
    envelope: str | None
    client: IPv4Address | IPv6Address | None
    proven: bool
    signers: frozenset[str]
    now: float

    @classmethod
    def of(cls, message: Message, evidence: Evidence, now: float) -> Sender:
        """The sender of a message, as far as something is known of it. `now` in seconds of Unix time."""
        mailbox, domain = message.author.mailbox, message.author.domain
        address = message.envelope.client.address
        return cls(
            author=f"{mailbox.local.lower()}@{domain}" if mailbox is not None and domain else None,
            envelope=_envelope(message.envelope.sender),
            client=parse_ip(address) if address else None,
            proven=bool(evidence.author_scopes - {ProofScope.SHARED}),
            signers=frozenset(proof.domain for proof in evidence.proofs if proof.method == "dkim"),
            now=now,
        )

    def meets(self, entry: ListEntry, by_author: bool) -> bool:
        """True if the conditions of an entry hold that was found by its name or network."""
        if not entry.in_force(self.now) or (entry.authenticated and not (by_author and self.proven)):
            return False
        return not entry.dkim or any(within(signer, entry.dkim) for signer in self.signers)


def _envelope(sender: str | None) -> str | None:
    if not sender:
        return None
    local, _, domain = sender.rpartition("@")
    return f"{local.lower()}@{to_ascii(domain) or domain.lower()}"


class Entries:
    """The entries of one list for one scope, by what they match."""

    def __init__(self, entries: Iterable[ListEntry]) -> None:
        self._names: dict[str, list[ListEntry]] = {}
        self._networks: dict[tuple[int, int], dict[int, list[ListEntry]]] = {}
        for each in entries:
            kind, key = parse_entry(each.entry)
            if isinstance(key, str):
                self._names.setdefault(f".{key}" if kind == "suffix" else key, []).append(each)
            else:
                self._network(key).append(each)

    def match(self, sender: Sender) -> ListEntry | None:
        """The first entry that the message meets, the author's address before the envelope sender's."""
        for address, by_author in ((sender.author, True), (sender.envelope, False)):
            for name in _spellings(address):
                for entry in self._names.get(name, ()):
                    if sender.meets(entry, by_author):
                        return entry
        return next((each for each in self._around(sender.client) if sender.meets(each, False)), None)

    def _network(self, network: IpNetwork) -> list[ListEntry]:
        size = self._networks.setdefault((network.version, network.max_prefixlen - network.prefixlen), {})
        return size.setdefault(
            int(network.network_address) >> (network.max_prefixlen - network.prefixlen), []
        )

    def _around(self, client: IPv4Address | IPv6Address | None) -> Iterator[ListEntry]:
        if client is not None:
            for (version, free), networks in self._networks.items():
                if version == client.version:
                    yield from networks.get(int(client) >> free, ())


def _spellings(address: str | None) -> Iterator[str]:
    """The address, its domain, and every suffix of it with its dot."""
    if address is None:
        return
    yield address
    domain = address.rpartition("@")[2]
    yield domain
    labels = domain.split(".")
    for start in range(min(len(labels), 128)):
        yield f".{'.'.join(labels[start:])}"


@dataclass(frozen=True, slots=True)
class Scoped:
    """One list: its entries by scope, "" being the site's."""

    by_scope: Mapping[str, Entries] = field(default_factory=dict)
    delimiters: str = ""

    @classmethod
    def of(cls, entries: Iterable[ListEntry], groups: Groups = NO_GROUPS, delimiters: str = "") -> Scoped:
        """A group's entry is an entry of each member; that of a group which is gone is nobody's."""
        sorted_out: dict[str, list[ListEntry]] = {}
        for each in entries:
            for scope in groups.get(each.scope, ()) if _is_word(each.scope) else (each.scope,):
                sorted_out.setdefault(key_of(scope), []).append(each)
        return cls({scope: Entries(some) for scope, some in sorted_out.items()}, delimiters)

    def match(self, sender: Sender, recipient: Recipient) -> str | None:
        """The entry that holds for the recipient, as it is written, the narrowest scope first; or None."""
        for scope in (*widening(recipient.address, self.delimiters), ""):
            entries = self.by_scope.get(scope)
            if entries is not None and (found := entries.match(sender)) is not None:
                return found.entry
        return None


@dataclass(frozen=True, slots=True)
class Lists:
    """Both lists."""

    allow: Scoped = field(default_factory=Scoped)
    block: Scoped = field(default_factory=Scoped)

    @classmethod
    def of(
        cls,
        options: ListOptions,
        groups: Groups = NO_GROUPS,
        added: ListOptions | None = None,
        *,
        delimiters: str = "",
    ) -> Lists:
        """The lists of the file, and over them what was added at run time. `delimiters`: of address extensions."""
        more = added or ListOptions()
        return cls(
            Scoped.of((*options.allow, *more.allow), groups, delimiters),
            Scoped.of((*options.block, *more.block), groups, delimiters),
        )
