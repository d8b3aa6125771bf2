"""The entry that a person means by the id that they typed, or by the beginning of one."""

from __future__ import annotations

from collections.abc import Sequence

from sekisho.ports import QuarantineReader
from sekisho.store.quarantine.ids import LENGTH, prefix_of
from sekisho.text import printable

MAX_ID_CHARS = 60  # of an id that a person typed, in an error text
MIN_PREFIX_CHARS = 6
"""Ids begin with their time: those of a quarter of an hour share the first six characters."""
MAX_CANDIDATES = 5  # named in the error for a prefix of several ids


class NoSuchEntryError(Exception):
    """The quarantine has no entry with that id, or more than one that begins so. The text names the id."""


def shown_id(typed: str) -> str:
    """What was typed as an id, in an error text."""
    return printable(typed, MAX_ID_CHARS) or "an empty text"


def whole_id(store: QuarantineReader, typed: str, *, audited: bool = False) -> str:
    """The id that was typed, or the one that begins so. A whole id need not be there. `audited`: entries that are gone
    count, too. Raises NoSuchEntryError."""
    shown, prefix = shown_id(typed), prefix_of(typed)
    if prefix is None:
        raise NoSuchEntryError(
            f"{shown}: no such entry (an id has {LENGTH} letters and digits; `sekisho trace` finds a message by its "
            "queue id or Message-ID)"
        )
    if len(prefix) == LENGTH:
        return prefix
    if len(prefix) < MIN_PREFIX_CHARS:
        raise NoSuchEntryError(f"{shown}: too short; type at least {MIN_PREFIX_CHARS} characters of the id")
    found = store.beginning_with(prefix, MAX_CANDIDATES + 1, audited=audited)
    if not found:
        raise NoSuchEntryError(
            f"{shown}: no such entry (`sekisho trace` finds a message by its queue id or Message-ID)"
        )
    if len(found) > 1:
        raise NoSuchEntryError(several(typed, found))
    return found[0]


def several(typed: str, found: Sequence[str]) -> str:
    """What is said if several ids begin as the typed text."""
    more = " and others" if len(found) > MAX_CANDIDATES else ""
    named = ", ".join(printable(each, MAX_ID_CHARS) for each in found[:MAX_CANDIDATES])
    return f"{shown_id(typed)}: several begin so: {named}{more}"
