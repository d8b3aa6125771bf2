"""What the header of an entity says of its body, in every way that mail programs read it (RFC 2045).

Of repeated fields, and of repeated parameters, some programs take the first and some the last. Some programs read
comments, others do not. If this makes a difference, `describe` gives several readings, the likeliest first, and says
what is ambiguous.

Ambiguous are: Content-Type, Content-Transfer-Encoding or Content-Disposition fields that differ, several types in one
field, several boundary or charset parameters, a boundary that is empty, in pieces (RFC 2231) or half quoted, comments
that hide parameters, an encoded multipart, an unknown top-level type, an encoding that some programs know, a
Content-Encoding, and NUL in a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product

from sekisho import charsets
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
_FIELDS = frozenset({"type", "transfer-encoding", "disposition", "id", "encoding"})
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate", "compress", "br"})
"""Values of Content-Encoding (RFC 9110 section 8.4.1), which HTTP has and mail has not."""
_PLAIN_TOKEN = re.compile(r"[\w.+-]*;?|\"[\w.+-]*\"")
_BLANKS_AT_SLASH = re.compile(r"\A([\w-]+)\s*/\s*([\w.+-]+)")
_ANOTHER_TYPE = re.compile(r"[\s,;]((?:text|multipart|message)/[\w.+-]+)(?=[\s,;]|\Z)", re.ASCII)
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
    if "encoding" in content and not _COMPRESSED.isdisjoint(map(str.lower, content["encoding"])):
        odd["a Content-Encoding"] = None
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
    for stated in texts:
        text = _joined_type(stated, odd) if " /" in stated or "/ " in stated else stated
        value = values.parse(text)
        another = _ANOTHER_TYPE.search(text) if text.count("/") > 1 or "/" not in value.token else None
        if another is not None and another[1].lower() != value.token:
            odd["several types in a Content-Type"] = None
            yield replace(value, token=another[1].lower())
        if "(" not in text:
            yield value
            continue
        plain = values.parse(values.without_comments(text))
        if (plain.token, plain.get("boundary")) != (value.token, value.get("boundary")):
            odd["comments in a Content-Type"] = None
            yield value
        yield plain


def _joined_type(text: str, odd: dict[str, None]) -> str:
    """The text without the blanks around the slash of its type."""
    joined = _BLANKS_AT_SLASH.sub(r"\1/\2", text)
    if joined != text:
        odd["blanks in a Content-Type"] = None
    return joined


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
    """Every encoding that programs read in a field, the likeliest first: several if it is more than one word and some
    of them decode. They read the first word, or a name anywhere in the field, or they take the bytes as they are."""
    told = charsets.decode_words(text).text if "=?" in text else text
    token = transfer.canonical(values.parse(values.without_comments(text)).token)
    hinted = transfer.hinted(told)
    if _PLAIN_TOKEN.fullmatch(text) is not None:
        return (token, hinted) if hinted and hinted != token else (token,)
    return tuple(dict.fromkeys((token, hinted, ""))) if hinted else (token,)


def _readings(value: Value, encoding: str, default: str, odd: dict[str, None]) -> Iterator[HeaderReading]:
    media = value.token or default
    kind = media.partition("/")[0]
    if media == "multipart":
        odd["a multipart without a subtype"] = None
        media = "multipart/mixed"
    elif "/" not in media:
        media = "text/plain"
    elif kind not in _TOP_LEVEL_TYPES and not kind.startswith("x-"):
        odd["a type of no known kind"] = None
        media = "text/plain"
    if media.startswith("multipart/"):
        if encoding in _ENCODED:
            odd["an encoded multipart"] = None
        if (what := _odd_boundary(value)) is not None:
            odd[what] = None
        for boundary in _values(value, "boundary", odd):
            yield HeaderReading(media, encoding, value, boundary or "")
    elif media.startswith("text/"):
        for charset in _values(value, "charset", odd):
            yield HeaderReading(media, encoding, value, charset=charset)
    else:
        yield HeaderReading(media, encoding, value, charset=value.get("charset"))


def _odd_boundary(value: Value) -> str | None:
    """Why programs may read another boundary than the stated one, though there is one only."""
    stated = value.parameters.get("boundary")
    if stated == "":
        return "an empty boundary"
    if stated is None and value.get("boundary"):
        return "a boundary in pieces"
    return "half a quotation mark" if value.unclosed else None


def _values(value: Value, name: str, odd: dict[str, None]) -> tuple[str | None, ...]:
    """Every value that programs may read for a parameter; None alone if there is no such parameter."""
    found = value.readings(name)
    if len(found) > 1:
        odd[f"several {name} parameters"] = None
    return found or (None,)
