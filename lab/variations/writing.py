"""Writes cases into folders. A coin, which depends on the name alone, says in which half a case is."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lab.variations.delivery import delivered
from lab.variations.description import Case

SEED = "variations 1"
SAID = ("label", "kind", "expect", "at_most", "why", "intended")


def half(name: str) -> str:
    """`look` or `blind`."""
    return ("look", "blind")[hashlib.sha256(f"{SEED}/{name}".encode()).digest()[0] & 1]


def write(cases: Iterable[Case], out: Path) -> Counter[str]:
    """Write NAME.eml and NAME.json of each case to OUT/HALF/LABEL. The number of cases of each folder."""
    written: Counter[str] = Counter()
    for case in cases:
        folder = out / half(case.name) / case.label
        folder.mkdir(parents=True, exist_ok=True)
        raw, facts = delivered(case)
        said = {key: getattr(case, key) for key in SAID if getattr(case, key)}
        (folder / f"{case.name}.eml").write_bytes(raw)
        text = json.dumps({**said, **facts}, ensure_ascii=False, indent=1)
        (folder / f"{case.name}.json").write_text(text + "\n", encoding="utf-8")
        written[str(folder)] += 1
    return written
