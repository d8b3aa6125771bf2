"""Codes that a text draws: with block characters, or with the coloured cells of an HTML table.

Phishing does this, since a filter for images does not see such a code. Both drawings become a grid of light and dark
modules, which is then read like an image. Linear in the text, and done only if the text holds enough blocks or cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.qrcodes.model import Grid

_MIN_MODULES = 21
"""Modules on a side of the smallest code (ISO/IEC 18004, version 1)."""
_MAX_MODULES = 250
"""Modules of a row that are kept. The largest code, version 40, has 177 and a quiet zone."""
_MAX_LINES = 250
"""Lines of one drawing. A longer one is read in pieces. Each piece begins with the last half of the one before, so that
a code of up to 125 lines is whole in one of them."""
_UPPER_LOWER = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), "■": (1, 1), "⬛": (1, 1), "▓": (1, 1), "▇": (1, 1)}
_BLOCK = re.compile("[█▀▄■⬛▓▇]")
_BLANK = " \u00a0\u2003\u3000░⬜□▁　"
_MIN_TABLE_TAGS = 200
_BREAK = re.compile(r"<(?:br|/?(?:p|div|tr|pre|li))\b[^<>]{0,500}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_CELL = re.compile(r"<(/?table|tr|td|th)\b([^<>]{0,600})>", re.IGNORECASE)
_DARK = re.compile(
    r"(?:bgcolor\s{0,3}=\s{0,3}[\"']?|background(?:-color)?\s{0,3}:\s{0,3})"
    r"(?:black|#[0-4]{3}(?![0-9a-f])|#(?:[0-4][0-9a-f]){3}|rgb\((?:\s{0,3}\d{1,2}\s{0,3},?){3}\))",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"&#(?:96\d\d|x25[89a]\d);", re.IGNORECASE)
_SPAN = re.compile(r"colspan\s{0,3}=\s{0,3}[\"']?(\d{1,3})", re.IGNORECASE)

Rows = list[list[int]]


def drawings(source: str, html: bool) -> Iterator[Grid]:
    """The drawings in a text that may be a code, found one by one. `html`: the text is HTML. Never raises."""
    for rows in _drawn(source, html):
        if (grid := _grid(rows)) is not None:
            yield grid


def _drawn(source: str, html: bool) -> Iterator[Rows]:
    if (
        "█" in source
        or "■" in source
        or "⬛" in source
        or (html and "&#" in source and _ESCAPED.search(source))
    ):
        yield from _blocks(_plain(source) if html else source)
    if html and source.count("<t") + source.count("<T") >= _MIN_TABLE_TAGS and _DARK.search(source):
        yield from _tables(source)


def _plain(html: str) -> str:
    """The lines of an HTML page with all blanks, which are part of a drawing."""
    from sekisho.markup import unescaped  # noqa: PLC0415 - a quarter of a child's start-up time, and no child needs it

    return unescaped(_TAG.sub("", _BREAK.sub("\n", html)))


def _blocks(text: str) -> Iterator[Rows]:
    """The drawings made of lines with blocks and blanks only. A line of half blocks gives two rows."""
    run: list[str] = []
    unread = 0
    for whole in [*text.split("\n"), "end"]:
        line = whole.rstrip("\r")[: 2 * _MAX_MODULES]
        if _BLOCK.search(line) and not line.strip("█▀▄■⬛▓▇" + _BLANK):
            run.append(line)
            unread += 1
            if len(run) == _MAX_LINES:
                yield from _drawing(run)
                run, unread = run[_MAX_LINES // 2 :], 0
        elif line.strip():
            if unread:
                yield from _drawing(run)
            run, unread = [], 0


def _drawing(lines: list[str]) -> Iterator[Rows]:
    if len(lines) < _MIN_MODULES // 2:
        return
    halves = any("▀" in line or "▄" in line for line in lines)
    rows: Rows = []
    for line in lines:
        pairs = [_UPPER_LOWER.get(letter, (0, 0)) for letter in line]
        rows.append([upper for upper, _ in pairs])
        if halves:
            rows.append([lower for _, lower in pairs])
    yield from (_narrowed(rows), rows)


def _narrowed(rows: Rows) -> Rows:
    """Every other column if a module is two characters wide; else the rows as they are."""
    if all(row[0::2][: len(row[1::2])] == row[1::2] for row in rows):
        return [row[::2] for row in rows]
    return rows


def _tables(html: str) -> Iterator[Rows]:
    """The drawings made of table cells: each is dark or light, and as wide as `colspan` says."""
    rows: list[list[tuple[int, int]]] = []
    for found in _CELL.finditer(html):
        tag = found[1].lower()
        if tag.endswith("table"):
            yield from _sized(rows)
            rows = []
        elif tag == "tr":
            rows.append([])
        elif rows and len(rows[-1]) < _MAX_MODULES:
            dark = int(_DARK.search(found[2]) is not None)
            rows[-1].append((dark, _wide(found[2])))
    yield from _sized(rows)


def _wide(attributes: str) -> int:
    span = _SPAN.search(attributes)
    return min(int(span[1]), _MAX_MODULES) if span else 1


def _sized(rows: list[list[tuple[int, int]]]) -> Iterator[Rows]:
    if _MIN_MODULES <= len(rows) <= _MAX_MODULES:
        yield [[dark for dark, wide in row for _ in range(wide)][:_MAX_MODULES] for row in rows]


def _grid(rows: Rows) -> Grid | None:
    """The rows as one grid. Short rows are filled with light modules. None if the grid is too small for a code."""
    width = max(map(len, rows), default=0)
    if width < _MIN_MODULES or len(rows) < _MIN_MODULES:
        return None
    return Grid(width, len(rows), b"".join(bytes(row).ljust(width, b"\0") for row in rows))
