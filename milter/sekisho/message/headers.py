"""The header block, split on bytes as Postfix splits it (RFC 5322 2.2; Postfix `is_header`, `mime_state`).

Postfix decides what a header is: a name of printable ASCII, perhaps blanks, a colon. The first line that is
neither that nor a continuation begins the body, blank line or not. What mail programs make of such a message
is theirs to know; here it is a problem.

Problems: `header.broken_block` (no header at all, so whatever looks like one is in the body),
`header.empty_block` (the body begins at once: nobody hides anything, and nobody says who he is),
`header.cut_short` (the block ends without a blank line), `header.folded_name`, `header.space_before_colon`,
`header.nul`, `header.long_field`, `header.long_line`, `header.bare_cr`, `header.mbox_line`,
`limit.header_bytes`, `limit.header_fields`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sekisho.message.limits import Limits
from sekisho.message.model import Field, Headers, Problem

_FIELD = re.compile(rb"([!-9;-~]++[ \t]*+):([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_END = re.compile(rb"\n\r?\n")
_FOLDED_NAME = re.compile(rb"[!-9;-~]++[ \t]*+\r?\n[ \t][!-9;-~ \t]*+:")
_MBOX = re.compile(rb">*From ")
_MBOX_AUTHOR = re.compile(rb"X-Mailbox-Line: >*From[ \t]+:")
_FIELD_BYTES = 60_000
"""Of a longer field, Postfix shows a milter and delivers this much."""
_LINE_BYTES = 998
_LINES_IN = 1_000_000
"""Bytes of the header block whose lines are measured."""
_RESUMED_IN = 16_384
"""Bytes after a broken header block in which it may go on."""


@dataclass(frozen=True, slots=True)
class Block:
    """The fields in order, where the body begins, and what was odd."""

    headers: Headers
    body_start: int
    problems: tuple[Problem, ...]

    @property
    def broken(self) -> bool:
        """True if no blank line ends the block."""
        return any(each.code in {"header.broken_block", "header.cut_short"} for each in self.problems)


def delivered(raw: bytes) -> bytes:
    """The message as it will be delivered: CRLF line ends.

    The first line end tells a file (LF, or CR alone) from a message off the wire, of which no byte may
    change: a signature may cover a stray CR or LF of its body.  An mbox separator becomes what Postfix makes
    of it.
    """
    end = raw.find(b"\n")
    if end < 0:
        raw = raw.replace(b"\r", b"\r\n")
    elif end == 0 or raw[end - 1] != 13:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return b"X-Mailbox-Line: " + raw if _MBOX.match(raw) else raw


def split(raw: bytes, limits: Limits) -> Block:
    """The header block at the start of `raw`. Never raises; linear."""
    fields: list[Field] = []
    problems: list[Problem] = []
    position = 0
    while found := _FIELD.match(raw, position):
        if len(fields) >= limits.header_fields or position >= limits.header_bytes:
            over = "header_fields" if len(fields) >= limits.header_fields else "header_bytes"
            problems.append(Problem(f"limit.{over}", str(len(fields))))
            return _block(raw, fields, _far_end(raw, position), problems)
        fields.append(_field(found, problems))
        position = found.end()
    return _block(raw, fields, _body_start(raw, position, bool(fields), problems), problems)


def _field(found: re.Match[bytes], problems: list[Problem]) -> Field:
    name, value = found.groups()
    if value.endswith(b"\r"):
        value = value[:-1]
    if name[-1] <= 32:
        problems.append(Problem("header.space_before_colon", shown(name.rstrip())))
    if b"\0" in value:  # Postfix cuts there, for the milter and for the recipient
        problems.append(Problem("header.nul", shown(name)))
        value = value[: value.index(b"\0")]
    if len(value) > _FIELD_BYTES:
        problems.append(Problem("header.long_field", shown(name)))
        value = value[:_FIELD_BYTES]
    return Field(name, value)


def _body_start(raw: bytes, position: int, any_field: bool, problems: list[Problem]) -> int:
    """Where the body begins when the fields end at `position`."""
    end = position
    if raw.startswith(b"\r\n", position):
        end += 2
    elif raw.startswith(b"\n", position):
        end += 1
    if not any_field:
        code = "header.broken_block" if end == position else "header.empty_block"
        problems.append(Problem(code, _line(raw, position)))
    elif end == position and position < len(raw):
        problems.append(Problem("header.cut_short", _line(raw, position)))
    if _FOLDED_NAME.match(raw, position):
        problems.append(Problem("header.folded_name", _line(raw, position)))
    return end


def _far_end(raw: bytes, position: int) -> int:
    """Where the body begins when the rest of the block is not read."""
    found = _END.search(raw, max(position - 1, 0))
    return found.end() if found else len(raw)


def _block(raw: bytes, fields: list[Field], body_start: int, problems: list[Problem]) -> Block:
    head = raw[:body_start]
    if raw.startswith(b"X-Mailbox-Line: "):
        problems.append(Problem("header.mbox_line"))
        if _MBOX_AUTHOR.match(raw):
            problems.append(Problem("header.space_before_colon", "From"))
    if head.count(b"\r") != head.count(b"\r\n"):
        problems.append(Problem("header.bare_cr"))
    if max(map(len, head[:_LINES_IN].split(b"\n"))) > _LINE_BYTES + 1:
        problems.append(Problem("header.long_line"))
    return Block(Headers(tuple(fields)), body_start, tuple(problems))


def _line(raw: bytes, position: int) -> str:
    return shown(raw[position : position + 100].partition(b"\n")[0].rstrip(b"\r"))


def shown(value: bytes) -> str:
    """Bytes as the detail of a problem: bounded, undecodable bytes replaced."""
    return value[:200].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class PartBlock:
    """The fields of a body part or attached message and where its body begins. `broken`: the block does not
    end with a blank line. `cut`: there are more fields than are read, and some that describe the body may be among
    them."""

    fields: tuple[Field, ...]
    body_start: int
    broken: bool = False
    cut: bool = False


def fields_of(data: bytes, start: int, end: int, most: int) -> PartBlock:
    """The header block of what lies between `start` and `end`.

    At most `most` fields, and of as many as ten times that those that describe the body. A part without fields
    begins with a blank line; one that begins with anything else has no fields.
    """
    fields: list[Field] = []
    count = 0
    while (found := _FIELD.match(data, start, end)) and count < 10 * most:
        count += 1
        if count <= most or found[1][:8].lower() == b"content-":
            value = found[2]
            fields.append(Field(found[1], value[:-1] if value.endswith(b"\r") else value))
        start = found.end()
    if found:
        far = _END.search(data, start - 1, end)
        return PartBlock(tuple(fields), far.end() if far else end, cut=True)
    if data.startswith(b"\r\n", start):
        return PartBlock(tuple(fields), min(start + 2, end))
    if data.startswith(b"\n", start):
        return PartBlock(tuple(fields), min(start + 1, end))
    return PartBlock(tuple(fields), min(start, end), start < end)


def resumed(data: bytes, start: int, end: int, most: int) -> PartBlock | None:
    """What a program reads that takes the lines from `start` up to the first blank one for header lines too,
    and skips those that are none. None if no field there says how the body is to be read."""
    end = min(end, start + _RESUMED_IN)
    blank = _END.search(data, max(start - 1, 0), end)
    block = data[start : blank.start() + 1] if blank else b""
    fields: list[Field] = []
    at = 0
    while at < len(block) and len(fields) < most:
        found = _FIELD.match(block, at)
        if found:
            fields.append(Field(found[1], found[2].rstrip(b"\r")))
            at = found.end()
        else:
            at = block.find(b"\n", at) + 1 or len(block)
    if blank is None or not any(field.name[:8].lower() == b"content-" for field in fields):
        return None
    return PartBlock(tuple(fields), blank.end())


def field_text(value: bytes) -> str:
    """A field's value on one line; bytes that are not UTF-8 become surrogate escapes."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.decode("utf-8", "surrogateescape").strip()
