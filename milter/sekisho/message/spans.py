"""The positions of header fields in the raw message: to remove some and to keep every other byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sekisho.message.headers import _FIELD

_FIELDS = re.compile(b"(?:%b)*+" % _FIELD.pattern)


class FieldSpan(NamedTuple):
    """A field where it stands: from `start` to `end`, which is behind its line end. The value is whole: what Postfix
    would cut off may still be read by others (`message.headers` tells what it cuts)."""

    start: int
    end: int
    name: bytes
    value: bytes


def spans(raw: bytes) -> Iterator[FieldSpan]:
    """Each field as Postfix splits them. There is no limit, so that a field to remove is found at any position.
    Linear, and fast: there may be millions."""
    match = _FIELD.match
    position = 0
    while found := match(raw, position):
        start, position = position, found.end()
        name, value = found.groups()
        yield FieldSpan(start, position, name, value[:-1] if value.endswith(b"\r") else value)


def end_of_fields(raw: bytes, position: int) -> int:
    """The index behind the last field, where one may begin at `position`. Faster than `spans` by an order."""
    found = _FIELDS.match(raw, position)
    return found.end() if found else position
