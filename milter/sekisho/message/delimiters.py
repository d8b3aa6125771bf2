"""The delimiter lines of a multipart body (RFC 2046 section 5.1.1), and lines that programs may take for delimiters.

`split` gives the parts as the RFC says. Mail programs differ about a delimiter with text after it. `SplitBody.odd` says
that there are such lines, and `split(…, lenient=True)` takes them for delimiters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

MAX_FALSE_DELIMITERS = 10_000
"""Lines of a multipart that begin like a delimiter and are none. After so many, the search ends."""
MAX_BOUNDARY_BYTES = 1_000
"""Bytes of a boundary that are compared; RFC 2046 allows 70."""

TEXT_AFTER_DELIMITER = "a delimiter with text behind it"

_DECLARED = re.compile(rb"boundary[ \t]*+=[ \t]*+(?:\"([^\"\r\n]{1,200})|([^\s;\"]{1,200}))", re.IGNORECASE)
_MAX_DECLARATIONS = 100_000
"""Declared boundaries that are known. A delimiter of any further multipart may be reported as an odd one."""
_GUESS = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,69}|-[^\r\n]{1,69})\r?\n(?=[A-Za-z-]{1,60}[ \t]*:|\r?\n)")
_GUESS_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class SplitBody:
    """The parts of a multipart body.

    - `spans`: start and end of each part, at most one more than asked for.
    - `closed`: the closing delimiter came.
    - `odd`: what mail programs read differently.
    - `cut`: the search ended after too many false delimiters.
    """

    spans: tuple[tuple[int, int], ...] = ()
    closed: bool = False
    odd: tuple[str, ...] = ()
    cut: bool = False


class Body:
    """The bytes that hold one or more multiparts, and every boundary that is declared in them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._declared: frozenset[bytes] | None = None

    @property
    def declared(self) -> frozenset[bytes]:
        """Every declared boundary. A delimiter of one multipart often begins like that of another."""
        if self._declared is None:
            found = islice(_DECLARED.finditer(self.data), _MAX_DECLARATIONS)
            self._declared = frozenset((each[1] or each[2]).rstrip() for each in found)
        return self._declared


class _Scan:
    """One pass over the lines that begin like a delimiter."""

    def __init__(self, body: Body, end: int, mark: bytes, lenient: bool) -> None:
        self.spans: list[tuple[int, int]] = []
        self.odd: dict[str, None] = {}
        self.closed = False
        self.false = 0
        self.opened: int | None = None
        self._body, self._end, self._mark, self._lenient = body, end, mark, lenient

    def line(self, at: int) -> None:
        """Read a line that begins with the mark. `at` is the index of the line end before it."""
        data, after = self._body.data, at + len(self._mark)
        stop = data.find(b"\n", after, self._end)
        stop = self._end if stop < 0 else stop
        tail = data[after : min(stop, after + 200)].strip(b" \t\r")
        if tail not in {b"", b"--"} and not self._taken(data[at + 3 : min(stop, at + 300)]):
            self.false += 1
            return
        if self.opened is not None:
            self.spans.append((self.opened, max(self.opened, _before(data, at))))
        if tail == b"--":
            self.opened, self.closed = None, True
            return
        if self.closed:
            self.odd["parts after the last delimiter"] = None
        self.opened = min(stop + 1, self._end)

    def _taken(self, line: bytes) -> bool:
        """True if this scan takes a line with text after the boundary for a delimiter, as lenient programs do."""
        name = line.rstrip()
        if self.false > MAX_FALSE_DELIMITERS or {name, name.removesuffix(b"--")} & self._body.declared:
            return False
        self.odd[TEXT_AFTER_DELIMITER] = None
        return self._lenient


def split(
    body: Body, start: int, end: int, boundary: bytes, max_parts: int, lenient: bool = False
) -> SplitBody:
    """The parts of the multipart between the indices `start` and `end`. Linear; never raises.

    `max_parts` is the number of parts that the caller reads. `lenient`: delimiters with text after them count.
    """
    data, mark = body.data, b"\n--" + boundary
    scan = _Scan(body, end, mark, lenient)
    at = _first(data, start, end, mark)
    while at >= -1 and len(scan.spans) <= max_parts and scan.false <= MAX_FALSE_DELIMITERS:
        scan.line(at)
        at = data.find(mark, max(at + 1, 0), end)
        at = -2 if at < 0 else at
    if scan.opened is not None and len(scan.spans) <= max_parts:
        scan.spans.append((scan.opened, end))
    if data.find(b"\r" + mark[1:], start, end) >= 0:
        scan.odd["a delimiter after a bare carriage return"] = None
    cut = scan.false > MAX_FALSE_DELIMITERS
    return SplitBody(tuple(scan.spans), scan.closed and scan.opened is None, tuple(scan.odd), cut)


def guessed_boundary(data: bytes, start: int, end: int) -> bytes:
    """The boundary that the body between the indices `start` and `end` seems to have; empty if none.

    For a multipart whose header names no boundary, or one that never comes.
    """
    found = _GUESS.search(data[start : min(end, start + _GUESS_BYTES)])
    return found[1].rstrip() if found else b""


def _first(data: bytes, start: int, end: int, mark: bytes) -> int:
    """The index of the line end before the first line that may be a delimiter; -2 if there is no such line, -1 if it is
    the first line of the data."""
    if data.startswith(mark[1:], start) and start < end:
        return start - 1
    at = data.find(mark, start, end)
    return -2 if at < 0 else at


def _before(data: bytes, line_end: int) -> int:
    """The index at which the part before a delimiter ends. The line end before a delimiter belongs to it."""
    return line_end - 1 if line_end > 0 and data[line_end - 1] == 13 else line_end
