"""Services that pass mail on, what they do to it, and whose ARC seal is believed. The facts are `forwarders.toml`.

A forwarder changes what can be proven of a message: SPF fails unless the service writes an envelope sender of its own,
DKIM fails if it changes the text, and some services put an address of their own into From. Each of these facts may be
unknown. A *sealer* (RFC 8617) authenticates what it receives and seals what it found; to trust it means to believe what
it says of the author.

The checks ask only whether a domain passes mail on; what a service does to a message is there for people who read why
its authentication broke. It cannot see whether a service still works as its documents said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from sekisho.data_files import DataFileError, FileModel, read
from sekisho.domains import to_ascii
from sekisho.known import Forwarding
from sekisho.package_data import shipped


class ForwarderFileError(DataFileError):
    """The file of forwarders cannot be loaded."""


def _domain(value: str) -> str:
    """A domain in ASCII lower case with at least two labels, as DNS has it."""
    if to_ascii(value) != value or "." not in value:
        raise ValueError("is not a domain name in ASCII lower case")
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], Field(strict=False, min_length=1)]
Sources = Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]


class ForwarderEntry(FileModel):
    """A service: its domains, what it does to the mail that it passes on (see `known.Forwarding`), and where that can
    be read."""

    domains: Domains
    envelope: Literal["kept", "own", "unknown"] = "unknown"
    dkim: Literal["kept", "broken", "unknown"] = "unknown"
    author: Literal["kept", "own", "own_if_refused", "unknown"] = "unknown"
    shows: Literal["display_name", "local_part", "header", "unknown"] = "unknown"
    sources: Sources

    def forwarding(self, name: str) -> Forwarding:
        """The entry as the checks see it; `name` is its key in the file."""
        return Forwarding(name, self.envelope, self.dkim, self.author, self.shows)


class SealerEntry(FileModel):
    """A service that seals: the domains of its seals (the tag `d=`), and who says that its seals are to be believed."""

    domains: Domains
    sources: Sources


class ForwarderFile(FileModel):
    """The whole file: services and sealers by their names."""

    forwarders: dict[str, ForwarderEntry] = Field(default_factory=dict)
    sealers: dict[str, SealerEntry] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forwarders:
    """What is known of services that pass mail on, by domain, and the domains of the sealers."""

    services: Mapping[str, Forwarding] = field(default_factory=lambda: MappingProxyType({}))
    sealers: frozenset[str] = frozenset()


def load(path: Path | None = None) -> Forwarders:
    """What `path` (None: the shipped file) says. Raises ForwarderFileError with every fault of the file."""
    file = path or shipped("forwarders.toml")
    faults: list[str] = []
    content = read(ForwarderFile, file, faults)
    services: dict[str, Forwarding] = {}
    for name, entry in content.forwarders.items() if content else ():
        for domain in entry.domains:
            other = services.setdefault(domain, entry.forwarding(name))
            if other.name != name:
                faults.append(f"{file}: forwarders.{name}: {domain} is listed under {other.name} too")
    if content is None or faults:
        raise ForwarderFileError(tuple(faults))
    sealers = frozenset(domain for entry in content.sealers.values() for domain in entry.domains)
    return Forwarders(MappingProxyType(services), sealers)
