"""Block and allow entries: by address, domain, domain suffix (後方一致) and network. Allow wins.

An entry is written as it is matched:
`user@example.jp` an address · `example.jp` that domain alone · `.example.jp` the domain and all below it, and
`.cn` a whole top-level domain · `192.0.2.0/24` or `192.0.2.1` the SMTP client.
Addresses and domains are compared with the author's and with the envelope sender's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sekisho.domains import to_ascii
from sekisho.message import Message
from sekisho.options import Options


def _entry(entry: str) -> str:
    parse_entry(entry)
    return entry


Written = tuple[Annotated[str, AfterValidator(_entry)], ...]


class ListOptions(Options):
    """Site-wide entries."""

    allow: Written = Field(
        (),
        description="What is always accepted, whatever its score and whatever the block list says. Entries: "
        "user@example.jp, example.jp (that domain alone), .example.jp (and all below it), 192.0.2.0/24.",
    )
    block: Written = Field(
        (), description="What is always treated as `block_action` says. Entries as in `allow`."
    )
    block_action: Literal["tag", "quarantine", "reject"] = Field(
        "quarantine", description="What a block entry decides."
    )


def parse_entry(entry: str) -> tuple[str, str | IPv4Network | IPv6Network]:
    """`(kind, key)` with kind `address`, `domain`, `suffix` or `network`. Raises ValueError with the reason."""
    text = entry.strip()
    if (network := _network(text)) is not None:
        return "network", network
    if "@" in text:
        local, _, domain = text.rpartition("@")
        if not local:
            raise ValueError(f"{entry!r}: an address needs a local part; for a whole domain write the domain")
        return "address", f"{local.lower()}@{_domain(domain, entry)}"
    if text.startswith("."):
        return "suffix", _domain(text[1:], entry)
    return "domain", _domain(text, entry)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=True)
    except ValueError as error:
        if "has host bits set" in str(error):
            raise
        return None


def _domain(text: str, entry: str) -> str:
    domain = to_ascii(text) if "." in text else (text.lower() if text.isalnum() else None)
    if domain is None:
        raise ValueError(f"{entry!r}: not an address, a domain, a .suffix or a network")
    return domain


@dataclass(frozen=True, slots=True)
class Entries:
    """One list, ready to be asked. Look-ups do not grow with the number of names."""

    names: frozenset[str] = frozenset()
    suffixes: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Entries:
        names: set[str] = set()
        suffixes: set[str] = set()
        networks: list[IPv4Network | IPv6Network] = []
        for entry in entries:
            kind, key = parse_entry(entry)
            if isinstance(key, str):
                (suffixes if kind == "suffix" else names).add(key)
            else:
                networks.append(key)
        return cls(frozenset(names), frozenset(suffixes), tuple(networks))

    def match(self, message: Message) -> str | None:
        """The first entry that the message meets, as written, or None."""
        for address in _addresses(message):
            if (entry := self._name(address)) is not None:
                return entry
        return self._client(message.envelope.client.address)

    def _name(self, address: str) -> str | None:
        domain = address.rpartition("@")[2]
        if address in self.names:
            return address
        if domain in self.names:
            return domain
        return next((f".{suffix}" for suffix in _suffixes(domain) if suffix in self.suffixes), None)

    def _client(self, address: str | None) -> str | None:
        if not self.networks or address is None:
            return None
        try:
            client = ip_address(address)
        except ValueError:
            return None
        return next((str(network) for network in self.networks if client in network), None)


@dataclass(frozen=True, slots=True)
class Lists:
    """Both lists of a site."""

    allow: Entries = field(default_factory=Entries)
    block: Entries = field(default_factory=Entries)

    @classmethod
    def of(cls, options: ListOptions) -> Lists:
        return cls(Entries.of(options.allow), Entries.of(options.block))


def _addresses(message: Message) -> Iterator[str]:
    """The author's and the envelope sender's address, lower case, domains in ASCII."""
    if message.author.mailbox is not None and message.author.domain:
        yield f"{message.author.mailbox.local.lower()}@{message.author.domain}"
    if message.envelope.sender:
        local, _, domain = message.envelope.sender.rpartition("@")
        yield f"{local.lower()}@{to_ascii(domain) or domain.lower()}"


def _suffixes(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))
