"""Where the fields of a header block stand, for whoever takes some out and leaves every other byte alone."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.message.headers import _FIELD, _field
from sekisho.message.model import Field


def spans(raw: bytes) -> Iterator[tuple[int, int, Field]]:
    """Where each field begins and ends (its line end included), and the field, as Postfix splits them. There
    is no limit: what is to be taken out must be found wherever it stands. Linear."""
    position = 0
    while found := _FIELD.match(raw, position):
        yield found.start(), found.end(), _field(found, [])
        position = found.end()
