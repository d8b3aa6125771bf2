"""How much the brand files know, counted against the facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lab.registry.facts import Facts
from sekisho import brands
from sekisho.brands import Brand


def lines(known: Facts, folder: Path) -> Iterator[str]:
    """Lines of text with the numbers of brands and domains."""
    every = brands.load(folder)
    listed = [brand for brand in every if brand.id in known.listed]
    japanese = [brand for brand in listed if known.listed[brand.id] == "JP"]
    given = known.graded_high.intersection(brand.id for brand in japanese)
    yield f"brands with a high domain: {_with_high(listed)} of {len(listed)}"
    yield f"  Japanese: {_with_high(japanese)} of {len(japanese)}; the facts give one for {len(given)}"
    for name in sorted(given - {brand.id for brand in japanese if _high(brand)}):
        yield f"    not {name}"
    yield f"brands with a domain that proves: {sum(map(_proves, listed))} of {len(listed)}"
    yield f"brands in all: {len(every)}, added: {len(every) - len(listed)}"
    entries = [entry for brand in every for entry in brand.domains.values()]
    for grade in ("high", "medium", "low"):
        of_grade = [entry for entry in entries if entry.confidence == grade]
        proving, sourced = sum(e.proves for e in of_grade), sum(bool(e.sources) for e in of_grade)
        yield f"domains {grade}: {len(of_grade)}, of which {proving} prove, {sourced} with sources"


def _high(brand: Brand) -> bool:
    return any(entry.confidence == "high" for entry in brand.domains.values())


def _with_high(listed: list[Brand]) -> int:
    return sum(map(_high, listed))


def _proves(brand: Brand) -> bool:
    return any(entry.proves for entry in brand.domains.values())
