"""What the header of an entity says of its body, in every way that mail programs read it (RFC 2045).

Of repeated fields, and of repeated parameters, some programs take the first and some the last. Some programs read
comments, others do not. If this makes a difference, `describe` gives several readings, the likeliest first, and says
what is ambiguous.

Ambiguous are: Content-Type, Content-Transfer-Encoding or Content-Disposition fields that differ, several boundary or
charset parameters, comments that hide parameters, an encoded multipart, an unknown top-level type, an encoding that
some programs know, and NUL in a field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, product

from sekisho.bounded_cache import remembered
from sekisho.message import transfer, values
from sekisho.message.budget import FieldBudget
from sekisho.message.headers import field_text
from sekisho.message.model import Field
from sekisho.message.values import Value

_MAX_READINGS = 6
"""Readings of one entity, and different fields of one name."""
_MAX_CACHED_CHARS = 120
"""Characters of the longest field whose encoding is cached."""
_ENCODED = frozenset({"base64", "quoted-printable"})
_FIELDS = frozenset({"type", "transfer-encoding", "disposition", "id"})
_TOP_LEVEL_TYPES = frozenset(
    {
        "text",
        "image",
        "audio",
        "video",
        "application",
        "message",
        "multipart",
        "model",
        "font",
        "chemical",
        "x",
    }
)


@dataclass(frozen=True, slots=True)
class HeaderReading:
    """One way to read an entity's header. `boundary` is empty but for a multipart; `encoding` is in lower case."""

    media: str
    encoding: str
    type: Value = field(compare=False)
    boundary: str = ""
    charset: str | None = None

    @property
    def multipart(self) -> bool:
        """True if the entity is a multipart in this reading."""
        return self.media.startswith("multipart/")

    @property
    def encoded(self) -> bool:
        """True for base64 and quoted-printable."""
        return self.encoding in _ENCODED


@dataclass(frozen=True, slots=True)
class Description:
    """Every reading of a header, the likeliest first; what all readings have in common; and what is ambiguous."""

    readings: tuple[HeaderReading, ...]
    disposition: Value
    content_id: str | None
    ambiguous: tuple[str, ...] = ()


def describe(fields: Iterable[Field], default: str, budget: FieldBudget) -> Description:
    """Read the Content-* fields of an entity. `default` is its media type if it declares none. Never raises."""
    odd: dict[str, None] = {}
    content = _content(fields, odd, budget)
    types, encodings = content.get("type", [""]), content.get("transfer-encoding", [""])
    if len(types) == len(encodings) == 1 and "oundary" not in types[0]:
        readings, more = _ordinary_readings(f"{types[0]}\n{encodings[0]}\n{default}")
        odd.update(dict.fromkeys(more))
    else:
        readings = _all_readings(types, encodings, default, odd)
    disposition = values.parse(content.get("disposition", [""])[0])
    content_id = content.get("id", [""])[0].strip("<> ") or None
    return Description(readings, disposition, content_id, tuple(odd))


@remembered(512)
def _ordinary_readings(question: str) -> tuple[tuple[HeaderReading, ...], tuple[str, ...]]:
    """The readings of an entity with one type and one encoding, and what is ambiguous.

    `question` has the type, the encoding and the default type, each on a line. Cached, since most parts that have no
    boundary are described in a few ways.
    """
    odd: dict[str, None] = {}
    of_type, encoding, default = question.split("\n")
    return _all_readings([of_type], [encoding], default, odd), tuple(odd)


def _all_readings(
    types: list[str], encodings: list[str], default: str, odd: dict[str, None]
) -> tuple[HeaderReading, ...]:
    found: dict[HeaderReading, None] = {}
    for value, encoding in product(list(_types(types, odd)), list(_encodings(encodings, odd))):
        found.update(dict.fromkeys(_readings(value, encoding, default, odd)))
    return tuple(islice(found, _MAX_READINGS))


def _content(fields: Iterable[Field], odd: dict[str, None], budget: FieldBudget) -> dict[str, list[str]]:
    """The different texts of each Content-* field that is read, by the name after `content-`."""
    content: dict[str, list[str]] = {}
    for each in fields:
        if each.name[:8].lower() != b"content-":
            continue
        key, value = each.key[8:], each.value
        if key not in _FIELDS:
            continue
        if b"\0" in value:
            odd["a NUL in a field of a part"] = None
            value = value[: value.index(b"\0")]
        known = content.setdefault(key, [])
        text = field_text(value)
        if text not in known and len(known) < _MAX_READINGS:
            known.append(budget.granted(text, values.MAX_VALUE_CHARS))
            if len(known) > 1 and key in {"type", "transfer-encoding", "disposition"}:
                odd[f"several Content-{key} fields"] = None
    return content


def _types(texts: list[str], odd: dict[str, None]) -> Iterator[Value]:
    for text in texts:
        value = values.parse(text)
        if "(" not in text:
            yield value
            continue
        plain = values.parse(values.without_comments(text))
        if (plain.token, plain.get("boundary")) != (value.token, value.get("boundary")):
            odd["comments in a Content-Type"] = None
            yield value
        yield plain


def _encodings(texts: list[str], odd: dict[str, None]) -> Iterator[str]:
    """Each different encoding. All encodings that do not change the bytes count as one."""
    found: dict[str, None] = {}
    for text in texts:
        tokens = _tokens(text)
        found.update(dict.fromkeys(tokens))
        if len(tokens) > 1:
            odd["an encoding that some programs know"] = None
    yield from found


@remembered(256, _MAX_CACHED_CHARS)
def _tokens(text: str) -> tuple[str, ...]:
    """The encoding that a field names, and the one whose name stands elsewhere in the field, if there is another."""
    token = transfer.canonical(values.parse(values.without_comments(text)).token)
    hinted = transfer.hinted(text)
    return (token, hinted) if hinted and hinted != token else (token,)


def _readings(value: Value, encoding: str, default: str, odd: dict[str, None]) -> Iterator[HeaderReading]:
    media = value.token or default
    kind = media.partition("/")[0]
    if "/" not in media:
        media = "text/plain"
    elif kind not in _TOP_LEVEL_TYPES and not kind.startswith("x-"):
        odd["a type of no known kind"] = None
        media = "text/plain"
    if media.startswith("multipart/"):
        if encoding in _ENCODED:
            odd["an encoded multipart"] = None
        for boundary in _values(value, "boundary", odd):
            yield HeaderReading(media, encoding, value, boundary or "")
    elif media.startswith("text/"):
        for charset in _values(value, "charset", odd):
            yield HeaderReading(media, encoding, value, charset=charset)
    else:
        yield HeaderReading(media, encoding, value, charset=value.get("charset"))


def _values(value: Value, name: str, odd: dict[str, None]) -> tuple[str | None, ...]:
    """Every value that programs may read for a parameter; None alone if there is no such parameter."""
    found = value.readings(name)
    if len(found) > 1:
        odd[f"several {name} parameters"] = None
    return found or (None,)
