"""The header block, split on bytes as Postfix splits it (RFC 5322 section 2.2; Postfix `is_header`, `mime_state`).

To Postfix a field is a name of printable ASCII, perhaps blanks, and a colon. The first line that is no field and no
continuation begins the body, even without a blank line. Mail programs differ about such a message, so it has a problem.

Problems: `header.broken_block` (there is no field, so what looks like one is in the body), `header.empty_block` (the
message begins with a blank line, so it has no author), `header.cut_short` (the block ends without a blank line),
`header.folded_name`, `header.space_before_colon`, `header.nul`, `header.long_field`, `header.long_line`,
`header.bare_cr`, `header.mbox_line`, `limit.header_bytes`, `limit.header_fields`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.message.limits import Limits
from sekisho.message.model import Field, Headers, Problem

_FIELD = re.compile(rb"([!-9;-~]++[ \t]*+):([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLDED_NAME = re.compile(rb"[!-9;-~]++[ \t]*+\r?\n[ \t][!-9;-~ \t]*+:")
_MBOX = re.compile(rb">*From ")
_MBOX_AUTHOR = re.compile(rb"X-Mailbox-Line: >*From[ \t]+:")
_MAX_FIELD_BYTES = 60_000
"""Bytes of a field. Of a longer one, Postfix shows a milter this much, and delivers this much."""
_MAX_LINE_BYTES = 998
_MEASURED_BYTES = 1_000_000
"""Bytes of the header block whose lines are measured."""
_DESCRIBING = b"content-t"
"""How the names of Content-Type and Content-Transfer-Encoding begin, the fields that say how a body is read."""
_DESCRIBING_LINE = re.compile(rb"^content-t[^\n]*+(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)
_DESCRIBING_NAME = rb"content-t(?:ype|ransfer[ \t]*+-?[ \t]*+encoding)"
"""These names, as lenient programs read them."""
_DESCRIBES = re.compile(rb"[\s\0]{0,64}+%b[ \t]*+(?::|\xef\xbc\x9a)" % _DESCRIBING_NAME, re.IGNORECASE)
_LENIENT_FIELD = re.compile(
    rb"^[ \t]*+(%b)[ \t]*+(?:\n[ \t]++)?(?::++|\xef\xbc\x9a|)[ \t]*+" % _DESCRIBING_NAME
    + rb"((?:[a-z-]{1,40}/|base64|quoted-printable|[78]bit|binary)[^\n]*+(?:\n[ \t](?![ \t]*+content-t)[^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
"""Such a field with a plausible value: in a list of names (`h=` of a DKIM signature) another name follows."""
_MAX_RESUMED_BYTES = 16_384
"""Bytes after a broken header block that are searched for its continuation."""


@dataclass(frozen=True, slots=True)
class Block:
    """A header block: its fields in order, the index at which the body begins, and its problems."""

    headers: Headers
    body_start: int
    problems: tuple[Problem, ...]

    @property
    def broken(self) -> bool:
        """True if no blank line ends the block."""
        return any(each.code in {"header.broken_block", "header.cut_short"} for each in self.problems)

    @property
    def cut(self) -> bool:
        """True if the block has more fields than are read."""
        return any(each.code in {"limit.header_fields", "limit.header_bytes"} for each in self.problems)


def as_delivered(raw: bytes) -> bytes:
    """The message as it will be delivered, with CRLF line ends.

    If its first line end is LF, or if there are only CRs, it comes from a file, and its line ends are replaced. If not,
    it comes off the wire, and no byte is changed: a signature may cover a single CR or LF in its body. An mbox
    separator becomes `X-Mailbox-Line`, as in Postfix.
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
            return _block(raw, fields, _unread_end(raw, position), problems)
        fields.append(_field(found, problems))
        position = found.end()
    return _block(raw, fields, _body_start(raw, position, bool(fields), problems), problems)


def _field(found: re.Match[bytes], problems: list[Problem]) -> Field:
    name, value = found.groups()
    if value.endswith(b"\r"):
        value = value[:-1]
    if name[-1] <= 32:
        problems.append(Problem("header.space_before_colon", _detail(name.rstrip())))
    if b"\0" in value:  # Postfix cuts the field there, for the milter and for the recipient
        problems.append(Problem("header.nul", _detail(name)))
        value = value[: value.index(b"\0")]
    if len(value) > _MAX_FIELD_BYTES:
        problems.append(Problem("header.long_field", _detail(name)))
        value = value[:_MAX_FIELD_BYTES]
    return Field(name, value)


def _body_start(raw: bytes, position: int, any_field: bool, problems: list[Problem]) -> int:
    """The index at which the body begins if the fields end at `position`."""
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


def _unread_end(raw: bytes, position: int) -> int:
    """The index at which the body begins if the rest of the block is not read."""
    found = _BLANK_LINE.search(raw, max(position - 1, 0))
    return found.end() if found else len(raw)


def _block(raw: bytes, fields: list[Field], body_start: int, problems: list[Problem]) -> Block:
    head = raw[:body_start]
    if raw.startswith(b"X-Mailbox-Line: "):
        problems.append(Problem("header.mbox_line"))
        if _MBOX_AUTHOR.match(raw):
            problems.append(Problem("header.space_before_colon", "From"))
    if head.count(b"\r") != head.count(b"\r\n"):
        problems.append(Problem("header.bare_cr"))
    if max(map(len, head[:_MEASURED_BYTES].split(b"\n"))) > _MAX_LINE_BYTES + 1:
        problems.append(Problem("header.long_line"))
    return Block(Headers(tuple(fields)), body_start, tuple(problems))


