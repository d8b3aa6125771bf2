"""How the commands print: text for people, JSON for programs. Only this module of `cli/` prints.

What is printed may come from a message, a file name or another program. So nothing in it is read as markup, and
whatever controls a terminal (control characters, changes of direction, bytes that are no text) becomes an escape. A
value that is not ours becomes one line (`shown`) before it is put into a text. The text is escaped once more when it is
printed; only its line ends stay.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from gettext import gettext as _
from typing import IO

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from sekisho.plain_errors import of_system
from sekisho.text import ELLIPSIS, printable


class OutputError(Exception):
    """Standard output or standard error does not take what is printed. The text says why."""


class ReaderGoneError(Exception):
    """The reader of the output has gone away (`| head`), which is no error. (click would make one of the operating
    system's own exception.)"""


@contextmanager
def _taken() -> Iterator[None]:
    """Raises OutputError or ReaderGoneError in the place of OSError."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        raise OutputError(
            f"standard output: {of_system(error)} (what the command does may be done all the same)"
        ) from error


class CheckedStream(io.TextIOWrapper):
    """Standard output for all who print to it, the libraries too: raises OutputError if it does not take a text."""

    def write(self, text: str) -> int:
        """Write a text. Returns its length in characters. Raises OutputError or ReaderGoneError."""
        with _taken():
            return super().write(text)

    def flush(self) -> None:
        """Write what is still held. Raises OutputError or ReaderGoneError."""
        with _taken():
            super().flush()


FILE_COLUMNS = 200  # columns where nobody knows who reads: a table in a file must not be cut
PROSE_COLUMNS = 80  # of sentences, if nobody knows who reads
MAX_PROSE_COLUMNS = 100  # of sentences on a wide screen
GAP_COLUMNS = 2  # between the columns of a table
MAX_VALUE_CHARS = 4000
MIN_CUT_COLUMNS = 12  # of a column that gives way to others
MIN_READER_COLUMNS = 40
_NO_LIMIT = 1 << 40  # characters
_INVISIBLE = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


class Screen(Console):
    """A console on which no text controls the terminal; only our styles do. `reader_known`: it is as wide as the screen
    of the person who reads it through a pipe (`| less`)."""

    reader_known = False

    @property
    def folds(self) -> bool:
        """True if sentences are folded: a person reads them, on a screen whose width is known."""
        return self.is_terminal or self.reader_known

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments to print, with an escape for each control character that is not ours."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=safe(segment.text))


def console(stream: IO[str] | None = None) -> Screen:
    """A console on standard output (or another stream), as wide as the terminal, also as that of a reader behind a
    pipe; `FILE_COLUMNS` wide for a file."""
    is_terminal = (stream or sys.stdout).isatty()
    reader = None if is_terminal else reader_columns()
    width = None if is_terminal else reader or FILE_COLUMNS
    screen = Screen(file=stream, highlight=False, markup=False, emoji=False, width=width)
    screen.reader_known = reader is not None
    return screen


def reader_columns() -> int | None:
    """How wide the screen of a person is who reads the output, perhaps through a pipe: as COLUMNS says, else the
    terminal that standard output or standard error is. None if there is none, as in a script."""
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said) > 0:
        return max(int(said), MIN_READER_COLUMNS)
    for descriptor in (1, 2):
        with suppress(OSError):
            return os.get_terminal_size(descriptor).columns or None
    return None


def prose_columns() -> int:
    """How wide sentences are."""
    return min(reader_columns() or PROSE_COLUMNS, MAX_PROSE_COLUMNS)


def write_rows(
    columns: Sequence[str], rows: Sequence[Sequence[str]], first: int, yielding: Sequence[int] = ()
) -> None:
    """Print a table in which no id is ever broken or cut, so that it can be copied.

    In a file or a pipe, each row is one line with two spaces or more between its cells, and nothing is cut or folded.
    On a terminal that is too narrow, first the columns `yielding` (indexes) are cut, down to a width that still says
    something. If that is not enough, each row is a line of its first `first` columns, with the others below it.
    """
    screen = console()
    widths = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    if not screen.is_terminal:
        write("".join(f"{_padded(row, widths)}\n" for row in (columns, *rows)))
        return
    fitting = _fitting(widths, yielding, screen.width)
    shown_first, widths = (first, widths) if fitting is None else (len(columns), fitting)
    for number, row in enumerate((columns, *rows)):
        line = (" " * GAP_COLUMNS).join(map(_cell, row[:shown_first], widths))
        screen.print(line.rstrip(), soft_wrap=True, style="dim" if number == 0 else None)
        below = zip(columns[shown_first:], row[shown_first:], strict=True)
        rest = [f"{name}: {cell}" for name, cell in below if cell]
        if number and rest:
            screen.print(Padding(Text("; ".join(rest)), (0, 0, 0, 2 * GAP_COLUMNS), expand=False))


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    """The whole texts of a row, each in so many columns or more."""
    cells = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
    return (" " * GAP_COLUMNS).join(cells).rstrip()


def _fitting(widths: Sequence[int], yielding: Sequence[int], room: int) -> list[int] | None:
    """The widths with which a row fits into `room` columns, with the widest of `yielding` (indexes) cut first; None if
    one would be narrower than `MIN_CUT_COLUMNS`."""
    found = list(widths)
    while (excess := sum(found) + GAP_COLUMNS * (len(found) - 1) - room) > 0:
        widest = max(yielding, key=found.__getitem__, default=None)
        if widest is None or found[widest] <= MIN_CUT_COLUMNS:
            return None
        others = [found[each] for each in yielding if found[each] < found[widest]]
        found[widest] = max(found[widest] - excess, MIN_CUT_COLUMNS, max(others, default=0) - 1)
    return found


def _cell(text: str, width: int) -> str:
    """A text in so many columns; one that is cut ends with an ellipsis."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + ELLIPSIS, width)


def say(*texts: str, err: bool = False) -> None:
    """Print each text as exactly one line, on standard output or with `err` on standard error. Raises OutputError or
    ReaderGoneError."""
    stream = sys.stderr if err else sys.stdout
    with _taken():
        for text in texts:
            stream.write(printable(text, _NO_LIMIT) + "\n")
        stream.flush()


def error_line(reason: str) -> str:
    """An error of a command, on one line of standard error. What is wrong within a file is `FILE: KEY: reason` instead,
    a line for each, as compilers print it."""
    return _("Error: {message}").format(message=reason)


def answers() -> bool:
    """True if a person at a terminal can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str) -> bool:
    """What the person at the terminal answers; no, if it is only the return key. Raises Abort at the end of input."""
    return click.confirm(printable(question, _NO_LIMIT), default=False, err=True)


def write_json(value: object, indent: int = 2) -> None:
    """Print one JSON document in UTF-8, in any locale. `indent` is a number of columns."""
    write_document(json.dumps(value, ensure_ascii=False, indent=indent))


def write_document(text: str) -> None:
    """Print a JSON text. Characters that are invisible or control a terminal become JSON escapes. Raises
    OutputError or ReaderGoneError."""
    _bytes(document_bytes(text))


def json_bytes(value: object, indent: int = 2) -> bytes:
    """One JSON document as the bytes of a file: UTF-8, and escapes as in `write_document`."""
    return document_bytes(json.dumps(value, ensure_ascii=False, indent=indent))


def document_bytes(text: str) -> bytes:
    """A JSON text as bytes, with its line end."""
    return (_INVISIBLE.sub(_json_escape, text) + "\n").encode("utf-8", "backslashreplace")


def write(text: str) -> None:
    """Print a text of several lines in UTF-8, in any locale. Raises OutputError or ReaderGoneError."""
    _bytes(safe(text).encode("utf-8", "backslashreplace"))


def write_raw(content: bytes) -> None:
    """Write the bytes of a message unchanged, for a person who asked for them. Raises OutputError or
    ReaderGoneError."""
    _bytes(content)


def _bytes(content: bytes) -> None:
    with _taken():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def safe(text: str) -> str:
    """A text of several lines with all but its line ends made printable."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "\n".join(printable(line, _NO_LIMIT) for line in text.split("\n"))


def shown(value: object) -> str:
    """A value that is not ours, for example a file name, as one printable line."""
    return printable(str(value), MAX_VALUE_CHARS)


def _json_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
