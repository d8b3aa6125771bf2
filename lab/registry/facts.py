"""What is known of each brand's domains: the files of facts, graded by what proves (see `sekisho.brands.model`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.registry.decisions import Decisions, Entry
from sekisho.brands.lint import MIN_SOURCES, SHARED_KINDS
from sekisho.brands.names import MAX_SHORT_LATIN
from sekisho.brands.sources import SourceTable
from sekisho.brands.sources import load as load_sources
from sekisho.domains import registrable
from sekisho.providers import load as load_providers

MAX_SOURCES = 2  # that are written of one domain
FROM_FILE = "registry file: "  # before a source that the brand file itself cited
EXACT = "exact"
NAMESAKE = "(name only)"  # behind a name that is the brand's, of an owner who may be another

_ADDRESS = re.compile(r"^https?://")
_PAGE = re.compile(r"^[a-z0-9.-]+\.[a-z]{2,}(/\S*)?$")
_DETAIL = re.compile(r' \(".*"\)$')


@dataclass(frozen=True, slots=True)
class Graded:
    """What a brand file says of one domain. `shared` is the kind of provider whose customers use it, too."""

    confidence: str
    use: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    owner_page: bool = False
    names_owner: bool = False
    shared: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """The domains of each brand, and what was decided. `listed` are the brands of `domain_facts.yaml` by country."""

    domains: Mapping[str, Mapping[str, Graded]]
    decided: Decisions
    listed: Mapping[str, str] = field(default_factory=dict)
    graded_high: frozenset[str] = frozenset()


class Grader:
    """Makes entries of rows of the facts."""

    def __init__(self, decided: Decisions) -> None:
        self._short = sorted(decided.short.items(), key=lambda each: -len(each[0]))
        self._table: SourceTable = load_sources()
        self._kind = load_providers().kind
        self._also_shared = frozenset(decided.shared)

    def grade(self, row: Mapping[str, Any], own: Iterable[str]) -> Graded:
        """The entry of a row. `own` are the registrable domains of the brand, whose pages are the owner's."""
        cited = [(self.name(each), each) for each in map(_source, row.get("sources", ()))]
        exact = [name for name, each in cited if each.get("level", EXACT) == EXACT]
        names = tuple(dict.fromkeys(name for name, _ in cited))
        use, shared = tuple(row.get("seen_as", ())), self._shared(row)
        if row["confidence"] == "low" or not names:
            return Graded("low", use, shared=shared)
        page = row["confidence"] == "high" and any(self._owners(name, own) for name in names)
        high = row["confidence"] == "high" and (page or self._supports_high(names))
        named = not high and self._table.name_owner(exact)
        return Graded("high" if high else "medium", use, self._chosen(names, own), page, named, shared)

    def entry(self, decided: Entry) -> Graded:
        """The entry that a person decided on."""
        named = decided.confidence == "medium" and self._table.name_owner(decided.sources)
        return Graded(decided.confidence, decided.use, decided.sources, names_owner=named)

    def name(self, source: Mapping[str, Any]) -> str:
        """The short name of a list, or host and path of a page."""
        said = f"{source['source']} {source.get('says', '')}"
        for begin, short in self._short:
            if re.match(begin, said):
                return short
        return _ADDRESS.sub("", str(source["source"]).removeprefix(FROM_FILE)).partition(" (")[0][:120]

    def _supports_high(self, names: tuple[str, ...]) -> bool:
        return self._table.independent(names) >= MIN_SOURCES and self._table.name_owner(names)

    def _owners(self, name: str, own: Iterable[str]) -> bool:
        """True for a page on a domain of the brand, and for the record of its own top-level domain."""
        if name == "IANA":
            return True
        host = name.partition("/")[0]
        return bool(_PAGE.match(host)) and registrable(host) in set(own)

    def _chosen(self, names: tuple[str, ...], own: Iterable[str]) -> tuple[str, ...]:
        """At most `MAX_SOURCES`: pages of the owner, then those that name an owner; one of each family."""
        ranked = sorted(
            names, key=lambda each: (not self._owners(each, own), not self._table.name_owner([each]))
        )
        one_each = {self._table.family(each): each for each in reversed(ranked)}
        return tuple([each for each in ranked if each in one_each.values()][:MAX_SOURCES])

    def _shared(self, row: Mapping[str, Any]) -> str:
        domain = row["domain"]
        kind = self._kind(domain)
        if kind in SHARED_KINDS:
            return kind or ""
        return row.get("shared") or ("platform" if domain in self._also_shared else "")


def _source(source: Any) -> Mapping[str, Any]:
    """A source as a mapping; `missing_brands.yaml` has texts with the name in brackets behind."""
    return source if isinstance(source, Mapping) else {"source": _DETAIL.sub("", source)}


