"""Which tables are named, and does each of them answer the user that runs this?

A table that does not answer is no error: mail is judged without it, and the verdict says so. A person who tries a
configuration should know it before mail comes.
"""

from __future__ import annotations

from typing import NamedTuple

from sekisho.directory.options import DirectoryOptions
from sekisho.directory.postmap import TableError, query
from sekisho.directory.tables import TableUse

KEY = "sekisho-doctor.invalid"  # is in no table (RFC 6761 section 6.4)
PATIENCE_SECONDS = 5.0


class NamedTable(NamedTuple):
    """A table, and the option that names it."""

    option: str
    table: str


class TriedTable(NamedTuple):
    """A table, and why it does not answer; None: it does."""

    option: str
    table: str
    fault: str | None


def named(options: DirectoryOptions) -> tuple[NamedTable, ...]:
    """The tables in the order of the options."""
    return tuple(
        NamedTable(f"directory.{use}", each) for use in TableUse for each in getattr(options, use.value)
    )


def tried(each: NamedTable, options: DirectoryOptions, user: str | None = None) -> TriedTable:
    """The table after one query, as another user if one is named (root alone can)."""
    try:
        query(each.table, [KEY], PATIENCE_SECONDS, options.postfix_directory, user)
    except TableError as failure:
        return TriedTable(each.option, each.table, str(failure))
    return TriedTable(each.option, each.table, None)
