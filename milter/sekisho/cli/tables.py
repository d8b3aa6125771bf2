"""Tables that are written to a terminal or as Markdown.

In a terminal a table is at most as wide as the screen; in a file or a pipe it is never cut or folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

BLOCKS = " ▏▎▍▌▋▊▉█"
MAX_FILE_COLUMNS = 100_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, and how a terminal shows it."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: title, names of the columns (a long one has two lines), rows, and a note below.

    The first `left` columns are text and aligned left; the others are numbers, but for those in `bars` (indexes).
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
    """Print the sheet with an empty line above its title."""
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
    """Print a table; where the output is no terminal, as wide as the table needs."""
    if not console.is_terminal:
        needed = Measurement.get(console, console.options.update(width=MAX_FILE_COLUMNS), table).maximum
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
    """The text with the characters escaped that Markdown would interpret. An underscore within a word, as in the id of
    a finding, needs no escape."""
    for sign in "\\|<*`[":
        text = text.replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return text


def bar(share: float, width: int, *, blocks: bool = True) -> str:
    """A bar that is `width` columns long for a share of 1.0, and never empty for a share above 0. Without `blocks` it
    is made of number signs."""
    if not blocks:
        return "#" * max(round(share * width), int(share > 0))
    eighths = max(round(share * width * 8), int(share > 0))
    return "█" * (eighths // 8) + (BLOCKS[eighths % 8] if eighths % 8 else "")
