"""Which entries a list shows, as conditions of SQL that mean the same on SQLite and PostgreSQL.

Brand and findings stand only in the evidence, which is a JSON text. It is searched as text, and there are no columns
for them, for two reasons. The release before this one refuses tables with a migration that it does not know, so that
one release back would not start. And it would write rows without such columns, which a filter would then not find. The
text is our own: `types.Json` writes it without spaces and with the keys in the order of `explain.document`, and a quote
of a message is always escaped in it, so a message cannot add a key. A function for JSON would read the same text, and
PostgreSQL's fail for all rows if one of them has a NUL or half a surrogate pair.

Whatever the filter, ids are walked from the newest, and the walk ends when the page is full. A filter that nothing
fits reads the evidence of all entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, exists, or_, select, type_coerce, union

from sekisho.held import Wanted
from sekisho.store.audit import operations
from sekisho.store.database.types import json_text
from sekisho.store.quarantine.ids import ALPHABET, LENGTH, first_id
from sekisho.store.quarantine.schema import entries, recipients


def conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """What an entry must fulfil."""
    if wanted.since is not None:
        yield entries.c.id >= first_id(wanted.since)
    if wanted.lowest is not None:
        yield entries.c.score >= wanted.lowest
    if wanted.highest is not None:
        yield entries.c.score <= wanted.highest
    if wanted.author is not None:
        yield entries.c.author.icontains(wanted.author, autoescape=True)
    if of_copy := list(_copy(wanted)):
        yield exists().where(recipients.c.entry_id == entries.c.id, *of_copy)
    if wanted.finding is not None:
        yield _stands(f'{{"id":{json_text(wanted.finding)},"points":')
    if wanted.brand is not None:
        brand = json_text(wanted.brand)
        yield or_(_stands(f'"identity":{{"brand":{brand},'), _stands(f',"brand":{brand},"reason_en":'))


def ids(prefix: str, audited: bool) -> Select[Any]:
    """The ids that begin so, in order; with `audited` also those that only the audit has."""
    first, last = prefix, prefix.ljust(LENGTH, ALPHABET[-1])
    found = select(entries.c.id).where(entries.c.id.between(first, last))
    if not audited:
        return found.order_by(entries.c.id)
    told = select(operations.c.entry_id).where(operations.c.entry_id.between(first, last))
    both = union(found, told).subquery()
    return select(both.c.id).order_by(both.c.id)


def _copy(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """What one copy must fulfil. A whole address is compared as a whole: `a@x.example` is not `ba@x.example`."""
    if wanted.states:
        yield recipients.c.state.in_([state.value for state in wanted.states])
    if wanted.recipient is not None:
        contains = recipients.c.address.icontains(wanted.recipient, autoescape=True)
        yield contains
        if wanted.recipient.partition("@")[0] and "@" in wanted.recipient:
            yield recipients.c.address.istartswith(wanted.recipient, autoescape=True)
            yield recipients.c.address.iendswith(wanted.recipient, autoescape=True)


def _stands(text: str) -> ColumnElement[bool]:
    """The text stands in the evidence."""
    return type_coerce(entries.c.document, Text).contains(text, autoescape=True)
