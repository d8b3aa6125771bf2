"""Tables that are written to a terminal or as Markdown.

In a terminal a table is at most as wide as the screen: if it does not fit, the name of each row stands on a line above
its numbers. In a file or a pipe a table is never cut or folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

BLOCKS = " ▏▎▍▌▋▊▉█"
MAX_FILE_COLUMNS = 100_000
GAP_COLUMNS = 2


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
    widths = _widths(sheet, "\n")
    if console.is_terminal and _total(widths) > console.width:
        _show_stacked(console, sheet, widths[1:])
    else:
        print_whole(console, _table(sheet, sheet.rows, widths, header=True))
    if sheet.note:
        console.print(Text(sheet.note, style="dim"), soft_wrap=not console.is_terminal)


def _show_stacked(console: Console, sheet: Sheet, widths: Sequence[int]) -> None:
    """Print the first cell of each row on a line of its own, once for neighbours with the same one. If the others, with
    these widths, are still too wide, their words stand below each other."""
    if _total(widths) > console.width:
        widths = _widths(sheet, None)[1:]
    console.print(_table(sheet, (), widths, header=True))
    for first, rows in groupby(sheet.rows, key=lambda row: row[0]):
        if first.text:
            console.print(Text(first.text, style=first.style))
        console.print(_table(sheet, [row[1:] for row in rows], widths))


def _widths(sheet: Sheet, separator: str | None) -> list[int]:
    """The width of each column if its texts are broken at the separator; None: at each space."""
    columns = ([name, *(row[number].text for row in sheet.rows)] for number, name in enumerate(sheet.columns))
    return [
        max(cell_len(piece) for text in texts for piece in text.split(separator) or [""]) for texts in columns
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP_COLUMNS * (len(widths) - 1)


def _table(
    sheet: Sheet, rows: Sequence[tuple[Cell, ...]], widths: Sequence[int], *, header: bool = False
) -> Table:
    """Rows of the last columns of the sheet, which have these widths."""
    table = Table(
        box=None, padding=(0, GAP_COLUMNS, 0, 0), header_style="dim", pad_edge=False, show_header=header
    )
    for number, width in enumerate(widths, len(sheet.columns) - len(widths)):
        left = number < sheet.left or number in sheet.bars
        table.add_column(
            sheet.columns[number],
            justify="left" if left else "right",
            width=width,
            overflow="fold",
            vertical="bottom" if header else "top",
        )
    for row in rows:
        table.add_row(*(Text(cell.text, style=cell.style) for cell in row))
    return table


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
    lines = [f"### {plain(sheet.title)}", ""] if sheet.title else []
    lines += [_line([" ".join(column.split()) for column in sheet.columns]), f"|{'|'.join(rule)}|"]
    lines += [_line([_styled(cell) for cell in row]) for row in sheet.rows]
    return "\n".join(lines + (["", plain(sheet.note)] if sheet.note else [])) + "\n"


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _styled(cell: Cell) -> str:
    text = plain(cell.text)
    return f"**{text}**" if "bold" in cell.style and text else text


def plain(text: str) -> str:
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
