"""Finds what is wrong or risky in brand files that can be loaded. Pure functions over brands; one flaw for each fault.

A flaw does not stop the program. `sekisho brands lint` prints the flaws, and a test refuses them in the shipped brands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sekisho.brands.model import Brand
from sekisho.brands.sources import SourceTable
from sekisho.brands.sources import load as load_sources
from sekisho.domains import is_public_suffix, registrable
from sekisho.known import ON_BEHALF
from sekisho.text import bidi, combining, invisibles, is_kanji, skeleton

MIN_SAFE_LETTERS = 3  # of a Latin or kana name; a shorter one is likely to be a word or a person's initials
MIN_SOURCES = 2  # independent ones, that make a domain high without a page of its owner
SHARED_KINDS = frozenset(
    {"mailbox", "alias", "carrier", "esp", ON_BEHALF, "cloud"}
)  # kinds of provider whose customers send mail

OF_A_DOMAIN = frozenset({"mailbox"})  # flags that a whole brand cannot have
OF_A_BRAND = frozenset({"mall", "built_in", "self_hosted"})  # flags that a domain cannot have


@dataclass(frozen=True, slots=True)
class BrandFlaw:
    """Something to correct in a brand's file. `code` never changes; `value` is the entry."""

    brand: str
    code: str
    value: str
    reason: str


def lint(
    brands: Iterable[Brand],
    shared: Callable[[str], str | None] = lambda domain: None,
    known: SourceTable | None = None,
) -> tuple[BrandFlaw, ...]:
    """Every flaw of every brand, in order. `shared` gives the kind of provider that a domain belongs to
    (`ports.Providers.kind`), or None for a domain of one organisation. `known` are the sources of domains; None: the
    shipped table. Raises BrandFileError if that cannot be read."""
    listed = tuple(brands)
    known = load_sources() if known is None else known
    flaws = [flaw for brand in listed for check in _CHECKS for flaw in check(brand)]
    flaws += [flaw for brand in listed for flaw in _unproven(brand, known)]
    flaws += [flaw for brand in listed for flaw in _shared(brand, shared)]
    return tuple(flaws + list(_colliding_names(listed)) + list(_colliding_domains(listed)))


def _invisible(brand: Brand) -> Iterator[BrandFlaw]:
    for text in (*brand.spellings, *brand.companions, *brand.lures):
        if invisibles(text) or bidi(text) or combining(text):
            yield BrandFlaw(brand.id, "invisible", text, "holds characters that cannot be seen")


def _short(brand: Brand) -> Iterator[BrandFlaw]:
    careful = set(map(skeleton, brand.ordinary + brand.needs_companion))
    for text in brand.spellings:
        key = skeleton(text)
        if len(key) < 2:
            yield BrandFlaw(brand.id, "never-matches", text, "leaves less than two letters to compare")
        elif len(key) < MIN_SAFE_LETTERS and not any(map(is_kanji, key)) and key not in careful:
            yield BrandFlaw(brand.id, "short", text, "is short: list it in `ordinary` or `needs_companion`")


def _companions(brand: Brand) -> Iterator[BrandFlaw]:
    if brand.needs_companion and not brand.companions:
        yield BrandFlaw(
            brand.id, "no-companions", brand.needs_companion[0], "needs a companion and there is none"
        )
    both = set(map(skeleton, brand.ordinary)) & set(map(skeleton, brand.needs_companion))
    for text in brand.ordinary:
        if skeleton(text) in both:
            yield BrandFlaw(brand.id, "listed-twice", text, "stands in `ordinary` and in `needs_companion`")


def _unsourced_policies(brand: Brand) -> Iterator[BrandFlaw]:
    if not brand.sources and any(policy.source is None for policy in brand.policies):
        yield BrandFlaw(brand.id, "no-sources", "", "names no source for its policies")


def _suffixes(brand: Brand) -> Iterator[BrandFlaw]:
    for domain in (*brand.domains, *brand.unrelated):
        if is_public_suffix(domain) or registrable(domain) is None:
            yield BrandFlaw(
                brand.id, "public-suffix", domain, "is a public suffix: anybody can register below it"
            )
    for domain in brand.unrelated:
        if domain in brand.domains:
            yield BrandFlaw(
                brand.id, "unrelated-own", domain, "is listed as the brand's own and as unrelated"
            )


def _verify(brand: Brand) -> Iterator[BrandFlaw]:
    if brand.verify is None:
        yield BrandFlaw(brand.id, "no-verify", "", "does not say where a recipient can verify its mail")


def _misplaced_flags(brand: Brand) -> Iterator[BrandFlaw]:
    for flag in OF_A_DOMAIN.intersection(brand.flags):
        yield BrandFlaw(brand.id, "misplaced-flag", flag, "is a flag of a domain, not of a brand")
    for domain, entry in brand.domains.items():
        for flag in OF_A_BRAND.intersection(entry.flags):
            yield BrandFlaw(
                brand.id, "misplaced-flag", domain, f"has {flag}, which is a flag of a whole brand"
            )


_CHECKS = (_invisible, _short, _companions, _unsourced_policies, _suffixes, _verify, _misplaced_flags)


def _unproven(brand: Brand, known: SourceTable) -> Iterator[BrandFlaw]:
    """A confidence that the sources of the entry do not support (see `model`)."""
    for domain, entry in brand.domains.items():
        if entry.confidence == "low":
            continue
        if not entry.sources:
            reason = f"has {entry.confidence} confidence without a source"
            yield BrandFlaw(brand.id, "no-source", domain, reason)
        elif entry.owner_page:
            if entry.confidence == "medium":
                reason = "is on a page of its owner: say high"
                yield BrandFlaw(brand.id, "owner-page", domain, reason)
        elif entry.confidence == "high" and known.independent(entry.sources) < MIN_SOURCES:
            reason = "is high by one source: name a second, independent one, or `owner_page = true`"
            yield BrandFlaw(brand.id, "one-source", domain, reason)
        elif (entry.names_owner or entry.proves) and not known.name_owner(entry.sources):
            yield BrandFlaw(brand.id, "nameless", domain, "has no source that names its owner")


def _shared(brand: Brand, kind: Callable[[str], str | None]) -> Iterator[BrandFlaw]:
    """A domain that many organisations share cannot prove a brand."""
    for domain, entry in brand.domains.items():
        if entry.proves and registrable(domain) == domain and (found := kind(domain)) in SHARED_KINDS:
            yield BrandFlaw(
                brand.id, "shared-domain", domain, f"belongs to many ({found}) and would prove the brand"
            )


def _colliding_names(brands: tuple[Brand, ...]) -> Iterator[BrandFlaw]:
    """One name of two organisations: neither a recipient nor a check can tell them apart."""
    holders: dict[str, Brand] = {}
    for brand in brands:
        careful = set(map(skeleton, brand.needs_companion))
        for text in brand.spellings:
            key = skeleton(text)
            other = holders.setdefault(key, brand) if key not in careful else brand
            if other.group != brand.group:
                yield BrandFlaw(brand.id, "name-collision", text, f"is a name of {other.id} too")


def _colliding_domains(brands: tuple[Brand, ...]) -> Iterator[BrandFlaw]:
    holders: dict[str, Brand] = {}
    for brand in brands:
        for domain in brand.domains:
            other = holders.setdefault(domain, brand)
            if other.group != brand.group:
                yield BrandFlaw(brand.id, "domain-collision", domain, f"is a domain of {other.id} too")
