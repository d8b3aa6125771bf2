"""Works facts into the files of a folder of brands."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.registry import brand_file
from lab.registry.decisions import NewBrand, Spellings
from lab.registry.facts import Facts, Graded
from sekisho.brands.sources import load as load_sources
from sekisho.domains import registrable

MAILBOX_KINDS = ("mailbox", "carrier")  # whose customers write from the domain itself
OLD_NAMES = (
    "公開コードでの使用例",
    "利用者の体験談の記事",
)  # of public code and reports, before sources had short names
ALL_USES = ("mail", "web", "link")
SPELLINGS = tuple(Spellings.model_fields)
LISTS = frozenset({*load_sources().source, *OLD_NAMES})


def run(known: Facts, folder: Path) -> Iterator[str]:
    """Change the files. Gives a line for each file that changed, and one for each brand without a file."""
    verify = _verify_texts(folder)
    for brand, new in known.decided.brand.items():
        path = folder / f"{brand}.toml"
        if not path.exists():
            path.write_text(_new_file(brand, new, verify[new.sector]), "utf-8")
            yield f"{brand}: added"
    decided = known.decided
    places = (*known.domains, *decided.spelling, *decided.unrelated, *decided.alone, *decided.organisation)
    for brand in sorted({*places, *(each for ids in decided.platform.values() for each in ids)}):
        path = folder / f"{brand}.toml"
        before = path.read_text("utf-8") if path.exists() else None
        if before is None:
            yield f"{brand}: no such brand"
        elif (after := _worked(before, brand, known)) != before:
            path.write_text(after, "utf-8")
            yield f"{brand}: changed"


def _worked(text: str, brand: str, known: Facts) -> str:
    """The text of a brand file with everything that is known and decided."""
    decided = known.decided
    platforms = [each for each, ids in decided.platform.items() if brand in ids]
    for domain in (*decided.drop.get(brand, ()), *platforms):
        text = brand_file.without_domain(text, domain)
    for domain, graded in known.domains.get(brand, {}).items():
        had = brand_file.entries(text).get(domain, {})
        text = brand_file.with_domain(text, domain, merged(domain, had, graded))
    if brand in decided.alone:
        text = brand_file.without_key(text, "organisation")
    if brand in decided.organisation:
        text = brand_file.with_text(text, "organisation", decided.organisation[brand])
    if brand in decided.spelling:
        for key in SPELLINGS:
            text = brand_file.with_list(text, key, getattr(decided.spelling[brand], key))
    text = brand_file.with_list(text, "unrelated", decided.unrelated.get(brand, ()))
    return brand_file.with_list(text, "senders", platforms)


def merged(domain: str, had: Mapping[str, Any], graded: Graded) -> dict[str, Any]:
    """The entry that a file had, with what is known of the domain now. What a person wrote stays: flags, `strict`,
    `confirmed`, uses that were researched, cited pages, and what a page of the owner confirms."""
    pages = [each for each in _cited(had) if each not in LISTS and each not in graded.sources]
    if graded.confidence == "low" and pages:
        return dict(had)
    kept = {key: had[key] for key in ("confirmed", "flags", "strict") if key in had}
    entry: dict[str, Any] = {"confidence": graded.confidence, **kept}
    if graded.owner_page or had.get("owner_page"):
        entry |= {"confidence": "high", "owner_page": True}
    elif graded.names_owner or (pages and graded.confidence == "medium"):
        entry["names_owner"] = True
    if sources := [*graded.sources, *pages]:
        entry["sources"] = sources
    use = _use(had, graded)
    if use != ALL_USES:
        entry["use"] = use
    _mark_shared(domain, entry, graded.shared)
    return entry


def _cited(had: Mapping[str, Any]) -> list[str]:
    return list(had.get("sources", ())) or ([had["source"]] if "source" in had else [])


def _use(had: Mapping[str, Any], graded: Graded) -> tuple[str, ...]:
    """What the domain was seen to be used for, with what was researched before; else what the file says."""
    before = tuple(had.get("use", ALL_USES if had else ()))
    researched = before if had.get("confidence") in ("high", "medium") else ()
    seen = {*graded.use, *researched} if graded.use else {*before}
    return tuple(each for each in ALL_USES if each in seen) or ALL_USES


def _mark_shared(domain: str, entry: dict[str, Any], kind: str) -> None:
    """Mark an entry that others use, too: it proves a customer at most."""
    if not kind or entry["confidence"] == "low" or "mailbox" in entry.get("flags", ()):
        return
    if kind in MAILBOX_KINDS and registrable(domain) == domain:
        entry["flags"] = [*entry.get("flags", ()), "mailbox"]
    else:
        entry["confirmed"] = False


def _verify_texts(folder: Path) -> dict[str, tuple[str, str]]:
    """For each sector the Japanese and the English sentence that most of its brands have."""
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for path in sorted(folder.glob("*.toml")):
        brand = tomllib.loads(path.read_text("utf-8"))
        if "verify" in brand:
            sentences = brand["verify"]["ja"], brand["verify"]["en"]
            counts.setdefault(brand.get("sector", ""), Counter())[sentences] += 1
    return {sector: each.most_common(1)[0][0] for sector, each in counts.items()}


def _new_file(brand: str, new: NewBrand, verify: tuple[str, str]) -> str:
    """A brand file without domains."""
    text = f'id = "{brand}"\nnames = []\n'
    text += f'organisation = "{new.organisation}"\n' if new.organisation else ""
    text += f'sector = "{new.sector}"\n' + (f'country = "{new.country}"\n' if new.country else "")
    text += f'\n[verify]\nja = "{verify[0]}"\nen = "{verify[1]}"\n'
    for key in SPELLINGS:
        text = brand_file.with_list(text, key, getattr(new, key))
    return text
