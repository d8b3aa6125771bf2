"""A table once, to be read in a terminal or in a Markdown document.

In a terminal a table is as wide as it needs to be, up to the screen; in a file or a pipe it is never cut or folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

BLOCKS = " ▏▎▍▌▋▊▉█"
ENDLESS = 100_000  # columns of a file


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, and how a terminal shows it."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A heading, the names of the columns (of two lines where they are long), and rows.

    The first `left` columns are text and begin at the left, the others are numbers.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left: int = 1
    note: str = ""
    bars: frozenset[int] = field(default_factory=frozenset)


def cells(*texts: object, style: str = "") -> tuple[Cell, ...]:
    """A cell for each text, all in one style."""
    return tuple(Cell(str(text), style) for text in texts)


def show(console: Console, sheet: Sheet) -> None:
    """The sheet for a reader, with an empty line before it."""
    if sheet.title:
        console.print()
        console.print(Text(sheet.title, style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for number, column in enumerate(sheet.columns):
        left = number < sheet.left or number in sheet.bars
        table.add_column(
            column,
            justify="left" if left else "right",
            no_wrap=bool(number),
            overflow="fold",
            vertical="bottom",
        )
    for row in sheet.rows:
        table.add_row(*(Text(cell.text, style=cell.style) for cell in row))
    print_whole(console, table)
    if sheet.note:
        console.print(Text(sheet.note, style="dim"), soft_wrap=not console.is_terminal)


def print_whole(console: Console, table: Table) -> None:
    """A table that nobody looks at through a screen is as wide as it needs to be."""
    if not console.is_terminal:
        needed = Measurement.get(console, console.options.update(width=ENDLESS), table).maximum
        console.width = max(needed, console.width)
    console.print(table)


def markdown(sheet: Sheet) -> str:
    """The sheet as a table of a Markdown document, with its heading and note."""
    rule = [
        " --- " if number < sheet.left or number in sheet.bars else " ---: "
        for number, _ in enumerate(sheet.columns)
    ]
    lines = [f"### {_plain(sheet.title)}", ""] if sheet.title else []
    lines += [_line([" ".join(column.split()) for column in sheet.columns]), f"|{'|'.join(rule)}|"]
    lines += [_line([_styled(cell) for cell in row]) for row in sheet.rows]
    return "\n".join(lines + (["", _plain(sheet.note)] if sheet.note else [])) + "\n"


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _styled(cell: Cell) -> str:
    text = _plain(cell.text)
    return f"**{text}**" if "bold" in cell.style and text else text


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is. An underscore within a word, as in the id of a finding, is safe."""
    for sign in "\\|<*`[":
        text = text.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return text


def bar(share: float, width: int, *, blocks: bool = True) -> str:
    """A bar of so many columns at 1.0; where blocks cannot be shown, of number signs. What is not nothing is seen."""
    if not blocks:
        return "#" * max(round(share * width), int(share > 0))
    eighths = max(round(share * width * 8), int(share > 0))
    return "█" * (eighths // 8) + (BLOCKS[eighths % 8] if eighths % 8 else "")