def load(folder: Path, decided: Decisions) -> Facts:
    """The facts of a folder. Raises OSError for a file that cannot be read, KeyError for a row that lacks a key."""
    graded, known = Grader(decided), _read(folder / "domain_facts.yaml")
    domains: dict[str, dict[str, Graded]] = {}
    claimed = _claimed(known)
    for brand, facts in known.items():
        domains[brand] = dict(_of_brand(brand, facts, graded, decided, claimed))
    for brand, domain, row in _missing(_read(folder / "missing_brands.yaml"), decided):
        domains.setdefault(brand, {})[domain] = graded.grade(row, ())
    _add_senders(domains, _read(folder / "senders.yaml"), known, graded, decided)
    for brand, entries in decided.entry.items():
        domains.setdefault(brand, {}).update({name: graded.entry(each) for name, each in entries.items()})
    countries = {brand: str(facts.get("country")) for brand, facts in known.items()}
    high = frozenset(
        b for b, each in known.items() if any(row["confidence"] == "high" for row in each["domains"])
    )
    return Facts(domains, decided, countries, high)


def _says(source: Mapping[str, Any]) -> str:
    return str(source.get("says", ""))


def _read(file: Path) -> Any:
    return yaml.load(file.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _of_brand(
    brand: str,
    facts: Mapping[str, Any],
    graded: Grader,
    decided: Decisions,
    claimed: Mapping[str, str],
) -> Iterator[tuple[str, Graded]]:
    """The listed domains of a brand, and the candidates that are taken."""
    dropped = {
        *decided.drop.get(brand, ()),
        *(each for each, ids in decided.platform.items() if brand in ids),
    }
    own = _registrable(row["domain"] for row in facts["domains"] if row["domain"] not in dropped)
    for row in facts["domains"]:
        if row["domain"] not in dropped:
            yield row["domain"], graded.grade(row, own)
    wanted = {*decided.candidate.get(brand, ())}
    words = _words(facts["domains"])
    for row in facts["candidates"]:
        domain = row["domain"]
        own_word = claimed[domain] == brand and not row.get("shared") and _own_word(row, words)
        if domain not in dropped and (domain in wanted or own_word):
            entry = graded.grade({**row, "seen_as": row.get("role", ())}, own | _registrable([domain]))
            if entry.confidence == "high" or entry.names_owner:
                yield domain, entry


def _claimed(known: Mapping[str, Any]) -> dict[str, str]:
    """The brand that each candidate may be taken for. A domain that several brands of one owner claim, or that one of
    them has, is taken once: for the brand after which it is called."""
    claims: dict[str, list[str]] = {}
    for brand, facts in known.items():
        for row in facts["candidates"]:
            claims.setdefault(row["domain"], []).append(brand)
    listed = {row["domain"] for facts in known.values() for row in facts["domains"]}
    first = {
        domain: min(ids, key=lambda each: (each.partition("-")[0] not in domain, each))
        for domain, ids in claims.items()
    }
    return {domain: "" if domain in listed else brand for domain, brand in first.items()}


def _words(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The first labels of the brand's domains. A domain that bears one would be called an imitation of the brand."""
    labels = (row["domain"].partition(".")[0].replace("-", "") for row in rows if row["confidence"] != "low")
    return frozenset(labels)


def _own_word(row: Mapping[str, Any], words: frozenset[str]) -> bool:
    """True if the first label of a candidate is one of the words, or, where two sources say so, holds a long one. That
    only its name is the brand's does not count: a namesake's is, too."""
    if registrable(row["domain"]) != row["domain"] or all(NAMESAKE in _says(each) for each in row["sources"]):
        return False
    label = row["domain"].partition(".")[0].replace("-", "")
    long = row["confidence"] == "high" and any(
        len(each) > MAX_SHORT_LATIN and each in label for each in words
    )
    return long or label in words


def _registrable(domains: Iterable[str]) -> set[str]:
    return {registrable(each) or each for each in domains}


def _missing(rows: Mapping[str, Any], decided: Decisions) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Brand, domain and row of every domain of a brand that is added."""
    by_name = {row["name"]: row["domains"] for listed in rows.values() for row in listed}
    for brand, new in decided.brand.items():
        for row in by_name[new.row] if new.row else ():
            if new.domains is None or row["domain"] in new.domains:
                yield brand, row["domain"], {"seen_as": ("web",), **row}


def _add_senders(
    domains: dict[str, dict[str, Graded]],
    senders: Iterable[Mapping[str, Any]],
    known: Mapping[str, Any],
    graded: Grader,
    decided: Decisions,
) -> None:
    """Author domains that a person gave to a brand. The grade is that of the candidate if there is one; otherwise the
    sources of the rows are one family."""
    sources: dict[str, list[dict[str, str]]] = {}
    for row in senders:
        for domain in row["domains"]:
            listed = row["source"] if isinstance(row["source"], list) else [row["source"]]
            sources.setdefault(domain, []).extend({"source": str(each)} for each in listed)
    for domain, brand in decided.sender.items():
        candidates = known.get(brand, {"candidates": ()})["candidates"]
        rows = [row for row in candidates if row["domain"] == domain]
        row = (
            rows[0]
            if rows
            else {"domain": domain, "confidence": "medium", "sources": sources.get(domain, [])}
        )
        own = _registrable(domains.get(brand, {})) | _registrable([domain])
        use = ("mail", *(each for each in row.get("role", ()) if each == "web"))
        domains.setdefault(brand, {})[domain] = graded.grade({**row, "seen_as": use}, own)
