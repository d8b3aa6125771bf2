"""Marks domains of the brand registry as `strict`, from a file of facts.

    python -m lab.strict_domains FACTS.yaml [FOLDER]

FACTS maps a brand to `domains: [{domain, sources: [{source}]}]`. A domain is strict if one of its sources is a list of
domains all of whose mail is authenticated (`dmarc_whitelist`). A second run changes nothing. It prints what it marked,
and what the registry lacks.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

SOURCE = "dmarc_whitelist"
FOLDER = Path(__file__).resolve().parent.parent / "config" / "brands"


def strict_domains(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Brand and domain of every domain that has this source."""
    for brand, known in facts.items():
        for each in known.get("domains", ()):
            if any(SOURCE in source["source"] for source in each.get("sources", ())):
                yield brand, each["domain"]


def mark(text: str, domain: str) -> str | None:
    """The text of the brand file with the domain marked; None if the file does not list the domain."""
    entry = re.compile(rf'^("{re.escape(domain)}" = \{{)(.*?)( \}})$', re.MULTILINE)
    found = entry.search(text)
    if found is None:
        return None
    if "strict = true" in found[2]:
        return text
    return f"{text[: found.end(2)]}, strict = true{text[found.end(2) :]}"


def run(facts: Mapping[str, Any], folder: Path) -> Counter[str]:
    """Mark every strict domain in the files of `folder`. Returns how many were marked, how many were marked before, and
    how many have no brand file or no entry."""
    counts: Counter[str] = Counter()
    for brand, domain in strict_domains(facts):
        path = folder / f"{brand}.toml"
        before = path.read_text("utf-8") if path.exists() else None
        after = None if before is None else mark(before, domain)
        if before is None or after is None:
            counts["no brand" if before is None else "no entry"] += 1
            print(f"{brand}: {domain}: {'no such brand' if before is None else 'not listed'}")
        elif after == before:
            counts["already"] += 1
        else:
            path.write_text(after, "utf-8")
            counts["marked"] += 1
    return counts


if __name__ == "__main__":
    loaded = yaml.safe_load(Path(sys.argv[1]).read_text("utf-8"))
    print(dict(run(loaded, Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER)))
