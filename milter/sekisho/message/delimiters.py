"""The delimiter lines of a multipart body (RFC 2046 5.1.1), and what mail programs could take for one.

`split` gives the parts as the RFC says. Programs differ on lines that only begin like a delimiter: `Parted.odd`
says that there are such, and `split(…, lenient=True)` takes them for delimiters too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

FALSE_DELIMITERS = 10_000
"""Lines that begin like a delimiter and are none, after which a multipart is not searched any further."""
LONGEST = 1_000
"""Bytes of a boundary that are compared; RFC 2046 allows 70."""

TEXT_BEHIND = "a delimiter with text behind it"

_DECLARED = re.compile(rb"boundary[ \t]*+=[ \t]*+(?:\"([^\"\r\n]{1,200})|([^\s;\"]{1,200}))", re.IGNORECASE)
_DECLARATIONS = 100_000
"""Declarations that are remembered; beyond them a delimiter of another multipart may count as an odd one of this."""
_GUESS = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,69}|-[^\r\n]{1,69})\r?\n(?=[A-Za-z-]{1,60}[ \t]*:|\r?\n)")
_GUESSED_IN = 65_536


@dataclass(frozen=True, slots=True)
class Parted:
    """Start and end of each body part (at most one more than asked for), whether the closing delimiter came,
    and what mail programs will read differently."""

    spans: tuple[tuple[int, int], ...] = ()
    closed: bool = False
    odd: tuple[str, ...] = ()
    cut: bool = False


class Body:
    """The bytes that multiparts lie in, and every boundary that is declared anywhere in them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._declared: frozenset[bytes] | None = None

    @property
    def declared(self) -> frozenset[bytes]:
        """Found when first asked for: a delimiter of one multipart often begins like that of another."""
        if self._declared is None:
            found = islice(_DECLARED.finditer(self.data), _DECLARATIONS)
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
        """A line that begins with the mark; `at` is the line end before it."""
        data, after = self._body.data, at + len(self._mark)
        stop = data.find(b"\n", after, self._end)
        stop = self._end if stop < 0 else stop
        tail = data[after : min(stop, after + 200)].strip(b" \t\r")
        if tail not in {b"", b"--"} and not self._taken(data[at + 3 : min(stop, at + 300)], tail):
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

    def _taken(self, line: bytes, tail: bytes) -> bool:
        """True if a lenient program takes a line with text behind the boundary for a delimiter."""
        name = line.rstrip()
        if self.false > FALSE_DELIMITERS or {name, name.removesuffix(b"--")} & self._body.declared:
            return False
        self.odd[TEXT_BEHIND] = None
        return self._lenient


def split(body: Body, start: int, end: int, boundary: bytes, most: int, lenient: bool = False) -> Parted:
    """The parts between `start` and `end`. Linear; never raises."""
    data, mark = body.data, b"\n--" + boundary
    scan = _Scan(body, end, mark, lenient)
    at = _first(data, start, end, mark)
    while at >= -1 and len(scan.spans) <= most and scan.false <= FALSE_DELIMITERS:
        scan.line(at)
        at = data.find(mark, max(at + 1, 0), end)
        at = -2 if at < 0 else at
    if scan.opened is not None and len(scan.spans) <= most:
        scan.spans.append((scan.opened, end))
    if data.find(b"\r" + mark[1:], start, end) >= 0:
        scan.odd["a delimiter after a bare carriage return"] = None
    cut = scan.false > FALSE_DELIMITERS
    return Parted(tuple(scan.spans), scan.closed and scan.opened is None, tuple(scan.odd), cut)


def guess(data: bytes, start: int, end: int) -> bytes:
    """The boundary that a body seems to be parted by, where its header names none that is there; or empty."""
    found = _GUESS.search(data[start : min(end, start + _GUESSED_IN)])
    return found[1].rstrip() if found else b""


def _first(data: bytes, start: int, end: int, mark: bytes) -> int:
    """Where the first line begins that may be a delimiter, as the index of the line end before it: -1 at the
    very start of the data, -2 for nowhere."""
    if data.startswith(mark[1:], start) and start < end:
        return start - 1
    at = data.find(mark, start, end)
    return -2 if at < 0 else at


def _before(data: bytes, line_end: int) -> int:
    """The end of what stands before a delimiter: its line end belongs to the delimiter."""
    return line_end - 1 if line_end > 0 and data[line_end - 1] == 13 else line_end
