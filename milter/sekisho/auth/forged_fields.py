"""Header fields that pretend to be ours: results under our authserv-id, all that is named `X-Sekisho-` (RFC 8601
section 5), and the `X-Spam-` fields that we write by option.

They must not reach a reader, so they are counted over the whole header, whatever else of it is read. The wire shows
each field as it comes; a message from a file shows those that it has. Postfix deletes the n-th field of a name.

A CR alone ends a line for some readers (Python's), and Postfix before 3.9, or with `cleanup_replace_stray_cr_lf = no`,
delivers it. A field of ours may hide so in the value of another, where it cannot be deleted.

Fields of an earlier filter at the same MTA may have our authserv-id and be no forgeries: `earlier_filters` tells how
they are known.

It cannot see who wrote a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sekisho.auth import authres, earlier_filters
from sekisho.auth.earlier_filters import RESULTS
from sekisho.message import Field, Forged

OURS = b"x-sekisho-"
CR = b"\r"
INITIALS = frozenset((b"x", b"X", b"a", b"A"))
"""The first byte of a name that may be one of these."""
MAX_FIELDS_READ = 3_000_000
"""Fields that Postfix may have to read for all deletions together: for each one it reads the header from the top
(cleanup_milter.c, `cleanup_find_header_start`)."""
_BARE_CR = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class OwnFields:
    """Which fields of a message only we may write.

    `authserv_id` is ours (RFC 8601 section 2.5). `extra` are the names of fields that we write by option. `earlier`
    are the authserv-ids of filters before us at the same MTA.
    """

    authserv_id: str
    extra: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    _extra: frozenset[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_extra", frozenset(name.lower().encode() for name in self.extra))

    def named(self, key: bytes) -> bool:
        """True for a name (lower case) under which only we write. No MTA takes bytes that are not ASCII for a name."""
        return (key.startswith(OURS) and key.isascii()) or key in self._extra


def is_forged(field: Field, own: OwnFields) -> bool:
    """True if the field pretends to be ours, or if such a field stands in it behind a bare CR."""
    return _forged(_key(field.name), field.value, own) or hidden(field.value, own)


def hidden(value: bytes, own: OwnFields) -> bool:
    """True if a reader that ends a line at a CR finds a field in this value that pretends to be ours."""
    for line in _BARE_CR.split(value)[1:]:
        name, colon, rest = line.partition(b":")
        if colon and _forged(_key(name), rest, own):
            return True
    return False


def _key(name: bytes) -> bytes:
    return name.rstrip().lower()


def _forged(key: bytes, value: bytes, own: OwnFields) -> bool:
    if key == RESULTS:
        return authres.claims(Field(key, value), own.authserv_id) is not False
    return own.named(key)


class ForgedFields:
    """The forged fields of one message, found while its header arrives."""

    __slots__ = ("_counts", "_found", "_jobs", "_own", "_reads", "queue_id")

    def __init__(self, own: OwnFields) -> None:
        self._own = own
        self._counts: dict[bytes, int] = {}
        self._found: list[tuple[str, int]] = []
        self._jobs: dict[tuple[str, int], str] = {}  # the queue id in those that name an earlier filter
        self._reads = 0
        self.queue_id: str | None = None
        """The MTA's name for this message, as soon as it is known."""

    @classmethod
    def among(cls, fields: Iterable[Field], own: OwnFields, queue_id: str | None = None) -> Forged:
        """Those among the fields of a message, from the top down."""
        seen = cls(own)
        seen.queue_id = queue_id
        for place, each in enumerate(fields, start=1):
            seen.see(place, each.name, each.value)
        return seen.found

    def see(self, place: int, name: bytes, value: bytes) -> None:
        """Look at the next field. `place` counts the fields of the header from 1."""
        if self._reads > MAX_FIELDS_READ:
            return
        if CR in value and hidden(value, self._own):
            self.give_up()
            return
        if name[:1] not in INITIALS:
            return
        key = _key(name)
        if key != RESULTS and not self._own.named(key):
            return
        index = self._counts[key] = self._counts.get(key, 0) + 1
        if not _forged(key, value, self._own):
            return
        self._reads += place
        if self._reads <= MAX_FIELDS_READ:
            found = (name.decode("ascii").strip(), index)
            self._found.append(found)
            if key == RESULTS and (job := earlier_filters.job_of(value, self._own.earlier)) is not None:
                self._jobs[found] = job

    def give_up(self) -> None:
        """There may be more than can be deleted."""
        self._reads = MAX_FIELDS_READ + 1

    @property
    def found(self) -> Forged:
        """The fields found so far, in the form in which the MTA can delete them."""
        theirs = self._jobs if earlier_filters.added(self._jobs.values(), self.queue_id) else {}
        forged = [each for each in self._found if each not in theirs]
        return Forged(tuple(forged[::-1]), self._reads > MAX_FIELDS_READ)
