"""Where the commands print to: text for a reader, JSON for programs. Nothing in `cli/` prints but by this module.

What is printed may come from a message, a file's name or another program, so nothing in it is taken for markup, and
what would steer the terminal (control characters, changes of direction, bytes that are no text) becomes an escape. A
value that is not ours is one line: it passes `shown` before it stands in a text. What is made of such values passes
the printer again, which keeps line ends alone.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import IO

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from sekisho.text import printable

WIDE = 200  # columns where the output is no terminal: a table in a file must not be cut
GAP = 2  # columns between the columns of a table
MAX_SHOWN = 4000  # characters of one value
_ENDLESS = 1 << 40
_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


class Screen(Console):
    """A console on which no text steers the terminal; the styles are ours."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is printed, with every foreign control character as an escape."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=safe(segment.text))


def console(stream: IO[str] | None = None) -> Screen:
    """Standard output (or another stream) as wide as the terminal, or wide enough for a file."""
    width = None if (stream or sys.stdout).isatty() else WIDE
    return Screen(file=stream, highlight=False, markup=False, emoji=False, width=width)


def write_rows(columns: Sequence[str], rows: Sequence[Sequence[str]], first: int) -> None:
    """A table, if the screen is wide enough for it. Else each row is a line of its `first` columns, and what the others
    hold stands below it: an id is never broken, so that it can be copied."""
    screen = console()
    widths = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    whole = sum(widths) + GAP * (len(widths) - 1) <= screen.width
    shown_first = len(columns) if whole else first
    for number, row in enumerate((columns, *rows)):
        line = (" " * GAP).join(map(set_cell_size, row[:shown_first], widths))
        screen.print(line.rstrip(), soft_wrap=True, style="dim" if number == 0 else None)
        below = zip(columns[shown_first:], row[shown_first:], strict=True)
        rest = [f"{name}: {cell}" for name, cell in below if cell]
        if number and rest:
            screen.print(Padding(Text("; ".join(rest)), (0, 0, 0, 2 * GAP), expand=False))


def say(*texts: str, err: bool = False) -> None:
    """Each text as a line of its own, whatever is in it, on standard output or standard error."""
    stream = sys.stderr if err else sys.stdout
    for text in texts:
        stream.write(printable(text, _ENDLESS) + "\n")
    stream.flush()


def write_json(value: object, indent: int = 2) -> None:
    """One JSON document in UTF-8, whatever the locale."""
    write_document(json.dumps(value, ensure_ascii=False, indent=indent))


def write_document(text: str) -> None:
    """A JSON text as it is, but what nobody sees or what steers a terminal becomes one of JSON's own escapes."""
    _bytes((_UNSEEN.sub(_json_escape, text) + "\n").encode("utf-8", "backslashreplace"))


def write(text: str) -> None:
    """A text of several lines in UTF-8, whatever the locale."""
    _bytes(safe(text).encode("utf-8", "backslashreplace"))


def write_raw(content: bytes) -> None:
    """The bytes of a message, which somebody asked for as they are."""
    _bytes(content)


def _bytes(content: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def safe(text: str) -> str:
    """A text whose lines are ours: everything but the line ends is printable."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "\n".join(printable(line, _ENDLESS) for line in text.split("\n"))


def shown(value: object) -> str:
    """One value that is not ours, a file's name for example, as one line."""
    return printable(str(value), MAX_SHOWN)


def _json_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
