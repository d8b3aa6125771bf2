"""The edits of an action, made on the bytes of a message, with the meaning that they have for a milter. Every other
byte stays as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.judging.replies import header_name, header_value, present_name
from sekisho.message.headers import as_delivered
from sekisho.message.spans import spans
from sekisho.verdict import AddHeader, ChangeHeader, Edit


@dataclass(slots=True)
class _HeaderField:
    """A field with its line end. `key`: its name in lower case."""

    key: bytes
    data: bytes


def edited(raw: bytes, edits: Iterable[Edit]) -> bytes:
    """The message with its header edited; recipients are not its part. Raises UnwritableError."""
    changes = [each for each in edits if isinstance(each, (AddHeader, ChangeHeader))]
    if not changes:
        return raw
    raw = as_delivered(raw)
    header: list[_HeaderField] = []
    position = 0
    for _, end, each in spans(raw):
        header.append(_HeaderField(each.name.rstrip().lower(), raw[position:end]))
        position = end
    # Without any field of its own, the beginning of the message must not continue ours.
    joint = b"" if header or raw[:1] in b"\r\n" else b"\r\n"
    for change in changes:
        _make(change, header)
    return b"".join(each.data for each in header) + joint + raw[position:]


def _make(change: AddHeader | ChangeHeader, header: list[_HeaderField]) -> None:
    if isinstance(change, AddHeader):
        header.insert(change.index, _written(header_name(change.name), change.value))
        return
    name = present_name(change.name)
    key = name.encode().lower()
    places = [place for place, each in enumerate(header) if each.key == key]
    if not 0 < change.index <= len(places):
        return  # as Postfix, which does nothing either
    place = places[change.index - 1]
    if change.value:
        header[place] = _written(name, change.value)
    else:
        del header[place]


def _written(name: str, value: str) -> _HeaderField:
    text = f"{name}: {header_value(value)}\n".replace("\n", "\r\n")
    return _HeaderField(name.lower().encode(), text.encode("ascii"))
