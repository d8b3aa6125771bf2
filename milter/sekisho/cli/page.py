"""Prints the page of one judgement on a terminal. The words come from `explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from sekisho.checks.table import CONTRADICTING
from sekisho.cli.folding import lines
from sekisho.cli.output import Screen
from sekisho.explain import Bilingual, Explanation, Line, Section, SectionRow, explanation_of
from sekisho.explain.sections import SectionKind

COLOURS = {
    "accept": "green",
    "tag": "yellow",
    "quarantine": "red",
    "reject": "bold red",
    "tempfail": "magenta",
}
MIN_LABEL_COLUMNS = 24  # of the left side
MIN_TEXT_COLUMNS = 30  # of the right side
GAP_COLUMNS = 2
ONE_LINE_SECTIONS = frozenset({SectionKind.CLAIM, SectionKind.PROOF})  # both languages stand on one line


Facts = Sequence[tuple[Bilingual, Bilingual]]


def show(console: Screen, document: Mapping[str, Any], language: str = "both", facts: Facts = ()) -> None:
    """Print the page of a judgement's document in `en`, `ja` or `both` languages, with `facts` (label and text) below
    its name."""
    Printer(console, language).page(explanation_of(document, CONTRADICTING), facts)


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints to a console in `en`, `ja` or `both` languages."""

    console: Screen
    language: str = "both"

    def page(self, page: Explanation, facts: Facts = ()) -> None:
        """Print the whole page."""
        self.console.print(Text(page.name, style="bold"), soft_wrap=True)
        width = max((cell_len(self._one(label)) for label, _ in facts), default=0) + GAP_COLUMNS
        for label, text in facts:
            line = Text(set_cell_size(self._one(label), width), "dim") + Text(self._one(text), "")
            line.rstrip()
            self.console.print(line, soft_wrap=True)
        if facts:
            self.console.print()
        verdict = page.verdict.upper()
        for number, part in enumerate(self._folded(f"{verdict}  {self._one(page.decided)}")):
            shown = Text(part)
            if number == 0:
                shown.stylize(COLOURS[page.verdict], 0, len(verdict))
            self.console.print(shown, soft_wrap=True)
        for each in page.sections:
            self._section(each)
        if page.closing is not None:
            self.console.print()
            for part in self._folded(" ".join(self._said(page.closing))):
                self.console.print(Text(part), soft_wrap=True)

    def _section(self, section: Section) -> None:
        self.console.print()
        self.console.print(Text("  ".join(self._said(section.title)), style="bold"))
        joint = " / " if section.kind in ONE_LINE_SECTIONS else "\n"
        self._rows([row for row in section.rows if not row.minor], joint)
        for row in section.rows:
            if row.minor:
                self._rows([row], joint)

    def _rows(self, rows: Sequence[SectionRow], joint: str) -> None:
        """Print two columns. On a screen a long text on the right is folded, and the id of a finding is not; in a file
        no line is folded. `joint` stands between the languages of a sentence."""
        cells = [
            (Text("  ") + self._label(row), "\n".join(self._line(each, joint) for each in row.lines))
            for row in rows
        ]
        widest = max([MIN_LABEL_COLUMNS, *(label.cell_len for label, _ in cells)])
        if self.console.folds:
            widest = min(widest, max(MIN_LABEL_COLUMNS, self.console.width - MIN_TEXT_COLUMNS - GAP_COLUMNS))
        for label, text in cells:
            for left, right in zip_longest(
                self._left(label, widest), self._folded(text, widest + GAP_COLUMNS)
            ):
                line = Text(" " * (widest + GAP_COLUMNS)) if left is None else left.copy()
                line.append(" " * (widest + GAP_COLUMNS - line.cell_len))
                line.append(right or "")
                line.rstrip()
                self.console.print(line, soft_wrap=True)

    def _left(self, label: Text, width: int) -> Sequence[Text]:
        return list(label.wrap(self.console, width, overflow="fold")) if self.console.folds else [label]

    def _folded(self, text: str, left: int = 0) -> list[str]:
        """The lines of a text that has so many columns less than the screen; in a file they stay as they are."""
        paragraphs = text.split("\n")
        if not self.console.folds:
            return paragraphs
        return [line for each in paragraphs for line in lines(each, self.console.width - left)]

    def _label(self, row: SectionRow) -> Text:
        label = self._one(row.label)
        if row.verdict is not None:
            return Text.assemble((row.verdict, COLOURS[row.verdict]), f" {row.points:g}")
        if row.points is not None:
            return Text.assemble((f"{row.points:+5g}  ", ""), (label, "cyan"))
        return Text(label, "dim" if row.minor else "")

    def _line(self, line: Line, joint: str) -> str:
        if line.text:
            return f"{' / '.join(self._said(line.words))}: {line.text}"
        return joint.join(self._said(line.words))

    def _said(self, words: Bilingual) -> list[str]:
        """The words in each language of the page, without empty ones and repetitions."""
        chosen = words if self.language == "both" else (self._one(words),)
        return [each for each in dict.fromkeys(chosen) if each]

    def _one(self, words: Bilingual) -> str:
        """A label or a line of numbers in one language: Japanese if the page is in Japanese only, else English."""
        return words.ja if self.language == "ja" else words.en
