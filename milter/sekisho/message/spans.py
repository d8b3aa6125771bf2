"""The positions of header fields in the raw message: to remove some and to keep every other byte."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.message.headers import _FIELD, _field
from sekisho.message.model import Field


def spans(raw: bytes) -> Iterator[tuple[int, int, Field]]:
    """Start, end (after its line end) and the field itself, for each field as Postfix splits them.

    There is no limit, so that a field to remove is found at any position. Linear.
    """
    position = 0
    while found := _FIELD.match(raw, position):
        yield found.start(), found.end(), _field(found, [])
        position = found.end()