def _line(raw: bytes, position: int) -> str:
    return _detail(raw[position : position + 100].partition(b"\n")[0].rstrip(b"\r"))


def _detail(value: bytes) -> str:
    """Bytes as the detail of a problem: at most 200, undecodable ones replaced."""
    return value[:200].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class PartBlock:
    """The fields of a body part or attached message, and the index at which its body begins.

    `broken`: no blank line ends the block. `cut`: there are more fields than are read, so one that describes the body
    may be missing.
    """

    fields: tuple[Field, ...]
    body_start: int
    broken: bool = False
    cut: bool = False


def fields_of(data: bytes, start: int, end: int, max_fields: int) -> PartBlock:
    """The header block of the entity between the indices `start` and `end`.

    The first `max_fields` fields are kept, and the Content-* fields among ten times as many. An entity that does not
    begin with a field has none.
    """
    fields: list[Field] = []
    count = 0
    while (found := _FIELD.match(data, start, end)) and count < 10 * max_fields:
        count += 1
        if count <= max_fields or found[1][:8].lower() == b"content-":
            value = found[2]
            fields.append(Field(found[1], value[:-1] if value.endswith(b"\r") else value))
        start = found.end()
    if found:
        far = _BLANK_LINE.search(data, start - 1, end)
        return PartBlock(tuple(fields), far.end() if far else end, cut=True)
    if data.startswith(b"\r\n", start):
        return PartBlock(tuple(fields), min(start + 2, end))
    if data.startswith(b"\n", start):
        return PartBlock(tuple(fields), min(start + 1, end))
    return PartBlock(tuple(fields), min(start, end), start < end)


def describes_part(data: bytes, start: int, end: int) -> int:
    """The index behind the name of a field that describes the body, with which the data between two indices begins,
    perhaps behind blanks and NUL; 0 if it does not. What stands there may be read as the header of a part."""
    found = _DESCRIBES.match(data, start, end)
    return found.end() if found is not None else 0


def other_block(data: bytes, head: int, block: PartBlock, end: int) -> PartBlock | None:
    """The header block at the index `head`, as lenient programs read what `block` has strictly. None if both say the
    same of the body, and if `block` is cut: then nobody knows what the other fields say.

    Such programs skip lines that are no fields, end a line at a single CR, drop NUL and trim lines, and they go on
    behind an empty line if a field that describes the body follows.
    """
    if block.cut:
        return None
    goes_on = describes_part(data, block.body_start, end)
    if not (block.broken or goes_on or _says_more(data[head : block.body_start])):
        return None
    stop = block.body_start
    if block.broken or goes_on:
        at = goes_on or max(stop - 1, 0)
        blank = _BLANK_LINE.search(data, at, min(end, stop + _MAX_RESUMED_BYTES))
        if blank is None:
            return None
        stop = blank.end()
    fields = _lenient_fields(data[head : min(stop, head + _MAX_RESUMED_BYTES)])
    known = {_essence(each) for each in block.fields if each.name[:9].lower() == _DESCRIBING}
    if known.issuperset(map(_essence, fields)):
        return None
    return PartBlock((*fields, *(each for each in block.fields if each.key[:8] != "content-")), stop)


def _says_more(block: bytes) -> bool:
    """True if the name of a field that describes the body stands in a block elsewhere than at the beginning of a line,
    where each is read as a name, or if a NUL stands in it. `block` is not broken."""
    lower = block.lower()
    read = lower.count(b"\n" + _DESCRIBING) + lower.startswith(_DESCRIBING)
    return lower.count(_DESCRIBING) > read or b"\0" in block


def _lenient_fields(block: bytes) -> tuple[Field, ...]:
    """The fields that describe a body, wherever in a line they stand."""
    plain = block.replace(b"\0", b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return tuple(
        Field(b"Content-Type" if found[1][9:10] in b"yY" else b"Content-Transfer-Encoding", found[2])
        for found in _lenient_matches(plain)
    )


def _lenient_matches(plain: bytes) -> Iterator[re.Match[bytes]]:
    """What `_LENIENT_FIELD.finditer` finds. A search for the name is faster than a match at every line: it often stands
    in the middle of a line, in the list of the fields that are signed."""
    lower = plain.lower()
    begin, at = 0, lower.find(_DESCRIBING)
    while at >= 0:
        line = plain.rfind(b"\n", 0, at) + 1
        found = None
        if line >= begin and not plain[line:at].strip(b" \t"):
            found = _LENIENT_FIELD.match(plain, line)
        if found is not None:
            yield found
            begin = found.end()
        at = lower.find(_DESCRIBING, max(begin, at + 1))


def _essence(field: Field) -> tuple[str, bytes]:
    """Name and first word of a field."""
    return field.key, field.value.partition(b";")[0].strip().lower()


def has_odd_line_end(block: bytes) -> bool:
    """True if a line with a field that describes the body begins or ends in another way than with CRLF, while others
    have CRLF, or holds a NUL."""
    within = block.replace(b"\r\n", b"")  # the lines without their ends; faster than to count these
    if len(within) == len(block) or not (b"\n" in within or b"\r" in within or b"\0" in within):
        return False
    return any(
        line[0].count(b"\r") != 1 or not line[0].endswith(b"\r\n") or b"\0" in line[0]
        or block[max(line.start() - 2, 0) : line.start()] not in {b"", b"\r\n"}
        for line in _DESCRIBING_LINE.finditer(block)
    )  # fmt: skip


def field_text(value: bytes) -> str:
    """The value of a field on one line. Bytes that are not UTF-8 become surrogate escapes."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.decode("utf-8", "surrogateescape").strip()
