"""Domains that many organisations or people share: mailboxes, carriers, sending platforms, clouds, shorteners …

A proof of such a domain says which service was used, not which organisation wrote. The list is data (`providers.toml`;
a site may add a file of its own): a table for each kind, with arrays of domains. A domain stands for itself and every
name below it. The longest entry counts, so `docs.google.com` may be of another kind than `google.com`. The table `none`
holds domains that belong to one organisation although a domain above them is shared. In the table `redirect` an entry
with a path (`youtube.com/redirect`) is a page that redirects; its domain may be of any kind.

It cannot see which of the customers behind a domain is writing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from sekisho.bounded_cache import remembered
from sekisho.data_files import DataFileError, table_of
from sekisho.domains import to_ascii
from sekisho.known import ON_BEHALF, PASS_ON, TENANCY, Forwarding
from sekisho.package_data import shipped
from sekisho.plain_errors import did_you_mean, dotted

KINDS = (
    "mailbox",
    "alias",
    "carrier",
    "esp",
    ON_BEHALF,
    TENANCY,
    "cloud",
    "shortener",
    "redirect",
    "forwarder",
    "social",
)
REDIRECT = "redirect"
NOT_SHARED = "none"
MAX_REMEMBERED = 20_000  # names whose kind is remembered


class ProviderFileError(DataFileError):
    """A provider file cannot be loaded."""


@dataclass(frozen=True, slots=True)
class ProviderTable:
    """`ports.Providers` over a table of domains. `services` are those known to pass mail on, and what they do to it;
    None: no such service is believed to have passed mail on."""

    kinds: Mapping[str, str]
    pages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, Forwarding] | None = field(default_factory=dict)
    _known: Callable[[str], str | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Mail comes from and links to the same hosts again and again.
        object.__setattr__(self, "_known", remembered(MAX_REMEMBERED)(self._found))

    def kind(self, domain: str) -> str | None:
        """The kind of the longest entry that is the domain or a name above it; None if there is none."""
        return self._known(domain)

    def forwarding(self, domain: str) -> Forwarding | None:
        """What is known of the longest entry that is the domain or a name above it; an entry of the kinds `forwarder`
        and `alias` that nothing more is known of has `unknown` everywhere."""
        if self.services is None:
            return None
        described = next((name for name in _upwards(domain) if name in self.services), None)
        if described is not None:
            return self.services[described]
        return Forwarding(domain) if self.kind(domain) in PASS_ON else None

    def redirect_pages(self, domain: str) -> tuple[str, ...]:
        """The beginnings of the paths at which a registrable domain redirects to others."""
        return self.pages.get(domain, ())

    def _found(self, domain: str) -> str | None:
        start = domain if domain in self.kinds else _comparable(domain)
        found = next((self.kinds[name] for name in _upwards(start) if name in self.kinds), None)
        return None if found == NOT_SHARED else found


def _upwards(domain: str) -> Iterator[str]:
    """The domain and the names above it."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


def _comparable(domain: str) -> str:
    """The name in ASCII lower case, without leading labels with an underscore, which hold DNS records only."""
    while domain.startswith("_"):
        domain = domain.partition(".")[2]
    return to_ascii(domain) or ""


def load(
    path: Path | None = None,
    overlay: Path | None = None,
    services: Mapping[str, Forwarding] | None = MappingProxyType({}),
) -> ProviderTable:
    """The table of `path` (None: the shipped file), with the entries of `overlay`, if it exists, in their place.
    `services` are those that are described (`forwarders.load`), by domain.

    Raises ProviderFileError with every fault of both files.
    """
    faults: list[str] = []
    entries = dict(_read(path or shipped("providers.toml"), faults))
    if overlay is not None:
        entries.update(_read(overlay, faults, required=False))
    if faults:
        raise ProviderFileError(tuple(faults))
    kinds = {entry: kind for entry, kind in entries.items() if "/" not in entry}
    pages: dict[str, tuple[str, ...]] = {}
    for domain, slash, path_start in (entry.partition("/") for entry in entries if "/" in entry):
        if entries[domain + slash + path_start] == REDIRECT:
            pages[domain] = (*pages.get(domain, ()), slash + path_start)
    return ProviderTable(MappingProxyType(kinds), MappingProxyType(pages), services)


def _read(path: Path, faults: list[str], *, required: bool = True) -> Iterator[tuple[str, str]]:
    """Each entry with its kind. A missing file adds a fault if it is `required`."""
    if not required and not os.path.lexists(path):
        return
    seen: dict[str, str] = {}
    for kind, table in (table_of(path, faults) or {}).items():
        for place, domain in _domains(path, kind, table, faults):
            if seen.setdefault(domain, kind) != kind:
                faults.append(f"{path}: {place}: {domain} is listed under {seen[domain]} too")
            yield domain, kind


def _domains(path: Path, kind: str, table: object, faults: list[str]) -> Iterator[tuple[str, str]]:
    """Each domain of a kind with its place in the file. A kind is a table of named arrays."""
    known = (*KINDS, NOT_SHARED)
    if kind not in known:
        meant = did_you_mean(kind, known) or f" {', '.join(known)}"
        faults.append(f"{path}: {dotted((kind,))}: is not one of the tables{meant}")
        return
    if not isinstance(table, dict):
        faults.append(f"{path}: {kind}: must be a table of lists")
        return
    for group, values in table.items():
        place = dotted((kind, group))
        if not isinstance(values, list):
            faults.append(f"{path}: {place}: must be a list of domains")
            continue
        for value in values:
            if isinstance(value, str) and _is_entry(value, kind):
                yield place, value
            else:
                faults.append(f"{path}: {place}: {value!r} is not a domain name in ASCII lower case")


def _is_entry(value: str, kind: str) -> bool:
    """True for a domain in ASCII lower case, which may have a path in the tables `redirect` and `none`."""
    domain, slash, _ = value.removeprefix("_").partition("/")
    return to_ascii(domain) == domain and (not slash or kind in (REDIRECT, NOT_SHARED))
