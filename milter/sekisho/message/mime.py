"""The MIME tree of a message, walked on bytes (RFC 2045, 2046), and its leaves with their content decoded.

Reads as leniently as mail programs do: a boundary without quotes, a missing last delimiter, preamble and
epilogue (which nobody is shown), attached messages opened. What programs read differently (`describe`,
`delimiters`) is read every way: the leaves of each reading are there, the likeliest first. Without recursion,
within the limits of `Limits`.

Problems: `mime.ambiguous` (mail programs will read this differently; the detail says what),
`mime.no_boundary` (a multipart without one, or whose boundary never comes: read as text, and by the boundary
that it seems to have), `mime.unfinished` (no last delimiter), `mime.elsewhere` (the content comes in pieces or
lies elsewhere), `mime.base64`, `mime.encoding`, those of `charsets`, `limit.mime_depth`, `limit.mime_parts`,
`limit.text_characters`, `limit.part_fields`.

Cannot see: TNEF, encrypted parts, what is inside archives and documents, uuencode in running text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sekisho import charsets
from sekisho.message import delimiters, transfer
from sekisho.message.budget import FieldBudget
from sekisho.message.delimiters import Body
from sekisho.message.describe import Description, HeaderReading, describe
from sekisho.message.headers import fields_of, resumed
from sekisho.message.limits import Limits
from sekisho.message.model import Field, Part, Problem
from sekisho.message.values import Value

_PART_FIELDS = 100
"""Fields of a part that are kept; of ten times as many, those that describe it."""
_OTHER_READINGS = 16
"""Readings beyond the likeliest that one message gets: what is odder still is flagged all the same."""
_ATTACHED = frozenset({"message/rfc822", "message/global", "message/news"})
_ELSEWHERE = frozenset({"message/partial", "message/external-body"})
_BYTES_A_CHARACTER = 2
"""Bytes that are decoded for each character of text that may still be read: more cost seconds in charsets whose bytes
are mostly escape sequences or broken."""
_HTML = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
_LONG = 65_536
"""Characters of a text that is searched for runs of blanks, which would spend the budget."""
_MOST_BLANKS = 1_000
"""Blanks of a run that are kept: more than any screen shows."""
_BLANKS = re.compile(rf"(?<!\s)\s{{{_MOST_BLANKS + 1},}}+")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([\w-]{1,40})", re.IGNORECASE)
_HTML_NAMES = (".html", ".htm", ".xhtml", ".shtml", ".xht", ".svg")
_KEPT_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".zip")
_ARCHIVES = frozenset({"application/zip", "application/x-zip-compressed", "application/x-zip"})
_PAGE = re.compile(r"\s{0,99}<(?:!doctype\s{1,9}html|html[\s>])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entity:
    """A node of the tree, not yet opened: its own header fields, and where in `data` its body lies. `broken`:
    no blank line ended the header block."""

    data: bytes
    fields: tuple[Field, ...]
    start: int
    end: int
    depth: int = 0
    default: str = "text/plain"
    broken: bool = False


def is_html(part: Part) -> bool:
    """True for what its reader will see as a page: by type, by the name of an attachment, or since it begins
    like one, which some programs go by."""
    if part.media in _HTML or (part.filename and part.filename.lower().endswith(_HTML_NAMES)):
        return True
    return _PAGE.match(part.text) is not None


def is_attached(part: Part) -> bool:
    """True for a page that mail programs show as a file to be opened, not as the message."""
    if part.disposition == "attachment":
        return True
    return bool(part.filename) and part.media not in _HTML and not part.media.startswith("text/")


def read(
    entity: Entity, limits: Limits, budget: FieldBudget | None = None
) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """The leaves of the tree in order, decoded, and what was odd. `budget` is that of the message. Never raises."""
    walk = _Walk(limits, budget or FieldBudget(limits))
    walk.over(entity)
    return tuple(walk.parts), tuple(walk.problems)


class _Walk:
    """One walk over one message's tree."""

    def __init__(self, limits: Limits, budget: FieldBudget) -> None:
        self.parts: list[Part] = []
        self.problems: dict[Problem, None] = {}
        self._limits = limits
        self._budget = budget
        # Of pages, and of other text.
        self._characters = {True: limits.text_characters, False: limits.text_characters}
        self._room = limits.mime_parts
        self._others = _OTHER_READINGS
        self._known_body: Body | None = None

    def over(self, root: Entity) -> None:
        waiting = [*self._resumed(root), root]
        while waiting:
            entity = waiting.pop()
            described = describe(entity.fields, entity.default, self._budget)
            for what in described.ambiguous:
                self.note("mime.ambiguous", what)
            inside: list[Entity] = []
            for reading in self._granted(described.readings):
                inside += self._read(entity, reading, described)
            waiting.extend(reversed(inside))

    def note(self, code: str, detail: str = "") -> None:
        self.problems[Problem(code, detail)] = None

    def _granted(self, readings: tuple[HeaderReading, ...]) -> tuple[HeaderReading, ...]:
        """The likeliest reading, and as many others as the message still gets."""
        others = readings[1 : 1 + max(self._others, 0)]
        self._others -= len(others)
        return readings[:1] + others

    def _another(self) -> bool:
        """True if the message gets one more reading."""
        self._others -= 1
        return self._others >= 0

    def _read(self, entity: Entity, reading: HeaderReading, described: Description) -> list[Entity]:
        """The entities inside; what has none is a leaf, and one that should have some may be both."""
        if reading.media in _ELSEWHERE:
            self.note("mime.elsewhere", reading.media)
        container = reading.multipart or reading.media in _ATTACHED
        if container and entity.depth >= self._limits.mime_depth:
            self.note("limit.mime_depth", str(entity.depth))
            container = False
        inside: list[Entity] = []
        if container:
            inside = (
                self._multipart(entity, reading) if reading.multipart else self._attached(entity, reading)
            )
        if not inside:
            self._leaf(entity, reading, described)
            if container and reading.multipart:
                inside = self._guessed(entity, reading)
        return inside

    def _decoded(self, entity: Entity, reading: HeaderReading) -> Entity:
        data = entity.data[entity.start : entity.end]
        data, problems = transfer.decode(data, reading.encoding, len(data))
        self.problems.update(dict.fromkeys(problems))
        return replace(entity, data=data, start=0, end=len(data))

    def _attached(self, entity: Entity, reading: HeaderReading) -> list[Entity]:
        """The attached message; one that claims an encoding, which RFC 2046 forbids, also as it stands."""
        if self._room <= 0:
            self.note("limit.mime_parts", str(self._limits.mime_parts))
            return []
        self._room -= 1
        if not reading.encoded:
            return self._inside(entity, entity.start, entity.end, "text/plain")
        decoded = self._decoded(entity, reading)
        inside = self._inside(decoded, 0, decoded.end, "text/plain")
        if fields_of(entity.data, entity.start, entity.end, 1).fields and self._another():
            self.note("mime.ambiguous", "an encoded message that reads as it stands")
            inside += self._inside(entity, entity.start, entity.end, "text/plain")
        return inside

    def _multipart(self, entity: Entity, reading: HeaderReading) -> list[Entity]:
        boundary = reading.boundary.encode("utf-8", "surrogateescape").rstrip()[: delimiters.LONGEST]
        inside = self._parted(entity, boundary, reading) if boundary else []
        if reading.encoded and boundary and self._another():
            inside += self._parted(self._decoded(entity, reading), boundary, reading)
        if not inside:
            self.note("mime.no_boundary", boundary[:100].decode("utf-8", "replace"))
        return inside

    def _guessed(self, entity: Entity, reading: HeaderReading) -> list[Entity]:
        """The parts of a multipart that names no boundary which is there, by the one it seems to have."""
        boundary = delimiters.guess(entity.data, entity.start, entity.end)
        return self._parted(entity, boundary, reading) if boundary and self._another() else []

    def _parted(self, entity: Entity, boundary: bytes, reading: HeaderReading) -> list[Entity]:
        default = "message/rfc822" if reading.media == "multipart/digest" else "text/plain"
        return [
            each
            for start, end in self._spans(entity, boundary)
            for each in self._inside(entity, start, end, default)
        ]

    def _spans(self, entity: Entity, boundary: bytes) -> tuple[tuple[int, int], ...]:
        """Where the parts lie; those that only lenient programs see come after the others."""
        body = self._body(entity.data)
        found = delimiters.split(body, entity.start, entity.end, boundary, self._room)
        for what in found.odd:
            self.note("mime.ambiguous", what)
        spans = found.spans
        if delimiters.TEXT_BEHIND in found.odd and self._another():
            more = delimiters.split(body, entity.start, entity.end, boundary, self._room, lenient=True)
            spans = tuple(dict.fromkeys(spans + more.spans))
        if spans and not found.closed:
            self.note("mime.unfinished")
        if len(spans) > self._room or found.cut:
            self.note("limit.mime_parts", str(self._limits.mime_parts))
        spans = spans[: max(self._room, 0)]
        self._room -= len(spans)
        return spans

    def _body(self, data: bytes) -> Body:
        """What is known of the bytes that a multipart lies in: nested ones share it."""
        known = self._known_body
        if known is None or known.data is not data:
            known = self._known_body = Body(data)
        return known

    def _inside(self, outer: Entity, start: int, end: int, default: str) -> list[Entity]:
        """The entity between `start` and `end`, in each way that its header block can be read."""
        block = fields_of(outer.data, start, end, _PART_FIELDS)
        if block.cut:
            self.note("limit.part_fields")
        depth = outer.depth + 1
        entity = Entity(outer.data, block.fields, block.body_start, end, depth, default, block.broken)
        return [entity, *self._resumed(entity)]

    def _resumed(self, entity: Entity) -> list[Entity]:
        """The entity for programs that read on after a line that is no header, up to the blank line."""
        if not entity.broken:
            return []
        more = resumed(entity.data, entity.start, entity.end, _PART_FIELDS)
        if more is None or not self._another():
            return []
        if entity.depth:  # of the message's own block, `headers` has said it
            self.note("mime.ambiguous", "a broken header block")
        return [replace(entity, fields=entity.fields + more.fields, start=more.body_start, broken=False)]

    def _leaf(self, entity: Entity, reading: HeaderReading, described: Description) -> None:
        filename = self._filename(described.disposition, reading.type)
        media = reading.media
        page = media in _HTML or bool(filename and filename.lower().endswith(_HTML_NAMES))
        textual = page or media.startswith(("text/", "multipart/"))
        most = _BYTES_A_CHARACTER * self._characters[page] if textual else self._most(media, filename)
        enough = entity.data[entity.start : min(entity.end, entity.start + transfer.encoded_size(most))]
        content, problems = transfer.decode(enough, reading.encoding, most)
        self.problems.update(dict.fromkeys(problems))
        if textual and len(content) == most and entity.end > entity.start:  # there may be more of it
            self.note("limit.text_characters", str(self._limits.text_characters))
        text = self._text(content, reading.charset or _meta_charset(content), page) if textual else ""
        disposition = described.disposition.token or None
        if textual:
            content = content[: self._limits.prefix_bytes]
        part = Part(media, reading.charset, filename, content, text, disposition, described.content_id)
        if self._others == _OTHER_READINGS or part not in self.parts[-_OTHER_READINGS:]:
            self.parts.append(part)

    def _most(self, media: str, filename: str | None) -> int:
        """Decoded bytes worth having of a leaf that is no text."""
        looked_at = media.startswith("image/") or media in _ARCHIVES
        looked_at = looked_at or bool(filename and filename.lower().endswith(_KEPT_NAMES))
        return self._limits.image_bytes if looked_at else self._limits.prefix_bytes

    def _text(self, content: bytes, charset: str | None, page: bool) -> str:
        """The text, out of the budget for its kind: plain text in front of a page takes nothing from it."""
        decoded = charsets.decode(content, charset)
        for code, detail in decoded.problems:
            self.note(code, detail)
        whole = decoded.text
        if len(whole) > _LONG:
            whole = _BLANKS.sub(lambda run: run[0][:_MOST_BLANKS], whole)
        text = whole[: self._characters[page]]
        if len(text) < len(whole):
            self.note("limit.text_characters", str(self._limits.text_characters))
        self._characters[page] -= len(text)
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


def _meta_charset(content: bytes) -> str | None:
    """The charset that a page names itself, which counts where the header names none."""
    found = _META.search(content[:2048]) if b"<" in content[:2048] else None
    return found[1].decode("ascii", "replace") if found else None
