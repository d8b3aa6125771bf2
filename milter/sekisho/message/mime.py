"""The MIME tree of a message, walked on bytes (RFC 2045, 2046), and its leaves with their content decoded.

Reads as leniently as mail programs do: a boundary without quotes, a missing last delimiter, preamble and
epilogue (which nobody is shown), attached messages opened. Without recursion, within the limits of `Limits`.

Problems: `mime.ambiguous` (mail programs will read this differently; the detail says what),
`mime.no_boundary` (a multipart without one, or whose boundary never comes: read as text), `mime.unfinished`
(no last delimiter), `mime.base64`, `mime.encoding`, those of `charsets`, `limit.mime_depth`,
`limit.mime_parts`, `limit.text_characters`.

Cannot see: uuencode, TNEF, encrypted parts, what is inside archives and documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sekisho import charsets
from sekisho.message import transfer, values
from sekisho.message.headers import field_text, fields_of
from sekisho.message.limits import Limits
from sekisho.message.model import Field, Part, Problem
from sekisho.message.values import Value

_PART_FIELDS = 100
_LONGEST_BOUNDARY = 1_000
_FALSE_DELIMITERS = 10_000
"""Lines that begin like a delimiter and are none, after which a multipart is not searched any further."""
_ATTACHED = frozenset({"message/rfc822", "message/global", "message/news"})
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([\w-]{1,40})", re.IGNORECASE)
_HTML_NAMES = (".html", ".htm", ".xhtml", ".shtml")


@dataclass(frozen=True, slots=True)
class Entity:
    """A node of the tree, not yet opened: its own header fields, and where in `data` its body lies."""

    data: bytes
    fields: tuple[Field, ...]
    start: int
    end: int
    depth: int = 0
    default: str = "text/plain"


@dataclass(frozen=True, slots=True)
class _Description:
    """What an entity's header says of its body."""

    media: str
    type: Value
    encoding: str
    disposition: Value
    content_id: str | None


def is_html(part: Part) -> bool:
    """True for what its reader will see as a page: by type, or by the name of an attachment."""
    return part.media in _HTML or bool(part.filename and part.filename.lower().endswith(_HTML_NAMES))


def read(entity: Entity, limits: Limits) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """The leaves of the tree in order, decoded, and what was odd. Never raises."""
    walk = _Walk(limits)
    walk.over(entity)
    return tuple(walk.parts), tuple(walk.problems)


