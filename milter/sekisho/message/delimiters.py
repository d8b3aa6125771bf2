"""The delimiter lines of a multipart body (RFC 2046 section 5.1.1), and lines that programs may take for delimiters.

`split` gives the parts as the RFC says. Mail programs differ about a delimiter with text after it. `SplitBody.odd` says
that there are such lines, and `split(…, lenient=True)` takes them for delimiters. Lines that are nearly a delimiter
(`-- b`) are told as well, and the text before the first delimiter and after the last is given where it holds a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from sekisho.message.headers import describes_part

MAX_FALSE_DELIMITERS = 10_000
"""Lines of a multipart that begin like a delimiter and are none. After so many, the search ends."""
MAX_BOUNDARY_BYTES = 1_000
"""Bytes of a boundary that are compared; RFC 2046 allows 70."""

TEXT_AFTER_DELIMITER = "a delimiter with text behind it"
NEARLY_DELIMITER = "a line that is nearly a delimiter"

_DECLARED = re.compile(rb"boundary[ \t]*+=[ \t]*+(?:\"([^\"\r\n]{1,200})|([^\s;\"]{1,200}))", re.IGNORECASE)
_MAX_DECLARATIONS = 100_000
"""Declared boundaries that are known. A delimiter of any further multipart may be reported as an odd one."""
_ORDINARY = re.compile(rb"(?!=\?)[\w+./:=?-]*+")
_CUT = re.compile(rb"[\s\0,;(\"]+")
_ENCODED_WORD = re.compile(rb"=\?[^?]{1,40}\?q\?([^?]*)\?=\Z", re.IGNORECASE)
_TAG = re.compile(rb"<(?:html|a|form|body)[\s>]", re.IGNORECASE)
_GUESS = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,69}|-[^\r\n]{1,69})\r?\n(?=[A-Za-z-]{1,60}[ \t]*:|\r?\n)")
_GUESS_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class SplitBody:
    """The parts of a multipart body.

    - `spans`: start and end of each part, at most one more than asked for.
    - `closed`: the closing delimiter came.
    - `odd`: what mail programs read differently.
    - `cut`: the search ended after too many false delimiters.
    - `outside`: start and end of the text before the first delimiter and after the last, where it holds a page or the
      header of a part. Programs show it that take another line for the delimiter.
    - `lines`: the number of delimiter lines.
    """

    spans: tuple[tuple[int, int], ...] = ()
    closed: bool = False
    odd: tuple[str, ...] = ()
    cut: bool = False
    outside: tuple[tuple[int, int], ...] = ()
    lines: int = 0


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
        self.begins: int | None = None
        self.ends: int | None = None
        self.lines = 0
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
        self.lines += 1
        self.begins = at + 1 if self.begins is None else self.begins
        if self.opened is not None or not self.closed:
            self.ends = min(stop + 1, self._end)
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
    if data.count(boundary, start, end) > scan.lines + scan.false and _nearly(boundary).search(
        data, start, end
    ):
        scan.odd[NEARLY_DELIMITER] = None
    closed = scan.closed and scan.opened is None
    return SplitBody(
        spans=tuple(scan.spans),
        closed=closed,
        odd=tuple(scan.odd),
        cut=scan.false > MAX_FALSE_DELIMITERS,
        outside=tuple(_outside(data, start, end, scan, closed)),
        lines=scan.lines,
    )


def _outside(data: bytes, start: int, end: int, scan: _Scan, closed: bool) -> Iterator[tuple[int, int]]:
    """The text before the first delimiter and after the last, if it holds a page or the header of a part."""
    if scan.begins is None or scan.ends is None:
        return
    for first, stop in ((start, scan.begins), (scan.ends if closed else end, end)):
        bound = min(stop, first + _GUESS_BYTES)
        if first < bound and (describes_part(data, first, bound) or _TAG.search(data, first, bound)):
            yield first, stop


def _nearly(boundary: bytes) -> re.Pattern[bytes]:
    """Lines that some programs take for a delimiter: with blanks or NUL before or in it, with a dash too many or too
    few."""
    text = re.escape(boundary)
    return re.compile(
        rb"(?:^|(?<=\r))(?!--%b)[\t \0]{0,20}+-[\t ]{0,20}+-?-?[\t \0]{0,20}+%b(?:--?)?[\t \0]{0,20}+(?=[\r\n]|\Z)"
        % (text, text),
        re.MULTILINE,
    )


def other_forms(boundary: bytes) -> tuple[bytes, ...]:
    """The boundary as programs read it that trim it, cut it or leave out blanks and quotation marks; none for one of
    ordinary characters. It is another reading only if the form delimits parts."""
    if _ORDINARY.fullmatch(boundary):
        return ()
    word = _ENCODED_WORD.match(boundary)
    pieces = [piece for piece in _CUT.split(boundary) if piece]
    forms = (
        boundary.strip(b" \t\0\"'"),
        *(pieces[:1] + pieces[-1:]),
        b"".join(pieces),
        b'"' + boundary,
        word[1] if word else b"",
    )
    return tuple(dict.fromkeys(form for form in forms if form and form != boundary.rstrip()))


def delimits(data: bytes, start: int, end: int, boundary: bytes) -> bool:
    """True if a line between the indices `start` and `end` is a delimiter with this boundary, and nothing more."""
    mark, at = b"--" + boundary, start
    while (at := data.find(mark, at, end)) >= 0:
        after = data[at + len(mark) : min(at + len(mark) + 3, end)].lstrip(b" \t")
        if (at == start or data[at - 1] == 10) and after[:1] in {b"", b"\r", b"\n", b"-"}:
            return True
        at += len(mark)
    return False


def strays(data: bytes, read: Mapping[bytes, int]) -> bool:
    """True if the data has more delimiter lines of a boundary than were read. `read` has their number by boundary."""
    return any(
        data.count(b"\n--" + boundary) > number and len(_line(boundary).findall(data)) > number
        for boundary, number in read.items()
    )


def _line(boundary: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"^--%b(?:--)?[ \t\r]*+$" % re.escape(boundary), re.MULTILINE)


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
