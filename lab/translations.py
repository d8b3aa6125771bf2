"""Is each chapter of docs/ja/ a translation of what the English page says today?

    python -m lab.translations           what must be looked at again
    python -m lab.translations --seen    all of it was looked at

Below each heading of a Japanese page stands a digest of the English chapter from which it was translated, as
`<!-- en: 0123abcd -->`. Code blocks are the same in both languages.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = tuple(sorted((ROOT / "docs/ja").glob("*.md")))
_MARK = re.compile(r"<!-- en: ([0-9a-f]{8}) -->\n")
_PARTS = re.compile(r"(?ms)^ *```.*?^ *```$|^(#+) ([^\n]+)$")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading, and what stands below it until the next one."""

    level: int
    title: str
    body: str

    @property
    def digest(self) -> str:
        """Changes with every word of the chapter, and not with how its lines are broken."""
        words = " ".join(f"{self.title} {self.body}".split())
        return hashlib.sha256(words.encode("utf-8")).hexdigest()[:8]

    @property
    def mark(self) -> str:
        """The digest of the English chapter that this one was translated from; empty if none stands there."""
        found = _MARK.search(self.body)
        return found[1] if found else ""

    @property
    def code(self) -> list[str]:
        """Its code blocks."""
        return re.findall(r"(?ms)^ *```.*?^ *```$", self.body)


def chapters(text: str) -> list[Chapter]:
    """The page by its headings; what looks like one inside a code block is none."""
    heads = [found for found in _PARTS.finditer(text) if found[1]]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return [
        Chapter(len(head[1]), head[2], text[head.end() : end]) for head, end in zip(heads, ends, strict=True)
    ]


def english(page: Path) -> Path:
    """The page that a Japanese page is a translation of."""
    return page.parent.parent / page.name


def pairs(page: Path) -> list[tuple[Chapter, Chapter]]:
    """The chapters of the English page, each with its translation. Raises ValueError if one page has more."""
    texts = (each.read_text("utf-8") for each in (english(page), page))
    return list(zip(*map(chapters, texts), strict=True))


def outdated(page: Path) -> Iterator[str]:
    """The titles of the English chapters that changed after they were translated."""
    for original, translation in pairs(page):
        if translation.mark != original.digest:
            yield original.title


def stamp(page: Path) -> None:
    """Write into the Japanese page that all of it is a translation of what the English page says now."""
    found = pairs(page)
    text = "\n".join(
        f"{'#' * here.level} {here.title}\n<!-- en: {there.digest} -->\n"
        + _MARK.sub("", here.body).removeprefix("\n")
        for there, here in found
    )
    page.write_text(re.sub(r"\n{3,}", "\n\n", text), "utf-8")


def main() -> int:
    """The command."""
    if sys.argv[1:] == ["--seen"]:
        for page in PAGES:
            stamp(page)
    left = [f"{page.relative_to(ROOT)}: {title}" for page in PAGES for title in outdated(page)]
    print("\n".join(left))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