class _Walk:
    """One walk over one message's tree."""

    def __init__(self, limits: Limits) -> None:
        self.parts: list[Part] = []
        self.problems: dict[Problem, None] = {}
        self._limits = limits
        self._characters = limits.text_characters
        self._room = limits.mime_parts

    def over(self, root: Entity) -> None:
        waiting = [root]
        while waiting:
            entity = waiting.pop()
            described = self._describe(entity)
            children = self._children(entity, described)
            if children is None:
                self._leaf(entity, described)
            else:
                waiting.extend(reversed(children))

    def note(self, code: str, detail: str = "") -> None:
        self.problems[Problem(code, detail)] = None

    def _describe(self, entity: Entity) -> _Description:
        content: dict[str, str] = {}
        for field in entity.fields:
            if field.name[:8].lower() != b"content-":
                continue
            key = field.key[8:]
            if key not in content:
                content[key] = field_text(field.value)
            elif key in {"type", "transfer-encoding", "disposition"}:
                self.note("mime.ambiguous", f"several Content-{key} fields")
        declared = values.parse(content.get("type"))
        media = declared.token or entity.default
        if "/" not in media:
            media = "text/plain"
        for name in declared.repeated:
            if name in {"boundary", "charset"}:
                self.note("mime.ambiguous", f"several {name} parameters")
        encoding = values.parse(content.get("transfer-encoding")).token
        disposition = values.parse(content.get("disposition"))
        content_id = content.get("id")
        return _Description(media, declared, encoding, disposition, content_id and content_id.strip("<> "))

    def _children(self, entity: Entity, described: _Description) -> list[Entity] | None:
        """The entities inside, or None for a leaf."""
        multipart = described.media.startswith("multipart/")
        if not multipart and described.media not in _ATTACHED:
            return None
        if entity.depth >= self._limits.mime_depth:
            self.note("limit.mime_depth", str(entity.depth))
            return None
        if multipart:
            return self._multipart(entity, described)
        return [self._attached(entity, described)]

    def _attached(self, entity: Entity, described: _Description) -> Entity:
        data, start, end = entity.data, entity.start, entity.end
        if described.encoding in {"base64", "quoted-printable"}:
            data, problems = transfer.decode(data[start:end], described.encoding, end - start)
            self.problems.update(dict.fromkeys(problems))
            start, end = 0, len(data)
        return self._inside(data, start, end, entity.depth + 1, "text/plain")

    def _multipart(self, entity: Entity, described: _Description) -> list[Entity] | None:
        boundary = (described.type.get("boundary") or "").encode("utf-8", "surrogateescape").rstrip()
        boundary = boundary[:_LONGEST_BOUNDARY]
        if described.encoding in {"base64", "quoted-printable"}:
            self.note("mime.ambiguous", "an encoded multipart")
        spans, closed = _spans(entity, boundary, self._room) if boundary else ([], False)
        if not spans:
            self.note("mime.no_boundary", boundary[:100].decode("utf-8", "replace"))
            return None
        if not closed:
            self.note("mime.unfinished")
        if len(spans) > self._room:
            self.note("limit.mime_parts", str(self._limits.mime_parts))
        spans = spans[: self._room]
        self._room -= len(spans)
        default = "message/rfc822" if described.media == "multipart/digest" else "text/plain"
        return [self._inside(entity.data, start, end, entity.depth + 1, default) for start, end in spans]

    def _inside(self, data: bytes, start: int, end: int, depth: int, default: str) -> Entity:
        fields, body = fields_of(data, start, end, _PART_FIELDS)
        return Entity(data, fields, body, end, depth, default)

    def _leaf(self, entity: Entity, described: _Description) -> None:
        filename = self._filename(described)
        disposition = described.disposition.token or None
        charset = described.type.get("charset")
        media = described.media
        textual = media.startswith(("text/", "multipart/")) or media in _HTML
        textual = textual or bool(filename and filename.lower().endswith(_HTML_NAMES))
        most = self._most(media, textual)
        enough = entity.data[entity.start : min(entity.end, entity.start + transfer.encoded_size(most))]
        content, problems = transfer.decode(enough, described.encoding, most)
        self.problems.update(dict.fromkeys(problems))
        text = self._text(content, charset or _meta_charset(content)) if textual else ""
        part = Part(media, charset, filename, content, text, disposition, described.content_id)
        self.parts.append(part)

    def _most(self, media: str, textual: bool) -> int:
        """Decoded bytes worth having of a leaf."""
        if textual:
            return 4 * self._characters
        return self._limits.image_bytes if media.startswith("image/") else self._limits.prefix_bytes

    def _text(self, content: bytes, charset: str | None) -> str:
        decoded = charsets.decode(content, charset)
        for code, detail in decoded.problems:
            self.note(code, detail)
        text = decoded.text[: self._characters]
        if len(text) < len(decoded.text):
            self.note("limit.text_characters", str(self._limits.text_characters))
        self._characters -= len(text)
        return text

    def _filename(self, described: _Description) -> str | None:
        for value, name in ((described.disposition, "filename"), (described.type, "name")):
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


def _spans(entity: Entity, boundary: bytes, most: int) -> tuple[list[tuple[int, int]], bool]:
    """Start and end of each body part, and whether the closing delimiter came. At most `most` + 1 parts."""
    data, end = entity.data, entity.end
    mark = b"\n--" + boundary
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    at, false = _first(entity, mark), 0
    while at >= -1 and len(spans) <= most and false <= _FALSE_DELIMITERS:
        after = at + len(mark)
        stop = data.find(b"\n", after, end)
        stop = end if stop < 0 else stop
        tail = data[after : min(stop, after + 200)].strip(b" \t\r")
        if tail in {b"", b"--"}:
            if opened is not None:
                spans.append((opened, max(opened, _before(data, at))))
            if tail:
                return spans, True
            opened = min(stop + 1, end)
        else:
            false += 1
        at = data.find(mark, max(at + 1, 0), end)
        at = -2 if at < 0 else at
    if opened is not None and len(spans) <= most:
        spans.append((opened, end))
    return spans, False


def _first(entity: Entity, mark: bytes) -> int:
    """Where the first line begins that may be a delimiter, as the index of the line end before it: -1 at the
    very start of the data, -2 for nowhere."""
    start = entity.start
    if entity.data.startswith(mark[1:], start) and start < entity.end:
        return start - 1
    at = entity.data.find(mark, start, entity.end)
    return -2 if at < 0 else at


def _before(data: bytes, line_end: int) -> int:
    """The end of what stands before a delimiter: its line end belongs to the delimiter (RFC 2046 5.1.1)."""
    return line_end - 1 if line_end > 0 and data[line_end - 1] == 13 else line_end
