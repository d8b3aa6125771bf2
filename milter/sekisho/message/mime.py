"""The MIME tree of a message (RFC 2045, 2046): its leaves in order, with their content decoded.

It reads what mail programs read: a boundary without quotes, a multipart without its last delimiter, attached messages.
Preamble and epilogue are skipped, since programs do not show them. If programs read something differently (`describe`,
`delimiters`), it is read in every way, and the leaves of all readings are given, those of the likeliest first. The walk
is without recursion, and `Limits` bounds it.

Problems: `mime.ambiguous` (mail programs read this differently; the detail says what), `mime.no_boundary` (a multipart
without a boundary, or whose boundary never comes; it is read as text, and by the boundary that it seems to have),
`mime.unfinished` (no last delimiter), `mime.elsewhere` (the content comes in several messages, or is fetched from
elsewhere), `mime.base64`, `mime.encoding`, those of `charsets`, `limit.mime_depth`, `limit.mime_parts`,
`limit.text_characters`, `limit.part_fields`.

The parts of a message inside the message (an attached one, also as a file `.eml`, the header of a returned one, a
report) have its number, and `MimeTree.heads` has the header of each. A part that is inner in one reading and the
message's own in another is its own.

It cannot see TNEF, encrypted parts, or what is inside archives and documents.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import NamedTuple

from sekisho import charsets
from sekisho.message import delimiters, leaf, transfer
from sekisho.message.budget import FieldBudget
from sekisho.message.delimiters import Body
from sekisho.message.describe import Description, HeaderReading, describe
from sekisho.message.headers import PartBlock, fields_of, has_odd_line_end, other_block
from sekisho.message.limits import Limits
from sekisho.message.model import Field, Part, Problem
from sekisho.message.values import Value

_MAX_PART_FIELDS = 100
"""Fields of a part that are kept. Among ten times as many, the Content-* fields are kept, too."""
_MAX_OTHER_READINGS = 16
"""Readings of one message in addition to the likeliest. What is not read in every way is still reported."""
_MESSAGE_NAME = ".eml"
_NO_FILES = ("message/", "text/")
"""The types of which mail programs show the content. The others are files: the ending of the name opens them."""
_BYTES_PER_CHARACTER = 2
"""Bytes that are decoded for each character of text that may still be read. Without this limit, bytes that are mostly
escape sequences, or broken, take seconds."""
_MAX_BLANKS = 1_000
"""Blanks of a run that are kept, more than any screen shows."""
_BLANKS = re.compile(rf"(?<!\s)\s{{{_MAX_BLANKS + 1},}}+")
_KEPT_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".zip")
_ARCHIVE_TYPES = frozenset({"application/zip", "application/x-zip-compressed", "application/x-zip"})


@dataclass(frozen=True, slots=True)
class Entity:
    """A node of the tree that is not read yet.

    It has its header fields, and its body between the indices `start` and `end` of `data`. `depth` is its level, 0 for
    the message. `default` is its media type if no field declares one. `broken`: no blank line ended its header block.
    `inner` as in Part. `head` is the index at which the header block begins. `cut`: it has more fields than are read.
    """

    data: bytes
    fields: tuple[Field, ...]
    start: int
    end: int
    depth: int = 0
    default: str = "text/plain"
    broken: bool = False
    inner: int = 0
    head: int = 0
    cut: bool = False


class InnerHead(NamedTuple):
    """The header of a message inside the message; `report` is the media type of a report, else empty."""

    fields: tuple[Field, ...] = ()
    report: str = ""


class MimeTree(NamedTuple):
    """The leaves in order, the headers of the messages inside (that of number n at index n - 1), and the problems."""

    parts: tuple[Part, ...]
    heads: tuple[InnerHead, ...]
    problems: tuple[Problem, ...]


def read(entity: Entity, limits: Limits, budget: FieldBudget | None = None) -> MimeTree:
    """The tree of an entity, decoded. `budget` is that of the message. Never raises."""
    walk = _MimeWalk(limits, budget or FieldBudget(limits))
    walk.over(entity)
    return MimeTree(tuple(walk.parts), tuple(walk.heads), tuple(walk.problems))


class _MimeWalk:
    """The walk over the tree of one message, which collects its leaves and problems."""

    def __init__(self, limits: Limits, budget: FieldBudget) -> None:
        self.parts: list[Part] = []
        self.heads: list[InnerHead] = []
        self.problems: dict[Problem, None] = {}
        self._limits = limits
        self._budget = budget
        # For pages (True), and for other text (False).
        self._characters_left = {True: limits.text_characters, False: limits.text_characters}
        self._parts_left = limits.mime_parts
        self._readings_left = _MAX_OTHER_READINGS
        self._known_body: Body | None = None
        self._root_data = b""
        self._delimiters: Counter[bytes] = Counter()

    def over(self, root: Entity) -> None:
        self._root_data = root.data
        block = PartBlock(root.fields, root.start, root.broken, root.cut)
        waiting = [*self._resumed(root, block), root]
        while waiting:
            entity = waiting.pop()
            described = describe(entity.fields, entity.default, self._budget)
            for what in described.ambiguous:
                self.note("mime.ambiguous", what)
            inside: list[Entity] = []
            for reading in self._granted(described.readings):
                inside += self._read(entity, reading, described)
            waiting.extend(reversed(inside))
        if len(self._delimiters) > 1 and delimiters.strays(root.data, self._delimiters):
            self.note("mime.ambiguous", "a delimiter outside of its multipart")

    def note(self, code: str, detail: str = "") -> None:
        self.problems[Problem(code, detail)] = None

    def _granted(self, readings: tuple[HeaderReading, ...]) -> tuple[HeaderReading, ...]:
        """The likeliest reading, and as many others as the message may still have."""
        others = readings[1 : 1 + max(self._readings_left, 0)]
        self._readings_left -= len(others)
        return readings[:1] + others

    def _take_reading(self) -> bool:
        """Use one of the other readings of the message. False if none is left."""
        self._readings_left -= 1
        return self._readings_left >= 0

    def _read(self, entity: Entity, reading: HeaderReading, described: Description) -> list[Entity]:
        """The entities inside an entity. An entity without any is a leaf.

        A multipart whose boundary never comes is a leaf, too, and may have parts by a guessed boundary.
        """
        if reading.media in leaf.EXTERNAL_TYPES:
            self.note("mime.elsewhere", reading.media)
        file = self._is_message_file(reading, described)
        container = reading.multipart or reading.media in leaf.MESSAGE_TYPES or file
        if container and entity.depth >= self._limits.mime_depth:
            self.note("limit.mime_depth", str(entity.depth))
            container = False
        inside: list[Entity] = []
        if container:
            inside = (
                self._multipart(entity, reading) if reading.multipart else self._attached(entity, reading)
            )
        if not inside or file:
            self._leaf(entity, reading, described)
            inside = inside or self._uuencoded(entity, reading)
            if container and reading.multipart:
                inside = self._guessed(entity, reading)
            elif not reading.multipart and (boundary := reading.type.parameters.get("boundary", "")):
                inside = self._parted_otherwise(entity, boundary.encode("utf-8", "surrogateescape"), reading)
        return inside

    def _uuencoded(self, entity: Entity, reading: HeaderReading) -> list[Entity]:
        """The files that stand in a plain text as uuencode, which some programs show as attached."""
        if reading.media != "text/plain" or reading.encoded:
            return []
        found = transfer.uuencoded_files(entity.data, entity.start, entity.end)
        files = [
            replace(entity, fields=_uuencoded_fields(name), start=start, end=end, depth=entity.depth + 1)
            for name, start, end in found[: max(self._parts_left, 0)]
        ]
        self._parts_left -= len(files)
        return files

    def _decoded(self, entity: Entity, reading: HeaderReading) -> Entity:
        data = entity.data[entity.start : entity.end]
        data, problems = transfer.decode(data, reading.encoding, len(data))
        self.problems.update(dict.fromkeys(problems))
        return replace(entity, data=data, start=0, end=len(data))

    def _is_message_file(self, reading: HeaderReading, described: Description) -> bool:
        """True for a file that mail programs open as a message."""
        if reading.multipart or reading.media.startswith(_NO_FILES):
            return False
        name = self._filename(described.disposition, reading.type)
        return name is not None and name.rstrip(" .").lower().endswith(_MESSAGE_NAME)

    def _attached(self, entity: Entity, reading: HeaderReading) -> list[Entity]:
        """The attached message. If it declares an encoding, which RFC 2046 forbids, it is read decoded and as it is."""
        if self._parts_left <= 0:
            self.note("limit.mime_parts", str(self._limits.mime_parts))
            return []
        self._parts_left -= 1
        number = len(self.heads) + 1
        entity = entity if entity.inner else replace(entity, inner=number)
        source = self._decoded(entity, reading) if reading.encoded else entity
        inside = self._inside(source, source.start, source.end, "text/plain")
        if entity.inner == number:
            self.heads.append(InnerHead(inside[0].fields))
        if not reading.encoded or reading.media not in leaf.MESSAGE_TYPES:  # a file may be encoded
            return inside
        if fields_of(entity.data, entity.start, entity.end, 1).fields and self._take_reading():
            self.note("mime.ambiguous", "an encoded message that reads as it stands")
            inside += self._inside(entity, entity.start, entity.end, "text/plain")
        return inside

    def _multipart(self, entity: Entity, reading: HeaderReading) -> list[Entity]:
        boundary = reading.boundary.encode("utf-8", "surrogateescape")[: delimiters.MAX_BOUNDARY_BYTES]
        stated = boundary.rstrip()
        inside = self._parted(entity, stated, reading) if stated else []
        if reading.encoded and stated and self._take_reading():
            inside += self._parted(self._decoded(entity, reading), stated, reading)
        for form in delimiters.other_forms(boundary):
            inside += self._parted_otherwise(entity, form, reading)
        if not inside:
            self.note("mime.no_boundary", stated[:100].decode("utf-8", "replace"))
        return inside

    def _parted_otherwise(self, entity: Entity, boundary: bytes, reading: HeaderReading) -> list[Entity]:
        """The parts by a boundary that only some programs read, if there are any."""
        if (
            not delimiters.delimits(entity.data, entity.start, entity.end, boundary)
            or not self._take_reading()
        ):
            return []
        self.note("mime.ambiguous", "a boundary that programs read differently")
        return self._parted(entity, boundary, reading)

    def _guessed(self, entity: Entity, reading: HeaderReading) -> list[Entity]:
        """The parts of a multipart by the boundary that it seems to have, as the declared one never comes."""
        boundary = delimiters.guessed_boundary(entity.data, entity.start, entity.end)
        return self._parted(entity, boundary, reading) if boundary and self._take_reading() else []

    def _parted(self, entity: Entity, boundary: bytes, reading: HeaderReading) -> list[Entity]:
        default = "message/rfc822" if reading.media == "multipart/digest" else "text/plain"
        return [
            each
            for start, end in self._spans(entity, boundary)
            for each in self._inside(entity, start, end, default)
        ]

    def _spans(self, entity: Entity, boundary: bytes) -> tuple[tuple[int, int], ...]:
        """Start and end of each part. Parts that only lenient programs see come last."""
        body = self._body(entity.data)
        found = delimiters.split(body, entity.start, entity.end, boundary, self._parts_left)
        for what in found.odd:
            self.note("mime.ambiguous", what)
        if entity.data is self._root_data:
            self._delimiters[boundary] += found.lines
        spans = found.spans
        if delimiters.TEXT_AFTER_DELIMITER in found.odd and self._take_reading():
            more = delimiters.split(body, entity.start, entity.end, boundary, self._parts_left, lenient=True)
            spans = tuple(dict.fromkeys(spans + more.spans))
        if spans and not found.closed:
            self.note("mime.unfinished")
        if len(spans) > self._parts_left or found.cut:
            self.note("limit.mime_parts", str(self._limits.mime_parts))
        if found.outside and self._take_reading():
            self.note("mime.ambiguous", "a page outside of the parts")
            spans += found.outside
        spans = spans[: max(self._parts_left, 0)]
        self._parts_left -= len(spans)
        return spans

    def _body(self, data: bytes) -> Body:
        """The Body of the bytes that hold a multipart. Nested multiparts share it."""
        known = self._known_body
        if known is None or known.data is not data:
            known = self._known_body = Body(data)
        return known

    def _inside(self, outer: Entity, start: int, end: int, default: str) -> list[Entity]:
        """The entity between the indices `start` and `end`, in every way that its header block can be read."""
        block = fields_of(outer.data, start, end, _MAX_PART_FIELDS)
        if block.cut:
            self.note("limit.part_fields")
        entity = Entity(
            data=outer.data,
            fields=block.fields,
            start=block.body_start,
            end=end,
            depth=outer.depth + 1,
            default=default,
            broken=block.broken,
            inner=outer.inner,
            head=start,
            cut=block.cut,
        )
        return [entity, *self._resumed(entity, block)]

    def _resumed(self, entity: Entity, block: PartBlock) -> list[Entity]:
        """The entity as lenient programs read its header block, if they read another one than `block`."""
        if has_odd_line_end(entity.data[entity.head : entity.start]):
            self.note("mime.ambiguous", "a field with an odd line end")
        more = other_block(entity.data, entity.head, block, entity.end)
        if more is None or not self._take_reading():
            return []
        if entity.depth or not entity.broken:  # for the block of the message itself, `headers` reports it
            self.note("mime.ambiguous", "a broken header block")
        return [replace(entity, fields=more.fields, start=more.body_start, broken=False)]

    def _leaf(self, entity: Entity, reading: HeaderReading, described: Description) -> None:
        filename = self._filename(described.disposition, reading.type)
        media = reading.media
        page = leaf.is_page(media, filename)
        textual = page or media.startswith(("text/", "multipart/")) or leaf.is_report(media)
        most = (
            _BYTES_PER_CHARACTER * self._characters_left[page]
            if textual
            else self._max_bytes(media, filename)
        )
        enough = entity.data[entity.start : min(entity.end, entity.start + transfer.encoded_size(most))]
        content, problems = transfer.decode(enough, reading.encoding, most)
        self.problems.update(dict.fromkeys(problems))
        if textual and (what := leaf.odd_content(content, page)):
            self.note("mime.ambiguous", what)
        if textual and len(content) == most and entity.end > entity.start:  # there may be more text
            self.note("limit.text_characters", str(self._limits.text_characters))
        text = self._text(content, reading.charset or leaf.meta_charset(content), page) if textual else ""
        disposition = described.disposition.token or None
        if textual:
            content = content[: self._limits.prefix_bytes]
        inner = entity.inner or self._inner_leaf(media)
        self._keep(
            Part(media, reading.charset, filename, content, text, disposition, described.content_id, inner)
        )

    def _inner_leaf(self, media: str) -> int:
        """The number of the message that a leaf of this type is or reports on; 0 for what the message says itself."""
        if media not in leaf.HEADER_TYPES and not leaf.is_report(media):
            return 0
        self.heads.append(InnerHead(report="" if media in leaf.HEADER_TYPES else media))
        return len(self.heads)

    def _keep(self, part: Part) -> None:
        """Add a leaf, once if several readings give it."""
        recent = self.parts[-_MAX_OTHER_READINGS:]
        if self._readings_left == _MAX_OTHER_READINGS or part not in recent:
            self.parts.append(part)
        elif not part.inner:
            self.parts[len(self.parts) - len(recent) + recent.index(part)] = part

    def _max_bytes(self, media: str, filename: str | None) -> int:
        """The number of decoded bytes that are kept of a leaf without text."""
        looked_at = media.startswith("image/") or media in _ARCHIVE_TYPES
        looked_at = looked_at or bool(filename and filename.lower().endswith(_KEPT_NAMES))
        return self._limits.image_bytes if looked_at else self._limits.prefix_bytes

    def _text(self, content: bytes, charset: str | None, page: bool) -> str:
        """The decoded text, cut to the characters that are left. Pages and other text have limits of their own."""
        decoded = charsets.decode(content, charset)
        for code, detail in decoded.problems:
            self.note(code, detail)
        whole = decoded.text
        if len(whole) > leaf.SEARCHED_FROM_CHARS:
            whole = _BLANKS.sub(lambda run: run[0][:_MAX_BLANKS], whole)
        text = whole[: self._characters_left[page]]
        if len(text) < len(whole):
            self.note("limit.text_characters", str(self._limits.text_characters))
        self._characters_left[page] -= len(text)
        return text

    def _filename(self, disposition: Value, media: Value) -> str | None:
        for value, name in ((disposition, "filename"), (media, "name")):
            if not value.parameters:
                continue
            text, problems = value.text(name)
            self.problems.update(dict.fromkeys(problems))
            if text:
                return text[:1000]
        return None


def _uuencoded_fields(name: bytes) -> tuple[Field, ...]:
    """The header of a uuencoded file with that name."""
    described = b'application/octet-stream; name="' + name.replace(b'"', b"") + b'"'
    return (Field(b"Content-Type", described), Field(b"Content-Transfer-Encoding", b"x-uuencode"))
