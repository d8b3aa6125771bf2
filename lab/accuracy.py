"""Measures the tables of `docs/accuracy.md`.

    make accuracy CORPUS=folder                      # the collections of lab/accuracy.toml
    python -m lab.accuracy collections.toml [folder]

The file says where labelled mail is, below the folder (without it: below the file's own), and how the document may
describe it. Real mail is private, so the document names no files and no folders. The mail is judged and counted as
`sekisho evaluate` does, with the shipped state.

    [[collection]]
    title = "Japanese phishing of our own traps, 2020 to 2023"
    folder = "/srv/mail/traps/ja"

    [kinds]                            # texts for the `kind` of a sidecar; other kinds are left out
    "impostor:own" = "from the impostor's own, authenticated domain"
"""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sekisho import __version__
from sekisho.basis import SHIPPED, Basis
from sekisho.case_runner import CaseRunner
from sekisho.cli.evaluate import judged, tables
from sekisho.cli.tables import Sheet, cells, markdown
from sekisho.evaluation import Omissions, measure

DOCUMENT = Path(__file__).parents[1] / "docs" / "accuracy.md"
BEGIN, END = "<!-- tables: begin (make accuracy) -->\n", "<!-- tables: end -->\n"
SHOWN_BRANDS = 25
ALL_ROWS = 1_000_000  # a limit that no run reaches
VARIANTS = {
    "As it came": Omissions(),
    "Without client and authentication": Omissions(without=frozenset({"client", "auth"})),
    "With the brand registry emptied": Omissions(brands=frozenset({"all"})),
}
Rows = list[measure.Row]


@dataclass(frozen=True, slots=True)
class Collections:
    """The folder of each collection by its title, and the texts for the kinds."""

    folders: Mapping[str, Path]
    kinds: Mapping[str, str]

    @classmethod
    def read(cls, file: Path, folder: Path | None = None) -> Collections:
        """The collections of a file, below `folder` or below the file's own folder."""
        content = tomllib.loads(file.read_text("utf-8"))
        base = folder or file.parent
        return cls(
            {each["title"]: base / each["folder"] for each in content["collection"]}, content.get("kinds", {})
        )


def measured(collections: Collections, omissions: Omissions) -> Rows:
    """A row for each mail, with the collection's title instead of its folder."""
    runner = CaseRunner.of(Basis.shipped(), without=omissions.brands)
    return [
        {**row, "folder": title, "kind": collections.kinds.get(row.get("kind") or "")}
        for title, folder in collections.folders.items()
        for row in judged(runner, folder, omissions.without)
    ]


def sheets(rows: Mapping[str, Rows], titles: Sequence[str]) -> Iterator[Sheet]:
    """The tables of the document, in order."""
    for variant, some in rows.items():
        yield _by(variant, "folder", some, titles)
    usual = rows[next(iter(VARIANTS))]
    yield from _expected(usual, titles)
    yield _by("By kind, as it came", "kind", usual)
    yield _by("By language, as it came", "lang", usual)
    brands = tables.confusion(
        "By brand, as it came", measure.grouped(usual, "brand"), top=SHOWN_BRANDS, largest=True
    )
    yield replace(brands, title=f"By brand, as it came: the {SHOWN_BRANDS} most frequent", note="")
    yield replace(
        tables.score_sheet(measure.scores(usual, SHIPPED.policy.reject)), title="Scores, as it came"
    )
    title = "By finding, as it came: how often it is made, and how many mails reach each action only because of it"
    yield replace(tables.finding_sheet(measure.findings(usual), ALL_ROWS), title=title)
    title = (
        "Without a family of findings, as it came: how many mails reach each action only because of all of it"
    )
    yield replace(tables.family_sheet(measure.families(usual)), title=title)
    yield useless(measure.findings(usual))


def _expected(rows: Rows, titles: Sequence[str]) -> Iterator[Sheet]:
    """Right and wrong by what the cases expect, if any case does."""
    expected = measure.expected(rows)
    if expected["total"]:
        groups = [*titles, *measure.grouped(rows, "kind")]
        title = "By what the cases expect, as it came"
        yield replace(tables.expected_sheet(expected, groups, ALL_ROWS), title=title)


def _by(title: str, key: str, rows: Rows, order: Sequence[str] = ()) -> Sheet:
    groups = measure.grouped(rows, key)
    return tables.confusion(title, {name: groups[name] for name in order or groups if name in groups})


def useless(findings: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Sheet:
    """The findings that are made on genuine mail at least as often as on fakes, by their shares."""
    noisy = [name for name, each in findings.items() if each["ham"]["found"] > each["phish"]["found"]]
    rows = [
        cells(
            name, findings[name]["points"], findings[name]["phish"]["found"], findings[name]["ham"]["found"]
        )
        for name in sorted(noisy, key=lambda name: -findings[name]["ham"]["found"])
    ]
    return Sheet(
        "Findings that genuine mail shows more often than fakes",
        ("finding", "points", "in phish", "in ham"),
        tuple(rows),
    )


def state() -> str:
    """Which version was measured, and when."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=DOCUMENT.parent,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return f"Measured {time.strftime('%Y-%m-%d', time.gmtime())} with sekisho {__version__} ({commit or 'no commit'})."


def put(document: Path, marks: tuple[str, str], text: str) -> None:
    """Write a text between two marks of a document; the rest of the document stays."""
    begin, end = marks
    before, _, rest = document.read_text("utf-8").partition(begin)
    after = rest.partition(end)[2]
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def main(collections: Collections, document: Path = DOCUMENT) -> None:
    """Measure every collection in every variant and put the tables into the document. Raises SystemExit, and changes
    nothing, if a collection has no mail."""
    rows = {name: measured(collections, omissions) for name, omissions in VARIANTS.items()}
    if empty := [
        title
        for title in collections.folders
        if not any(row["folder"] == title for row in rows["As it came"])
    ]:
        raise SystemExit(f"no mail: {', '.join(empty)}")
    text = "\n".join(markdown(each) for each in sheets(rows, list(collections.folders)))
    put(document, (BEGIN, END), f"{state()}\n\n{text}")
    print(f"{document}: {len(rows['As it came'])} mails, {len(rows)} times")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit(__doc__)
    main(Collections.read(*map(Path, sys.argv[1:])))
