"""Header fields that pretend to be ours: results under our authserv-id, and all that is named `X-Sekisho-` (RFC 8601
section 5).

They must not reach a reader, so they are counted over the whole header, whatever else of it is read. The wire shows
each field as it comes; a message from a file shows those that it has. Postfix deletes the n-th field of a name.

A CR alone ends a line for some readers (Python's), and Postfix before 3.9, or with `cleanup_replace_stray_cr_lf = no`,
delivers it. A field of ours may hide so in the value of another, where it cannot be deleted.

It cannot see who wrote a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sekisho.auth import authres
from sekisho.message import Field, Forged

OURS = b"x-sekisho-"
RESULTS = b"authentication-results"
CR = b"\r"
INITIALS = frozenset((b"x", b"X", b"a", b"A"))
"""The first byte of a name that may be one of these."""
MAX_FIELDS_READ = 3_000_000
"""Fields that Postfix may have to read for all deletions together: for each one it reads the header from the top
(cleanup_milter.c, `cleanup_find_header_start`)."""
_BARE_CR = re.compile(rb"\r(?!\n)")


def is_forged(field: Field, authserv_id: str) -> bool:
    """True if the field pretends to be ours, or if such a field stands in it behind a bare CR."""
    return _forged(_key(field.name), field.value, authserv_id) or hidden(field.value, authserv_id)


def hidden(value: bytes, authserv_id: str) -> bool:
    """True if a reader that ends a line at a CR finds a field in this value that pretends to be ours."""
    for line in _BARE_CR.split(value)[1:]:
        name, colon, rest = line.partition(b":")
        if colon and _forged(_key(name), rest, authserv_id):
            return True
    return False


def _key(name: bytes) -> bytes:
    return name.rstrip().lower()


def _forged(key: bytes, value: bytes, authserv_id: str) -> bool:
    if not key.startswith(OURS):
        return key == RESULTS and authres.claims(Field(key, value), authserv_id) is not False
    return key.isascii()  # no MTA takes another for a name


class ForgedFields:
    """The forged fields of one message, found while its header arrives."""

    __slots__ = ("_authserv_id", "_counts", "_found", "_reads")

    def __init__(self, authserv_id: str) -> None:
        self._authserv_id = authserv_id
        self._counts: dict[bytes, int] = {}
        self._found: list[tuple[str, int]] = []
        self._reads = 0

    @classmethod
    def among(cls, fields: Iterable[Field], authserv_id: str) -> Forged:
        """Those among the fields of a message, from the top down."""
        seen = cls(authserv_id)
        for place, field in enumerate(fields, start=1):
            seen.see(place, field.name, field.value)
        return seen.found

    def see(self, place: int, name: bytes, value: bytes) -> None:
        """Look at the next field. `place` counts the fields of the header from 1."""
        if self._reads > MAX_FIELDS_READ:
            return
        if CR in value and hidden(value, self._authserv_id):
            self._reads = MAX_FIELDS_READ + 1
            return
        if name[:1] not in INITIALS:
            return
        key = _key(name)
        if key != RESULTS and not (key.startswith(OURS) and key.isascii()):
            return
        index = self._counts[key] = self._counts.get(key, 0) + 1
        if not _forged(key, value, self._authserv_id):
            return
        self._reads += place
        if self._reads <= MAX_FIELDS_READ:
            self._found.append((name.decode("ascii").strip(), index))

    @property
    def found(self) -> Forged:
        """The fields found so far, in the form in which the MTA can delete them."""
        return Forged(tuple(self._found[::-1]), self._reads > MAX_FIELDS_READ)
