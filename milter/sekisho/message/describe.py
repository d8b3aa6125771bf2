"""What an entity's header says of its body, in every way that a mail program could take it (RFC 2045).

Of repeated fields some programs take the first and some the last; the same with repeated parameters; some know
comments and some don't. Where that matters, `describe` gives several readings, the likeliest first, and says
what is ambiguous.

Ambiguities: several Content-Type, Content-Transfer-Encoding or Content-Disposition fields that differ, several
boundary or charset parameters, comments that hide parameters, an encoded multipart, a type of no known kind,
an encoding that only looks like one, NUL in a field.
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

_MOST = 6
"""Readings of one entity."""
_SHORT = 120
"""Characters of a field that is remembered."""
_ENCODED = frozenset({"base64", "quoted-printable"})
_READ = frozenset({"type", "transfer-encoding", "disposition", "id"})
_KINDS = frozenset(
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
    """One way to read an entity's header. `boundary` only of a multipart; `encoding` in lower case."""

    media: str
    encoding: str
    type: Value = field(compare=False)
    boundary: str = ""
    charset: str | None = None

    @property
    def multipart(self) -> bool:
        return self.media.startswith("multipart/")

    @property
    def encoded(self) -> bool:
        return self.encoding in _ENCODED


@dataclass(frozen=True, slots=True)
class Description:
    """Every reading, the likeliest first; what is the same in all; and what is ambiguous."""

    readings: tuple[HeaderReading, ...]
    disposition: Value
    content_id: str | None
    ambiguous: tuple[str, ...] = ()


def describe(fields: Iterable[Field], default: str, budget: FieldBudget) -> Description:
    """Read the Content-* fields of an entity; `default` is the media type if it declares none. Never raises."""
    odd: dict[str, None] = {}
    content = _content(fields, odd, budget)
    types, encodings = content.get("type", [""]), content.get("transfer-encoding", [""])
    if len(types) == len(encodings) == 1 and "oundary" not in types[0]:
        readings, more = _usual(f"{types[0]}\n{encodings[0]}\n{default}")
        odd.update(dict.fromkeys(more))
    else:
        readings = _every(types, encodings, default, odd)
    disposition = values.parse(content.get("disposition", [""])[0])
    content_id = content.get("id", [""])[0].strip("<> ") or None
    return Description(readings, disposition, content_id, tuple(odd))


@remembered(512)
def _usual(question: str) -> tuple[tuple[HeaderReading, ...], tuple[str, ...]]:
    """The readings of one type, one encoding and the default, each on a line, and what is ambiguous in them.

    Most parts are described in a few ways only, but for a boundary.
    """
    odd: dict[str, None] = {}
    of_type, encoding, default = question.split("\n")
    return _every([of_type], [encoding], default, odd), tuple(odd)


def _every(
    types: list[str], encodings: list[str], default: str, odd: dict[str, None]
) -> tuple[HeaderReading, ...]:
    found: dict[HeaderReading, None] = {}
    for value, encoding in product(list(_types(types, odd)), list(_encodings(encodings, odd))):
        found.update(dict.fromkeys(_readings(value, encoding, default, odd)))
    return tuple(islice(found, _MOST))


def _content(fields: Iterable[Field], odd: dict[str, None], budget: FieldBudget) -> dict[str, list[str]]:
    """The different texts of each Content-* field that is read, by what follows `content-`."""
    content: dict[str, list[str]] = {}
    for each in fields:
        if each.name[:8].lower() != b"content-":
            continue
        key, value = each.key[8:], each.value
        if key not in _READ:
            continue
        if b"\0" in value:
            odd["a NUL in a field of a part"] = None
            value = value[: value.index(b"\0")]
        known = content.setdefault(key, [])
        text = field_text(value)
        if text not in known and len(known) < _MOST:
            known.append(budget.granted(text, values.LONGEST))
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
    """Each encoding once; all that leave the bytes as they are count as one."""
    found: dict[str, None] = {}
    for text in texts:
        tokens = _tokens(text)
        found.update(dict.fromkeys(tokens))
        if len(tokens) > 1:
            odd["an encoding that some programs know"] = None
    yield from found


@remembered(256, _SHORT)
def _tokens(text: str) -> tuple[str, ...]:
    """The encoding that a field names and, if it is another, the one that stands somewhere in it."""
    token = transfer.canonical(values.parse(values.without_comments(text)).token)
    hinted = transfer.hinted(text)
    return (token, hinted) if hinted and hinted != token else (token,)


def _readings(value: Value, encoding: str, default: str, odd: dict[str, None]) -> Iterator[HeaderReading]:
    media = value.token or default
    kind = media.partition("/")[0]
    if "/" not in media:
        media = "text/plain"
    elif kind not in _KINDS and not kind.startswith("x-"):
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
    """What a parameter may be taken for; None if it is not there."""
    found = value.readings(name)
    if len(found) > 1:
        odd[f"several {name} parameters"] = None
    return found or (None,)
