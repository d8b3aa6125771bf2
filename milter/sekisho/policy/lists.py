"""Block and allow lists, looked up for each recipient. Allow has priority over block, with any scopes.

Addresses and domains are compared with the author's and with the envelope sender's, networks with the SMTP client. An
allow entry may have conditions. `authenticated`: the author's domain has an aligned proof that is not shared with other
senders; such an entry is not compared with the envelope sender, which is easily forged. `dkim`: the domain has signed.

Pure: the caller passes the time, so the same message and entries give the same answer. `entries` describes how entries
are written. The cost of a look-up does not depend on the number of entries.
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
from sekisho.message.recipient_keys import key_of, widening
from sekisho.options import Options
from sekisho.policy.entries import ListEntry, parse_entry

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


def _whom(scope: str, groups: Groups) -> tuple[str, ...]:
    """The keys under which an entry of this scope is found. A group has its members and its own name, since the
    directory may say who is in it."""
    if not _is_word(scope):
        return (scope,)
    return (scope, *groups[scope]) if scope in groups else ()


def _is_word(scope: str) -> bool:
    return bool(scope) and "." not in scope and "@" not in scope and scope != "localhost"


@dataclass(frozen=True, slots=True)
class Sender:
    """The parts of a message that entries are compared with. Made once for all recipients.

    `proven`: the author's domain has an aligned proof that is not shared with other senders. `signers`: domains with a
    valid signature. `now`: when the message is judged, Unix time in seconds.
    """

    author: str | None
    envelope: str | None
    client: IPv4Address | IPv6Address | None
    proven: bool
    signers: frozenset[str]
    now: float

    @classmethod
    def of(cls, message: Message, evidence: Evidence, now: float) -> Sender:
        """The sender of a message, as far as it is known. `now` is Unix time in seconds."""
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
        """True if an entry that matched by name or network is in force and its conditions are fulfilled. `by_author`:
        it matched the author and not the envelope sender."""
        if not entry.in_force(self.now) or (entry.authenticated and not (by_author and self.proven)):
            return False
        return not entry.dkim or any(within(signer, entry.dkim) for signer in self.signers)


def _envelope(sender: str | None) -> str | None:
    if not sender:
        return None
    local, _, domain = sender.rpartition("@")
    return f"{local.lower()}@{to_ascii(domain) or domain.lower()}"


class Entries:
    """The entries of one list for one scope, indexed by what they match."""

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
        """The first entry that matches the message; the author's address is tried before the envelope sender's."""
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
    """The address, its domain, and each suffix of the domain with a leading dot."""
    if address is None:
        return
    yield address
    domain = address.rpartition("@")[2]
    yield domain
    labels = domain.split(".")
    for start in range(min(len(labels), 128)):
        yield f".{'.'.join(labels[start:])}"


@dataclass(frozen=True, slots=True)
class ScopedList:
    """One list: its entries by scope; the scope "" is the whole site."""

    by_scope: Mapping[str, Entries] = field(default_factory=dict)
    delimiters: str = ""

    @classmethod
    def of(cls, entries: Iterable[ListEntry], groups: Groups = NO_GROUPS, delimiters: str = "") -> ScopedList:
        """The list of these entries. An entry for a group counts for each member; one for a group that no longer exists
        counts for no recipient."""
        sorted_out: dict[str, list[ListEntry]] = {}
        for each in entries:
            for scope in _whom(each.scope, groups):
                sorted_out.setdefault(key_of(scope), []).append(each)
        return cls({scope: Entries(some) for scope, some in sorted_out.items()}, delimiters)

    def match(self, sender: Sender, recipient: Recipient) -> str | None:
        """The text of the first matching entry for the recipient, the narrowest scope first; None if there is none."""
        for scope in self._scopes(recipient):
            entries = self.by_scope.get(scope)
            if entries is not None and (found := entries.match(sender)) is not None:
                return found.entry
        return None

    def _scopes(self, recipient: Recipient) -> tuple[str, ...]:
        """The scopes of a recipient, the narrowest first. An alias of one mailbox and nothing else has those of that
        mailbox, too; one of several has not, since an entry of one reader does not decide for the others."""
        *own, domain = widening(recipient.address, self.delimiters)
        if len(recipient.targets) != 1:
            return (*own, *recipient.groups, domain, "")
        *mailbox, beyond = widening(recipient.targets[0].address, self.delimiters)
        return (*own, *recipient.groups, *mailbox, *recipient.targets[0].groups, domain, beyond, "")


@dataclass(frozen=True, slots=True)
class Lists:
    """The allow list and the block list."""

    allow: ScopedList = field(default_factory=ScopedList)
    block: ScopedList = field(default_factory=ScopedList)

    @classmethod
    def of(
        cls,
        options: ListOptions,
        groups: Groups = NO_GROUPS,
        added: ListOptions | None = None,
        *,
        delimiters: str = "",
    ) -> Lists:
        """The lists of the configuration with the entries added at run time. `delimiters` are the characters that begin
        an address extension."""
        more = added or ListOptions()
        return cls(
            ScopedList.of((*options.allow, *more.allow), groups, delimiters),
            ScopedList.of((*options.block, *more.block), groups, delimiters),
        )
